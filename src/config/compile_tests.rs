//! The meaning of resources, rule by rule.

use super::input::{Accepted, GeneratedSecret, Key, Kind, Object, Options, Resources, SecretObject};
use super::verdict::{Compiled, Status};
use super::{compile, snapshot::Snapshot};
use crate::oauth::client::Client;
use crate::oauth::grant_type::ClientAuthMethod;
use crate::resources::{AuthClientStatus, AuthPolicyStatus};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn spec<S: DeserializeOwned>(value: Value) -> S {
    serde_json::from_value(value).unwrap()
}

/// A world with one server `identity/main` that selects policies by `env: prod`, and the policy `identity/web`.
struct World {
    resources: Resources,
    accepted: Accepted,
}

impl World {
    fn empty() -> Self {
        Self {
            resources: Resources::default(),
            accepted: Accepted::default(),
        }
    }

    fn new() -> Self {
        Self::empty()
            .server(
                "main",
                json!({"issuerUrl": "https://login.example.org", "policySelector": {"matchLabels": {"env": "prod"}}}),
            )
            .policy("web", json!({"allowedScopes": ["openid", "email", "orders:read"]}))
    }

    fn server(mut self, name: &str, value: Value) -> Self {
        self.resources.servers.insert(Key::new("identity", name), Object::new(spec(value)));
        self
    }

    fn policy(mut self, name: &str, value: Value) -> Self {
        let mut object = Object::new(spec(value));
        object.labels.insert("env".to_owned(), "prod".to_owned());
        self.resources.policies.insert(Key::new("identity", name), object);
        self
    }

    fn cluster_policy(mut self, name: &str, value: Value) -> Self {
        self.resources.cluster_policies.insert(Key::new("", name), Object::new(spec(value)));
        self
    }

    /// A client `team-a/NAME` of `identity/main`; the fields come on top of a minimal code client.
    fn client(self, name: &str, fields: Value) -> Self {
        self.client_in("team-a", name, fields)
    }

    fn client_in(mut self, namespace: &str, name: &str, fields: Value) -> Self {
        let mut value = json!({
            "authServerRef": {"name": "main", "namespace": "identity"},
            "redirectUris": ["https://shop.example.org/callback"],
            "scopes": ["openid"],
            "clientType": "public"
        });
        for (key, field) in fields.as_object().unwrap() {
            value[key] = field.clone();
        }
        self.resources.clients.insert(Key::new(namespace, name), Object::new(spec(value)));
        self
    }

    fn secret(mut self, namespace: &str, name: &str, labelled: bool, data: &[(&str, &str)]) -> Self {
        let mut secret = SecretObject::default();
        if labelled {
            secret.labels.insert("auth.nauthera.io/client-secret".to_owned(), "true".to_owned());
        }
        secret.data = data.iter().map(|(k, v)| ((*k).to_owned(), SecretString::from(*v))).collect();
        self.resources.secrets.insert(Key::new(namespace, name), secret);
        self
    }

    fn store(mut self, name: &str) -> Self {
        self.resources
            .user_stores
            .insert(Key::new("identity", name), Object::new(spec(json!({"type": "local"}))));
        self
    }

    fn user(mut self, name: &str, value: Value) -> Self {
        self.resources.users.insert(Key::new("identity", name), Object::new(spec(value)));
        self
    }

    fn compile(&mut self) -> Compiled {
        let compiled = compile(&self.resources, &Options::default(), &self.accepted);
        self.accepted = compiled.accepted.clone();
        compiled
    }

    /// Compiles and makes the secrets that are wanted, until none is.
    fn settle(&mut self) -> Compiled {
        loop {
            let compiled = self.compile();
            if compiled.secrets_wanted.is_empty() {
                return compiled;
            }
            for wanted in &compiled.secrets_wanted {
                let secret = SecretString::from(format!("made for {}", wanted.secret));
                self.resources.generated.insert(
                    wanted.secret.clone(),
                    GeneratedSecret {
                        client: wanted.client.clone(),
                        client_id: wanted.client_id.clone(),
                        issuer: wanted.issuer.clone(),
                        secret,
                        previous: None,
                    },
                );
            }
        }
    }
}

fn ready(compiled: &Compiled, kind: Kind, namespace: &str, name: &str) -> (String, String) {
    let verdict = compiled.verdict(kind, &Key::new(namespace, name)).unwrap();
    let condition = verdict.condition("Ready").unwrap();
    assert_eq!(condition.holds(), verdict.accepted());
    (condition.reason.clone(), condition.message.clone())
}

fn shop(compiled: &Compiled) -> (String, String) {
    ready(compiled, Kind::AuthClient, "team-a", "shop")
}

fn main_snapshot(compiled: &Compiled) -> &Snapshot {
    &compiled.snapshots[&Key::new("identity", "main")]
}

fn live<'a>(compiled: &'a Compiled, id: &str) -> Option<&'a Arc<Client>> {
    main_snapshot(compiled).client(id)
}

fn client_status(compiled: &Compiled, name: &str) -> AuthClientStatus {
    match &compiled.verdict(Kind::AuthClient, &Key::new("team-a", name)).unwrap().status {
        Status::AuthClient(status) => status.clone(),
        other => panic!("{other:?}"),
    }
}

