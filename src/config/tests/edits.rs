//! Edits.

use super::*;

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
fn a_policy_that_takes_an_audience_away_never_turns_it_into_the_issuer() {
    let two = json!({"audiences": ["https://orders.example.org", "https://stock.example.org"]});
    let mut world = World::new().client("shop", two);
    world.compile();
    let mut world = world.policy("web", json!({"allowedAudiences": ["https://stock.example.org"]}));
    let compiled = world.compile();
    let (reason, message) = shop(&compiled);
    assert_eq!(reason, "PolicyViolation");
    let expected = "audiences: asks for https://orders.example.org, AuthPolicy identity/web allows https://stock.example.org";
    assert!(message.contains(expected), "{message}");
    assert_eq!(live(&compiled, "team-a.shop").unwrap().audiences, ["https://stock.example.org"]);
    let compiled = world.policy("web", json!({"allowedAudiences": []})).compile();
    assert!(
        live(&compiled, "team-a.shop").is_none(),
        "a client without audiences would get tokens for the issuer"
    );
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
