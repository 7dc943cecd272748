//! What is said of a resource before it is written.

use super::*;
use crate::config::admission::{Judgement, judge};
use crate::config::input::Runtime;

impl World {
    fn judge(&self, kind: Kind, namespace: &str, name: &str) -> Judgement {
        let options = Options {
            runtime: Runtime::Cluster,
            ..Options::default()
        };
        let key = Key::new(namespace, name);
        let mut candidate = Resources::default();
        let all = &self.resources;
        match kind {
            Kind::AuthClient => candidate.clients.extend(all.clients.get_key_value(&key).map(owned)),
            Kind::AuthServer => candidate.servers.extend(all.servers.get_key_value(&key).map(owned)),
            Kind::AuthPolicy => candidate.policies.extend(all.policies.get_key_value(&key).map(owned)),
            Kind::User => candidate.users.extend(all.users.get_key_value(&key).map(owned)),
            other => panic!("{other}"),
        }
        let mut others = all.clone();
        others.clients.remove(&key);
        judge(&others, &options, &self.accepted, kind, &key, candidate)
    }

    fn judge_shop(&self) -> Judgement {
        self.judge(Kind::AuthClient, "team-a", "shop")
    }
}

fn owned<S>((key, object): (&Key, &Arc<Object<S>>)) -> (Key, Arc<Object<S>>) {
    (key.clone(), Arc::clone(object))
}

fn refused(judgement: &Judgement) -> (&str, &str) {
    let (reason, message) = judgement.refused.as_ref().unwrap();
    (reason, message)
}

#[test]
fn a_good_client_is_let_in_without_a_word_also_while_its_secret_is_being_made() {
    let world = World::new().client("shop", json!({"clientType": "confidential"}));
    assert_eq!(world.judge_shop(), Judgement::default());
}

#[test]
fn a_violation_is_refused_in_the_words_of_the_status() {
    let mut world = World::new().client("shop", json!({}));
    world.compile();
    let mut world = world.client("shop", json!({"scopes": ["openid", "admin"]}));
    let judgement = world.judge_shop();
    let (reason, message) = refused(&judgement);
    assert_eq!(reason, "PolicyViolation");
    let compiled = world.compile();
    let condition = compiled.verdict(Kind::AuthClient, &Key::new("team-a", "shop")).unwrap();
    assert_eq!(condition.condition("PolicyAccepted").unwrap().message, message);
    assert!(!message.contains("stays in force"), "{message}");
}

#[test]
fn faults_and_immutable_fields_are_refused() {
    let faulty = World::new().client("shop", json!({"redirectUris": ["https://*.example.org"]}));
    assert_eq!(refused(&faulty.judge_shop()).0, "InvalidSpec");
    let mut world = World::new().client("shop", json!({}));
    world.compile();
    let renamed = world.client("shop", json!({"clientId": "other"}));
    assert!(refused(&renamed.judge_shop()).1.contains("cannot be changed"));
}

#[test]
fn what_may_come_right_without_an_edit_is_a_warning() {
    let cases = [
        (World::empty().client("shop", json!({})), "RefNotPermitted"),
        (
            World::empty()
                .server(
                    "main",
                    json!({"issuerUrl": "https://login.example.org", "policySelector": {"matchLabels": {"env": "prod"}}}),
                )
                .client("shop", json!({})),
            "NoPolicyMatched",
        ),
        (
            World::new()
                .policy("other", json!({"allowedScopes": ["x"]}))
                .client("shop", json!({})),
            "PolicyConflict",
        ),
        (
            World::new().client(
                "shop",
                json!({"clientType": "confidential", "secret": {"existingRef": {"name": "later"}}}),
            ),
            "SecretNotFound",
        ),
    ];
    for (world, reason) in cases {
        let judgement = world.judge_shop();
        assert_eq!(judgement.refused, None, "{reason}");
        assert!(judgement.warnings[0].starts_with(reason), "{:?}", judgement.warnings);
    }
}

#[test]
fn an_id_that_another_client_holds_is_refused() {
    let mut world = World::new().client_in("team-b", "first", json!({"clientId": "the-shop"}));
    world.compile();
    let world = world.client("shop", json!({"clientId": "the-shop"}));
    assert_eq!(refused(&world.judge_shop()).0, "ClientIdTaken");
}

#[test]
fn a_policy_in_audit_mode_warns() {
    let world = World::new()
        .policy("trial", json!({"mode": "Audit", "allowedScopes": ["email"]}))
        .client("shop", json!({}));
    let judgement = world.judge_shop();
    assert_eq!(judgement.refused, None);
    let warning = &judgement.warnings[0];
    assert!(
        warning.contains("AuthPolicy identity/trial is in Audit mode") && warning.contains("openid"),
        "{warning}"
    );
}

#[test]
fn a_policy_says_whom_it_would_hit() {
    let mut world = World::new()
        .client("shop", json!({"scopes": ["openid", "email"]}))
        .client("other", json!({}));
    world.compile();
    let world = world.policy("web", json!({"allowedScopes": ["openid"]}));
    let judgement = world.judge(Kind::AuthPolicy, "identity", "web");
    assert_eq!(judgement.refused, None);
    let warning = &judgement.warnings[0];
    assert!(
        warning.starts_with("of 2 clients that it governs 1 ask") && warning.contains("team-a/shop"),
        "{warning}"
    );
}

#[test]
fn a_policy_that_no_server_selects_says_so() {
    let selecting = json!({"issuerUrl": "https://login.example.org", "policySelector": {"matchLabels": {"environment": "production"}}});
    let world = World::empty()
        .server("main", selecting)
        .policy("mistyped", json!({"allowedScopes": ["openid"]}));
    let judgement = world.judge(Kind::AuthPolicy, "identity", "mistyped");
    assert_eq!(judgement.refused, None);
    assert!(judgement.warnings[0].starts_with("NotSelected: no AuthServer"), "{judgement:?}");
}

#[test]
fn the_other_kinds_are_judged_too() {
    let world = people()
        .server("other", json!({"issuerUrl": "https://login.example.org"}))
        .policy("bad", json!({"allowedScopes": ["a b"]}))
        .user("alice", json!({"email": "nobody"}));
    let reason = |kind: Kind, name: &str| refused(&world.judge(kind, "identity", name)).0.to_owned();
    assert_eq!(reason(Kind::AuthServer, "other"), "IssuerTaken");
    assert_eq!(reason(Kind::AuthPolicy, "bad"), "InvalidSpec");
    assert_eq!(reason(Kind::User, "alice"), "InvalidSpec");
}