fn policy_status(compiled: &Compiled, name: &str) -> AuthPolicyStatus {
    match &compiled.verdict(Kind::AuthPolicy, &Key::new("identity", name)).unwrap().status {
        Status::AuthPolicy(status) => status.clone(),
        other => panic!("{other:?}"),
    }
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

// ── Policies ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_client_within_its_policies_is_provisioned() {
    let compiled = World::new().client("shop", json!({"scopes": ["openid", "orders:read"]})).compile();
    assert_eq!(shop(&compiled).0, "ClientProvisioned");
    let client = live(&compiled, "team-a.shop").unwrap();
    assert_eq!(client.scopes.to_string(), "openid orders:read");
    assert_eq!(client.resource, "team-a/shop");
    assert!(compiled.all_accepted());
}

#[test]
fn what_no_policy_says_takes_the_baseline() {
    let compiled = World::new().client("shop", json!({})).compile();
    let limits = &live(&compiled, "team-a.shop").unwrap().limits;
    assert_eq!(limits.access_token_ttl, minutes(15));
    assert_eq!(limits.refresh_token_ttl, minutes(24 * 60));
    assert_eq!(limits.id_token_ttl, minutes(5));
    assert!(limits.require_pkce);
    assert_eq!(limits.max_session_age, None);
}

#[test]
fn a_policy_may_be_more_generous_than_the_baseline() {
    let compiled = World::new()
        .policy("long", json!({"token": {"accessTokenTTL": "2h"}}))
        .client("shop", json!({}))
        .compile();
    assert_eq!(live(&compiled, "team-a.shop").unwrap().limits.access_token_ttl, minutes(120));
}

#[test]
fn lifetimes_take_the_shortest_and_lists_intersect() {
    let compiled = World::new()
        .policy(
            "a",
            json!({"token": {"accessTokenTTL": "10m", "idTokenTTL": "3m"}, "allowedScopes": ["openid", "email"]}),
        )
        .policy(
            "b",
            json!({"token": {"accessTokenTTL": "20m", "idTokenTTL": "2m"}, "maxSessionAge": "8h"}),
        )
        .client("shop", json!({"scopes": ["openid", "email", "orders:read"]}))
        .client("mail", json!({"scopes": ["openid", "email"]}))
        .compile();
    let (reason, message) = shop(&compiled);
    assert_eq!(reason, "PolicyViolation");
    assert_eq!(message, "scopes: asks for orders:read, AuthPolicy identity/a allows email, openid");
    let limits = &live(&compiled, "team-a.mail").unwrap().limits;
    assert_eq!(limits.access_token_ttl, minutes(10));
    assert_eq!(limits.id_token_ttl, minutes(2));
    assert_eq!(limits.max_session_age, Some(minutes(480)));
}

#[test]
fn pkce_is_asked_of_public_clients_whatever_a_policy_says() {
    let mut world = World::new()
        .policy("lax", json!({"enforcePKCE": false}))
        .client("shop", json!({}))
        .client("backend", json!({"clientType": "confidential"}));
    let compiled = world.settle();
    assert!(live(&compiled, "team-a.shop").unwrap().limits.require_pkce);
    assert!(!live(&compiled, "team-a.backend").unwrap().limits.require_pkce);
    let compiled = world.policy("strict", json!({"enforcePKCE": true})).settle();
    assert!(
        live(&compiled, "team-a.backend").unwrap().limits.require_pkce,
        "requirements add up"
    );
}

#[test]
fn a_server_without_selector_has_the_baseline_alone() {
    let compiled = World::empty()
        .server("main", json!({"issuerUrl": "https://login.example.org"}))
        .policy("web", json!({"allowedScopes": ["nothing"]}))
        .client("shop", json!({"scopes": ["openid", "anything"]}))
        .compile();
    assert_eq!(shop(&compiled).0, "ClientProvisioned");
    let note = compiled.verdict(Kind::AuthPolicy, &Key::new("identity", "web")).unwrap();
    assert_eq!(note.condition("Selected").unwrap().reason, "NotSelected");
}

#[test]
fn a_selector_that_matches_nothing_refuses_clients_and_names_the_label_to_set() {
    let mut world = World::new().client("shop", json!({}));
    world.resources.policies.clear();
    let (reason, message) = shop(&world.compile());
    assert_eq!(reason, "NoPolicyMatched");
    assert!(message.contains("env: prod") && message.contains("namespace identity"), "{message}");
}

#[test]
fn policies_of_other_namespaces_do_not_govern() {
    let mut world = World::new().client("shop", json!({}));
    let policy = world.resources.policies.remove(&Key::new("identity", "web")).unwrap();
    world.resources.policies.insert(Key::new("team-a", "web"), policy);
    assert_eq!(shop(&world.compile()).0, "NoPolicyMatched");
}

