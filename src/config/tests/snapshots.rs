//! Snapshots.

use super::*;

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
        base().client("shop", json!({"backchannelLogoutUri": "https://shop.example.org/out"})),
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
fn a_server_that_is_tried_out_may_tell_an_application_on_the_same_machine_of_logouts() {
    let options = Options {
        issuer_override: Some("http://127.0.0.1:9999".to_owned()),
        ..Options::default()
    };
    let mut world = people().client("shop", json!({"backchannelLogoutUri": "http://localhost:8081/out"}));
    let compiled = compile(&world.resources, &options, &Accepted::default());
    let shop = main_snapshot(&compiled).client("team-a.shop").cloned();
    assert_eq!(shop.unwrap().backchannel_logout_uri.as_deref(), Some("http://localhost:8081/out"));
    assert!(main_snapshot(&world.settle()).client("team-a.shop").is_none(), "and no other");
}

#[test]
fn the_issuer_can_be_overridden_for_development() {
    let options = Options {
        issuer_override: Some("http://127.0.0.1:9999".to_owned()),
        ..Options::default()
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
