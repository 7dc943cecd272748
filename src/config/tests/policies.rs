//! Policies.

use super::*;
use crate::config::input::Labels;

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
    let gold = Arc::make_mut(world.resources.clients.get_mut(&Key::new("team-a", "gold")).unwrap());
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
fn what_is_wrong_with_a_policy_is_worked_out_once() {
    let never = json!({"clientAuthentication": {"secretRotation": {"enabled": true, "schedule": "0 0 31 2 *"}}});
    let mut world = World::new().policy("never", never);
    let refusal = ready(&world.compile(), Kind::AuthPolicy, "identity", "never");
    assert_eq!(refusal.0, "InvalidSpec");
    let known = |name: &str| {
        let policy = &world.resources.policies[&Key::new("identity", name)];
        world.accepted.memory.policy(policy)
    };
    assert!(known("never").is_some_and(|known| known.is_err()) && known("web").is_some_and(|known| known.is_ok()));
    assert_eq!(ready(&world.compile(), Kind::AuthPolicy, "identity", "never"), refusal);
}

#[test]
fn a_policy_that_cannot_be_read_stops_the_servers_that_select_it_and_no_other() {
    let mut world = World::new().client("shop", json!({}));
    world.compile();
    let selected = [("env".to_owned(), "prod".to_owned())];
    for (kind, key, labels, reason) in [
        (
            Kind::AuthPolicy,
            Key::new("team-x", "lost"),
            selected.clone().into(),
            "ClientProvisioned",
        ),
        (Kind::AuthPolicy, Key::new("identity", "lost"), Labels::new(), "ClientProvisioned"),
        (Kind::AuthPolicy, Key::new("identity", "lost"), selected.into(), "PolicyNotAccepted"),
        (Kind::ClusterAuthPolicy, Key::new("", "lost"), Labels::new(), "PolicyNotAccepted"),
    ] {
        world.resources.lost_policies = [((kind, key.clone()), labels)].into();
        assert_eq!(shop(&world.compile()).0, reason, "{kind} {key}");
    }
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

#[test]
fn what_people_wrote_cannot_steer_a_terminal() {
    let compiled = World::new()
        .policy("groups", json!({"allowedGroups": ["staff"]}))
        .client("shop", json!({"allowedGroups": ["\u{1b}[31mred"]}))
        .compile();
    let (_, message) = shop(&compiled);
    assert!(message.contains("red") && !message.contains('\u{1b}'), "{message:?}");
}

#[test]
fn the_greatest_minimum_of_passwords_wins_whomever_a_policy_is_for() {
    let min_length = |world: &mut World| main_snapshot(&world.compile()).passwords.min_length;
    let mut world = World::new();
    assert_eq!(min_length(&mut world), 12, "the baseline");
    let mut world = world.policy("short", json!({"password": {"minLength": 8}}));
    assert_eq!(min_length(&mut world), 8, "a policy may be more generous");
    let mut world = world.policy(
        "long",
        json!({"password": {"minLength": 15}, "appliesTo": {"clientTypes": ["public"]}}),
    );
    assert_eq!(min_length(&mut world), 15);
    let mut world = world.cluster_policy("everywhere", json!({"password": {"minLength": 20}}));
    assert_eq!(min_length(&mut world), 20);
    let mut world = world.cluster_policy("tried-out", json!({"mode": "Audit", "password": {"minLength": 40}}));
    assert_eq!(min_length(&mut world), 20, "an audited policy asks nothing of anybody");
    let mut world = world.policy("short", json!({"password": {"minLength": 7}}));
    let compiled = world.compile();
    let (reason, message) = ready(&compiled, Kind::AuthPolicy, "identity", "short");
    assert_eq!(reason, "InvalidSpec");
    assert!(message.starts_with("password.minLength: 7 is not within 8 and 64"), "{message}");
}