#[test]
fn a_cluster_policy_governs_every_server() {
    let compiled = World::new()
        .cluster_policy("all", json!({"token": {"accessTokenTTL": "1m"}, "allowedScopes": ["openid"]}))
        .client("shop", json!({}))
        .client("mail", json!({"scopes": ["email"]}))
        .compile();
    assert_eq!(live(&compiled, "team-a.shop").unwrap().limits.access_token_ttl, minutes(1));
    let (reason, message) = ready(&compiled, Kind::AuthClient, "team-a", "mail");
    assert_eq!(reason, "PolicyViolation");
    assert!(message.contains("ClusterAuthPolicy all allows openid"), "{message}");
}

#[test]
fn policies_with_nothing_in_common_conflict_and_both_are_named() {
    let compiled = World::new()
        .policy("a", json!({"allowedGrantTypes": ["authorization_code"]}))
        .policy("b", json!({"allowedGrantTypes": ["client_credentials"]}))
        .client("shop", json!({}))
        .compile();
    let (reason, message) = shop(&compiled);
    assert_eq!(reason, "PolicyConflict");
    assert!(
        message.contains("AuthPolicy identity/a and AuthPolicy identity/b have no allowedGrantTypes in common"),
        "{message}"
    );
    assert!(!message.contains("identity/web"), "{message}");
}

#[test]
fn three_policies_that_only_together_leave_nothing_are_all_named() {
    let compiled = World::empty()
        .server("main", json!({"issuerUrl": "https://login.example.org", "policySelector": {}}))
        .policy("a", json!({"allowedScopes": ["x", "y"]}))
        .policy("b", json!({"allowedScopes": ["y", "z"]}))
        .policy("c", json!({"allowedScopes": ["z", "x"]}))
        .client("shop", json!({"scopes": []}))
        .compile();
    let (reason, message) = shop(&compiled);
    assert_eq!(reason, "PolicyConflict");
    assert!(
        message.contains("identity/a and AuthPolicy identity/b and AuthPolicy identity/c"),
        "{message}"
    );
}

#[test]
fn a_violation_lists_each_offending_field() {
    let compiled = World::new()
        .policy(
            "tight",
            json!({
                "allowedGrantTypes": ["authorization_code"],
                "allowedClientTypes": ["confidential"],
                "redirectUris": {"hosts": ["*.example.com"]},
                "allowedGroups": ["staff"]
            }),
        )
        .client("shop", json!({"scopes": ["admin"], "allowedGroups": ["staff", "guests"]}))
        .compile();
    let (reason, message) = shop(&compiled);
    assert_eq!(reason, "PolicyViolation");
    for part in [
        "clientType: asks for public, AuthPolicy identity/tight allows confidential",
        "grantTypes: asks for refresh_token, AuthPolicy identity/tight allows authorization_code",
        "redirectUris: asks for https://shop.example.org/callback, AuthPolicy identity/tight allows *.example.com",
        "allowedGroups: asks for guests, AuthPolicy identity/tight allows staff",
        "scopes: asks for admin, AuthPolicy identity/web allows",
    ] {
        assert!(message.contains(part), "{part}\nin {message}");
    }
    assert!(live(&compiled, "team-a.shop").is_none());
    let status = policy_status(&compiled, "tight");
    assert_eq!((status.bound_clients, status.violation_count), (1, 1));
}

#[test]
fn an_audited_policy_refuses_nothing_and_lists_whom_it_would_hit() {
    let compiled = World::new()
        .policy(
            "trial",
            json!({"mode": "Audit", "allowedScopes": [], "token": {"accessTokenTTL": "1m"}}),
        )
        .client("shop", json!({}))
        .compile();
    assert_eq!(shop(&compiled).0, "ClientProvisioned");
    assert_eq!(live(&compiled, "team-a.shop").unwrap().limits.access_token_ttl, minutes(15));
    let status = policy_status(&compiled, "trial");
    assert_eq!(status.violations[0].client, "team-a/shop");
    assert!(status.violations[0].message.contains("openid"));
}

#[test]
fn a_policy_applies_by_namespace_labels_client_labels_and_type() {
    let mut world = World::new()
        .policy("by-namespace", json!({"appliesTo": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "team-b"}}}, "token": {"accessTokenTTL": "1m"}}))
        .policy("by-label", json!({"appliesTo": {"clientSelector": {"matchLabels": {"tier": "gold"}}}, "token": {"accessTokenTTL": "2m"}}))
        .policy("by-type", json!({"appliesTo": {"clientTypes": ["confidential"]}, "token": {"accessTokenTTL": "3m"}}))
        .client("shop", json!({}))
        .client("gold", json!({}))
        .client("backend", json!({"clientType": "confidential"}))
        .client_in("team-b", "other", json!({}));
    let gold = world.resources.clients.get_mut(&Key::new("team-a", "gold")).unwrap();
    gold.labels.insert("tier".to_owned(), "gold".to_owned());
    let compiled = world.settle();
    for (id, expected) in [("team-a.shop", 15), ("team-a.gold", 2), ("team-a.backend", 3), ("team-b.other", 1)] {
        assert_eq!(live(&compiled, id).unwrap().limits.access_token_ttl, minutes(expected), "{id}");
    }
    assert_eq!(
        client_status(&compiled, "gold").effective_policy.unwrap().sources,
        ["AuthPolicy identity/by-label", "AuthPolicy identity/web"]
    );
}

#[test]
fn a_policy_that_was_never_accepted_lets_nobody_through() {
    let mut world = World::new()
        .policy("web", json!({"allowedScopes": ["two words"]}))
        .client("shop", json!({}));
    let compiled = world.compile();
    assert_eq!(ready(&compiled, Kind::AuthPolicy, "identity", "web").0, "InvalidSpec");
    assert_eq!(shop(&compiled).0, "PolicyNotAccepted");
}

#[test]
fn a_broken_edit_of_a_policy_leaves_its_last_accepted_form_in_force() {
    let mut world = World::new().client("shop", json!({}));
    world.compile();
    let mut world = world.policy("web", json!({"redirectUris": {"hosts": ["https://x/"]}}));
    let compiled = world.compile();
    let (reason, message) = ready(&compiled, Kind::AuthPolicy, "identity", "web");
    assert_eq!(reason, "InvalidSpec");
    assert!(message.contains("last accepted form"), "{message}");
    assert_eq!(shop(&compiled).0, "ClientProvisioned");
}

#[test]
fn rotation_is_checked_and_its_absence_said() {
    let rotation = |schedule: &str| json!({"clientAuthentication": {"secretRotation": {"enabled": true, "schedule": schedule}}});
    let compiled = World::new().policy("web", rotation("0 0 * * *")).compile();
    let verdict = compiled.verdict(Kind::AuthPolicy, &Key::new("identity", "web")).unwrap();
    assert!(verdict.accepted());
    assert_eq!(verdict.condition("SecretRotation").unwrap().reason, "NotServedYet");
    let compiled = World::new().policy("web", rotation("at midnight")).compile();
    assert_eq!(ready(&compiled, Kind::AuthPolicy, "identity", "web").0, "InvalidSpec");
}

// ── Edits ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_refused_edit_leaves_the_last_accepted_form_live() {
    let mut world = World::new().client("shop", json!({"displayName": "Before"}));
    world.compile();
    let mut world = world.client("shop", json!({"displayName": "After", "scopes": ["openid", "admin"]}));
    for _ in 0..2 {
        let compiled = world.compile();
        let (reason, message) = shop(&compiled);
        assert_eq!(reason, "PolicyViolation");
        assert!(message.contains("last accepted form stays in force"), "{message}");
        let client = live(&compiled, "team-a.shop").unwrap();
        assert_eq!(
            (client.display_name.as_str(), client.scopes.to_string().as_str()),
            ("Before", "openid")
        );
    }
    let compiled = world.client("shop", json!({"displayName": "Mended"})).compile();
    assert_eq!(live(&compiled, "team-a.shop").unwrap().display_name, "Mended");
}

#[test]
fn a_client_that_never_was_accepted_is_not_live() {
    let compiled = World::new().client("shop", json!({"scopes": ["admin"]})).compile();
    assert!(live(&compiled, "team-a.shop").is_none());
    assert!(!shop(&compiled).1.contains("last accepted"));
}

#[test]
fn a_policy_that_tightens_acts_at_once_on_live_clients() {
    let mut world = World::new().client("shop", json!({"scopes": ["openid", "email"]}));
    world.compile();
    let mut world = world.policy("web", json!({"allowedScopes": ["openid"], "token": {"accessTokenTTL": "1m"}}));
    let compiled = world.compile();
    assert_eq!(shop(&compiled).0, "PolicyViolation");
    let client = live(&compiled, "team-a.shop").unwrap();
    assert_eq!(client.scopes.to_string(), "openid");
    assert_eq!(client.limits.access_token_ttl, minutes(1));
}

#[test]
fn a_policy_that_forbids_a_live_clients_type_ends_it() {
    let mut world = World::new().client("shop", json!({}));
    world.compile();
    let mut world = world.policy("web", json!({"allowedClientTypes": ["confidential"]}));
    assert!(live(&world.compile(), "team-a.shop").is_none());
    let compiled = world.policy("web", json!({})).compile();
    assert!(live(&compiled, "team-a.shop").is_some(), "and it is back when the policy is");
}

#[test]
fn a_policy_that_vanishes_takes_its_clients_along() {
    let mut world = World::new().client("shop", json!({}));
    world.compile();
    world.resources.policies.clear();
    let compiled = world.compile();
    assert_eq!(shop(&compiled).0, "NoPolicyMatched");
    assert!(live(&compiled, "team-a.shop").is_none());
}

#[test]
fn a_client_id_cannot_be_changed() {
    let mut world = World::new().client("shop", json!({}));
    world.compile();
    let mut world = world.client("shop", json!({"clientId": "another"}));
    let compiled = world.compile();
    let (reason, message) = shop(&compiled);
    assert_eq!(reason, "InvalidSpec");
    assert!(message.contains("team-a.shop"), "{message}");
    assert!(live(&compiled, "team-a.shop").is_some() && live(&compiled, "another").is_none());
}

#[test]
fn an_issuer_cannot_be_changed() {
    let mut world = World::new();
    world.compile();
    let compiled = world.server("main", json!({"issuerUrl": "https://new.example.org"})).compile();
    assert_eq!(ready(&compiled, Kind::AuthServer, "identity", "main").0, "InvalidSpec");
    assert_eq!(main_snapshot(&compiled).issuer, "https://login.example.org");
}

// ── References ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_refused_reference_reads_the_same_whether_its_target_is_there_or_not() {
    let closed = json!({"issuerUrl": "https://login.example.org", "allowedClients": {"from": "Same"}});
    let compiled = World::empty().server("main", closed).client("shop", json!({})).compile();
    let missing = World::empty().client("shop", json!({})).compile();
    assert_eq!(shop(&compiled), shop(&missing));
    assert_eq!(shop(&compiled).0, "RefNotPermitted");
    let condition = client_status(&compiled, "shop").conditions;
    assert!(condition.iter().any(|c| c.type_ == "ReferencesResolved" && !c.holds()));
}

#[test]
fn allowed_clients_lets_namespaces_in_by_their_labels() {
    let selecting = json!({
        "issuerUrl": "https://login.example.org",
        "allowedClients": {"from": "Selector", "selector": {"matchLabels": {"login": "yes"}}}
    });
    let mut world = World::empty()
        .server("main", selecting)
        .client("shop", json!({}))
        .client_in("team-b", "shop", json!({}));
    world
        .resources
        .namespaces
        .insert("team-a".to_owned(), [("login".to_owned(), "yes".to_owned())].into());
    let compiled = world.compile();
    assert_eq!(shop(&compiled).0, "ClientProvisioned");
    assert_eq!(ready(&compiled, Kind::AuthClient, "team-b", "shop").0, "RefNotPermitted");
}

#[test]
fn a_namespace_cannot_claim_anothers_name_by_label() {
    let selecting = json!({
        "issuerUrl": "https://login.example.org",
        "allowedClients": {"from": "Selector", "selector": {"matchLabels": {"kubernetes.io/metadata.name": "team-a"}}}
    });
    let mut world = World::empty().server("main", selecting).client_in("team-b", "shop", json!({}));
    let claim = [("kubernetes.io/metadata.name".to_owned(), "team-a".to_owned())].into();
    world.resources.namespaces.insert("team-b".to_owned(), claim);
    assert_eq!(ready(&world.compile(), Kind::AuthClient, "team-b", "shop").0, "RefNotPermitted");
}

#[test]
fn a_server_takes_user_stores_of_its_own_namespace_only() {
    for reference in [json!({"name": "people", "namespace": "team-a"}), json!({"name": "nobody"})] {
        let mut world = World::empty().server("main", json!({"issuerUrl": "https://login.example.org", "userStoreRef": reference}));
        world
            .resources
            .user_stores
            .insert(Key::new("team-a", "people"), Object::new(spec(json!({"type": "local"}))));
        let compiled = world.compile();
        assert_eq!(ready(&compiled, Kind::AuthServer, "identity", "main").0, "UserStoreNotReady");
        assert!(main_snapshot(&compiled).user_stores.is_empty(), "but its clients are served");
    }
}

#[test]
fn a_directory_is_refused_by_this_release_and_its_server_says_so() {
    let mut world = World::empty().server(
        "main",
        json!({"issuerUrl": "https://login.example.org", "userStoreRef": {"name": "staff"}}),
    );
    let staff = json!({"type": "ldap", "ldap": {
        "server": "ldaps://ldap.example.org:636", "bindDN": "cn=reader", "bindPasswordSecretRef": {"name": "ldap-bind", "key": "password"},
        "userSearch": {"baseDN": "ou=people", "filter": "(objectClass=inetOrgPerson)", "usernameAttribute": "uid"},
        "groupSearch": {"baseDN": "ou=groups", "filter": "(objectClass=groupOfNames)", "nameAttribute": "cn"}}});
    world
        .resources
        .user_stores
        .insert(Key::new("identity", "staff"), Object::new(spec(staff)));
    let compiled = world.compile();
    let (reason, message) = ready(&compiled, Kind::UserStore, "identity", "staff");
    assert_eq!(reason, "NotServedYet");
    assert!(message.contains("not served yet by this release"));
    assert_eq!(ready(&compiled, Kind::AuthServer, "identity", "main").0, "UserStoreNotReady");
}

#[test]
fn two_servers_cannot_be_the_same_issuer() {
    let compiled = World::new()
        .server("other", json!({"issuerUrl": "https://login.example.org"}))
        .compile();
    assert_eq!(ready(&compiled, Kind::AuthServer, "identity", "other").0, "IssuerTaken");
    assert_eq!(compiled.snapshots.len(), 1);
}

#[test]
fn one_client_id_has_one_client_and_the_default_id_goes_to_its_owner() {
    let compiled = World::new()
        .client_in("aaa", "thief", json!({"clientId": "team-a.shop"}))
        .client("shop", json!({}))
        .compile();
    assert_eq!(shop(&compiled).0, "ClientProvisioned");
    assert_eq!(ready(&compiled, Kind::AuthClient, "aaa", "thief").0, "ClientIdTaken");
    assert_eq!(live(&compiled, "team-a.shop").unwrap().resource, "team-a/shop");
}

#[test]
fn a_client_keeps_its_id_against_a_newcomer() {
    let mut world = World::new().client("shop", json!({"clientId": "shared"}));
    world.compile();
    let compiled = world.client_in("aaa", "newcomer", json!({"clientId": "shared"})).compile();
    assert_eq!(live(&compiled, "shared").unwrap().resource, "team-a/shop");
    assert_eq!(ready(&compiled, Kind::AuthClient, "aaa", "newcomer").0, "ClientIdTaken");
}

// ── Clients and their secrets ───────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_client_that_makes_no_sense_is_told_all_of_it() {
    for (fields, part) in [
        (json!({"redirectUris": []}), "redirectUris is missing"),
        (json!({"redirectUris": ["http://shop.example.org/cb"]}), "plain http"),
        (json!({"redirectUris": ["https://*.example.org/cb"]}), "wildcard"),
        (json!({"redirectUris": ["https://a.example/#x"]}), "fragment"),
        (json!({"postLogoutRedirectUris": ["javascript:alert(1)"]}), "postLogoutRedirectUris"),
        (json!({"grantTypes": []}), "grantTypes is empty"),
        (json!({"grantTypes": ["client_credentials"]}), "can keep a secret"),
        (json!({"grantTypes": ["refresh_token"]}), "goes with authorization_code"),
        (
            json!({"tokenEndpointAuthMethod": "client_secret_basic"}),
            "a public client has no secret",
        ),
        (json!({"secret": {}}), "a public client has none"),
        (
            json!({"clientType": "confidential", "tokenEndpointAuthMethod": "none"}),
            "clientType: public",
        ),
        (
            json!({"clientType": "confidential", "secret": {"name": "../x"}}),
            "not the name of a Secret",
        ),
        (
            json!({"clientType": "confidential", "secret": {"name": "a", "existingRef": {"name": "b"}}}),
            "give one of them",
        ),
        (json!({"scopes": ["a b"]}), "is not a scope"),
        (json!({"audiences": ["orders"]}), "absolute URI"),
        (json!({"clientId": "a b"}), "clientId"),
        (json!({"allowedGroups": []}), "allowedGroups is empty"),
        (json!({"displayName": " "}), "displayName"),
    ] {
        let (reason, message) = shop(&World::new().client("shop", fields.clone()).compile());
        assert_eq!(reason, "InvalidSpec", "{fields}");
        assert!(message.contains(part), "{fields}: {message}");
    }
    let both = json!({"redirectUris": ["/x"], "scopes": [""]});
    let (_, message) = shop(&World::new().client("shop", both).compile());
    assert!(message.contains("redirectUris") && message.contains("scopes"), "{message}");
}

#[test]
fn a_confidential_client_waits_for_its_secret_and_is_live_with_it() {
    let mut world = World::new().client("shop", json!({"clientType": "confidential"}));
    let compiled = world.compile();
    assert_eq!(shop(&compiled).0, "SecretPending");
    let [wanted] = compiled.secrets_wanted.as_slice() else { panic!() };
    assert_eq!(wanted.secret, Key::new("team-a", "shop-client-secret"));
    assert_eq!(
        (wanted.client_id.as_str(), wanted.issuer.as_str()),
        ("team-a.shop", "https://login.example.org")
    );
    let compiled = world.settle();
    let client = live(&compiled, "team-a.shop").unwrap();
    assert_eq!(client.secrets.len(), 1);
    assert_eq!(client.auth_method, ClientAuthMethod::ClientSecretBasic);
    assert_eq!(
        client_status(&compiled, "shop").client_secret_ref.unwrap().name,
        "shop-client-secret"
    );
}

#[test]
fn a_secret_that_is_there_already_is_never_taken_over() {
    let compiled = World::new()
        .secret("team-a", "shop-client-secret", true, &[("client_secret", "theirs")])
        .client("shop", json!({"clientType": "confidential"}))
        .compile();
    assert_eq!(shop(&compiled).0, "SecretConflict");
    assert!(compiled.secrets_wanted.is_empty());
}

#[test]
fn two_clients_cannot_share_a_made_secret() {
    let mut world = World::new()
        .client("aaa", json!({"clientType": "confidential", "secret": {"name": "shared"}}))
        .client("shop", json!({"clientType": "confidential", "secret": {"name": "shared"}}));
    let compiled = world.settle();
    assert_eq!(shop(&compiled).0, "SecretConflict");
    assert!(live(&compiled, "team-a.aaa").is_some());
}

#[test]
fn an_existing_secret_needs_the_label_and_reads_the_same_without_it_or_without_the_secret() {
    let reference = json!({"clientType": "confidential", "secret": {"existingRef": {"name": "mine"}}});
    let value = [("client_secret", "0123456789abcdef0123456789abcdef")];
    let unlabelled = World::new()
        .secret("team-a", "mine", false, &value)
        .client("shop", reference.clone())
        .compile();
    let missing = World::new().client("shop", reference.clone()).compile();
    let elsewhere = World::new()
        .secret("identity", "mine", true, &value)
        .client("shop", reference.clone())
        .compile();
    assert_eq!(shop(&unlabelled).0, "SecretNotFound");
    assert_eq!(shop(&unlabelled), shop(&missing));
    assert_eq!(shop(&unlabelled), shop(&elsewhere));
    let fine = World::new()
        .secret("team-a", "mine", true, &value)
        .client("shop", reference)
        .compile();
    assert_eq!(shop(&fine).0, "ClientProvisioned");
}

#[test]
fn an_existing_secret_is_checked_and_never_quoted() {
    let reference = json!({"clientType": "confidential", "secret": {"existingRef": {"name": "mine"}}});
    for (data, part) in [
        (vec![], "has no key client_secret"),
        (vec![("client_secret", "hunter2hunter2\n")], "line break"),
        (vec![("client_secret", "")], "is empty"),
        (vec![("client_secret", "hunter2é")], "appendix A.2"),
        (
            vec![("client_secret", "hunter2"), ("client_id", "else")],
            "its client_id is not this client's",
        ),
    ] {
        let compiled = World::new()
            .secret("team-a", "mine", true, &data)
            .client("shop", reference.clone())
            .compile();
        let (reason, message) = shop(&compiled);
        assert_eq!(reason, "SecretInvalid");
        assert!(message.contains(part) && !message.contains("hunter2"), "{message}");
    }
    let short = World::new()
        .secret(
            "team-a",
            "mine",
            true,
            &[("client_secret", "hunter2"), ("client_id", "team-a.shop")],
        )
        .client("shop", reference)
        .compile();
    assert_eq!(shop(&short).0, "ClientProvisioned");
    assert!(client_status(&short, "shop").conditions.iter().any(|c| c.reason == "WeakSecret"));
    assert!(!format!("{short:?}").contains("hunter2"), "no secret in Debug");
}

#[test]
fn the_policys_method_is_the_usual_one_and_the_only_one_unless_it_widens_it() {
    let one = json!({"clientAuthentication": {"method": "client_secret_post"}});
    let mut world = World::new()
        .policy("auth", one)
        .client("shop", json!({"clientType": "confidential"}));
    assert_eq!(
        live(&world.settle(), "team-a.shop").unwrap().auth_method,
        ClientAuthMethod::ClientSecretPost
    );
    let basic = json!({"clientType": "confidential", "tokenEndpointAuthMethod": "client_secret_basic"});
    let mut world = world.client("shop", basic);
    let (reason, message) = shop(&world.settle());
    assert_eq!(reason, "PolicyViolation");
    assert!(message.contains("tokenEndpointAuthMethod: asks for client_secret_basic, AuthPolicy identity/auth allows client_secret_post"));
    let wider = json!({"clientAuthentication": {"method": "client_secret_post", "allowedMethods": ["client_secret_basic"]}});
    let compiled = world.policy("auth", wider).settle();
    assert_eq!(
        live(&compiled, "team-a.shop").unwrap().auth_method,
        ClientAuthMethod::ClientSecretBasic
    );
}

#[test]
fn public_clients_are_stopped_only_by_allowed_methods_without_none() {
    let method_only = json!({"clientAuthentication": {"method": "client_secret_basic"}});
    let mut world = World::new().policy("auth", method_only).client("shop", json!({}));
    assert_eq!(shop(&world.compile()).0, "ClientProvisioned");
    let without_none = json!({"clientAuthentication": {"allowedMethods": ["client_secret_basic"]}});
    let mut world = world.policy("auth", without_none);
    assert_eq!(shop(&world.compile()).0, "PolicyViolation");
    let with_none = json!({"clientAuthentication": {"allowedMethods": ["client_secret_basic", "none"]}});
    assert_eq!(shop(&world.policy("auth", with_none).compile()).0, "ClientProvisioned");
}

#[test]
fn groups_of_policy_and_client_narrow_each_other() {
    let compiled = World::new()
        .policy("groups", json!({"allowedGroups": ["staff", "admins"]}))
        .client("shop", json!({}))
        .client("admin", json!({"allowedGroups": ["admins"]}))
        .compile();
    let groups = |id: &str| {
        live(&compiled, id)
            .unwrap()
            .allowed_groups
            .clone()
            .unwrap()
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(groups("team-a.shop"), ["admins", "staff"]);
    assert_eq!(groups("team-a.admin"), ["admins"]);
}

// ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn people() -> World {
    World::empty()
        .server(
            "main",
            json!({"issuerUrl": "https://login.example.org", "userStoreRef": {"name": "people"}}),
        )
        .store("people")
}

#[test]
fn a_user_takes_name_groups_and_password_from_manifests() {
    let mut world = people()
        .secret("identity", "passwords", false, &[("alice", "correct horse\n")])
        .user(
            "alice",
            json!({"groups": ["staff"], "credentialSecretRef": {"name": "passwords", "key": "alice"}}),
        );
    world
        .resources
        .groups
        .insert(Key::new("identity", "managers"), Object::new(spec(json!({"members": ["Alice"]}))));
    let compiled = world.compile();
    let [user] = main_snapshot(&compiled).users.as_slice() else {
        panic!()
    };
    assert_eq!((user.username.as_str(), user.store.as_str()), ("alice", "identity/people"));
    assert_eq!(user.groups, ["managers", "staff"]);
    use secrecy::ExposeSecret;
    assert_eq!(user.password.as_ref().unwrap().expose_secret(), "correct horse");
    assert!(!format!("{compiled:?}").contains("correct horse"), "no password in Debug");
    assert!(compiled.all_accepted());
}

#[test]
fn a_missing_password_is_said_and_the_user_stays() {
    let compiled = people()
        .user("alice", json!({"credentialSecretRef": {"name": "passwords"}}))
        .compile();
    assert_eq!(ready(&compiled, Kind::User, "identity", "alice").0, "SecretNotFound");
    assert_eq!(
        main_snapshot(&compiled).users.len(),
        1,
        "so that a typo in a Secret does not disable a person"
    );
}

#[test]
fn usernames_are_unique_whatever_their_case_and_stay_with_who_had_them() {
    let mut world = people().user("bob", json!({"username": "Root"}));
    world.compile();
    let compiled = world.user("alice", json!({"username": "root"})).compile();
    assert_eq!(ready(&compiled, Kind::User, "identity", "alice").0, "UsernameTaken");
    assert_eq!(main_snapshot(&compiled).users[0].username, "Root");
}

#[test]
fn a_user_names_its_store_where_there_are_several() {
    let mut world = people().store("more").user("alice", json!({}));
    assert_eq!(ready(&world.compile(), Kind::User, "identity", "alice").0, "UserStoreNotReady");
    let compiled = world.user("alice", json!({"userStoreRef": {"name": "more"}})).compile();
    assert!(compiled.all_accepted());
    assert!(main_snapshot(&compiled).users.is_empty(), "the server does not use that store");
}

#[test]
fn a_refused_edit_of_a_user_leaves_the_person_as_they_were() {
    let mut world = people().user("alice", json!({"email": "alice@example.org"}));
    world.compile();
    let compiled = world.user("alice", json!({"email": "nowhere"})).compile();
    assert_eq!(ready(&compiled, Kind::User, "identity", "alice").0, "InvalidSpec");
    assert_eq!(main_snapshot(&compiled).users[0].email.as_deref(), Some("alice@example.org"));
}

#[test]
fn a_group_names_members_that_are_not_there() {
    let mut world = people().user("alice", json!({}));
    world
        .resources
        .groups
        .insert(Key::new("identity", "g"), Object::new(spec(json!({"members": ["alice", "carol"]}))));
    let compiled = world.compile();
    let (reason, message) = ready(&compiled, Kind::Group, "identity", "g");
    assert_eq!(reason, "MemberNotFound");
    assert!(message.contains("carol") && !message.contains("alice"), "{message}");
    assert_eq!(main_snapshot(&compiled).users[0].groups, ["g"]);
}

// ── Snapshots ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn equal_content_has_an_equal_revision_and_any_change_another_one() {
    let base = || people().user("alice", json!({})).client("shop", json!({}));
    let revision = |mut world: World| main_snapshot(&world.settle()).revision.clone();
    let first = revision(base());
    assert_eq!(first, revision(base()));
    assert_eq!(first.0.len(), 64);
    for changed in [
        base().client("shop", json!({"displayName": "Other"})),
        base().client("shop", json!({"requireConsent": false})),
        base().client("more", json!({})),
        base().user("alice", json!({"disabled": true})),
        base().cluster_policy("all", json!({"token": {"idTokenTTL": "1m"}})),
        base()
            .secret("identity", "p", false, &[("password", "one")])
            .user("alice", json!({"credentialSecretRef": {"name": "p"}})),
    ] {
        assert_ne!(first, revision(changed));
    }
    let with_password = |password: &str| {
        revision(
            base()
                .secret("identity", "p", false, &[("password", password)])
                .user("alice", json!({"credentialSecretRef": {"name": "p"}})),
        )
    };
    assert_ne!(with_password("one"), with_password("two"));
}

#[test]
fn the_issuer_can_be_overridden_for_development() {
    let options = Options {
        issuer_override: Some("http://127.0.0.1:9999".to_owned()),
        server: None,
    };
    let compiled = compile(&World::new().resources, &options, &Accepted::default());
    assert_eq!(compiled.chosen(&options).unwrap().issuer, "http://127.0.0.1:9999");
}

#[test]
fn one_of_several_servers_has_to_be_named() {
    let compiled = World::new()
        .server("other", json!({"issuerUrl": "https://other.example.org"}))
        .compile();
    let error = compiled.chosen(&Options::default()).unwrap_err().to_string();
    assert!(error.contains("identity/main, identity/other"), "{error}");
    let named = Options {
        server: Some("identity/other".to_owned()),
        ..Options::default()
    };
    assert_eq!(compiled.chosen(&named).unwrap().issuer, "https://other.example.org");
}

#[test]
fn what_was_accepted_can_be_written_down_and_read_again() {
    let mut world = World::new().cluster_policy("all", json!({})).client("shop", json!({}));
    let accepted = world.compile().accepted;
    let text = serde_json::to_string(&accepted).unwrap();
    assert_eq!(serde_json::from_str::<Accepted>(&text).unwrap(), accepted);
}
