//! IdentityProviders: who offers them, with which secrets.

use super::*;
use crate::config::snapshot::Linking;
use secrecy::ExposeSecret;

fn provider(more: Value) -> Value {
    let mut provider = json!({"oidc": {"issuerUrl": "https://id.example.org", "clientId": "us", "clientSecretRef": {"name": "corp", "key": "client_secret"}}});
    provider.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
    provider
}

fn with_provider(more: Value) -> World {
    let mut world = World::empty()
        .server("main", json!({"issuerUrl": "https://login.example.org"}))
        .server("other", json!({"issuerUrl": "https://other.example.org"}));
    put(&mut world, more);
    world
}

fn put(world: &mut World, more: Value) {
    let object = Arc::new(Object::new(spec(provider(more))));
    world.resources.identity_providers.insert(Key::new("identity", "corp"), object);
}

fn said(compiled: &Compiled) -> (String, String) {
    ready(compiled, Kind::IdentityProvider, "identity", "corp")
}

#[test]
fn a_provider_needs_its_secret() {
    let compiled = with_provider(json!({})).compile();
    let (reason, message) = said(&compiled);
    assert_eq!(reason, "SecretNotFound");
    assert!(message.contains("identity/corp") && message.contains("client_secret"), "{message}");
    assert!(main_snapshot(&compiled).identity_providers.is_empty());
}

#[test]
fn every_server_of_its_namespace_offers_it_or_the_one_that_it_names() {
    let compiled = with_provider(json!({}))
        .secret("identity", "corp", false, &[("client_secret", "hunter2\n")])
        .compile();
    assert_eq!(
        said(&compiled),
        (
            "ProviderReady".into(),
            "offered by 2 AuthServers; each pod says in its log whether it answers".into()
        )
    );
    let config = &main_snapshot(&compiled).identity_providers[0];
    assert_eq!(
        (config.id.as_str(), config.name.as_str(), config.display_name.as_str()),
        ("idp:identity/corp", "corp", "corp")
    );
    assert_eq!((config.client_secret.expose_secret(), config.linking), ("hunter2", Linking::None));
    assert!(!format!("{config:?}").contains("hunter2"));
    assert_eq!(compiled.governed[&(Kind::IdentityProvider, Key::new("identity", "corp"))].len(), 2);

    let one = with_provider(json!({"authServerRef": {"name": "other"}}));
    let compiled = one.secret("identity", "corp", false, &[("client_secret", "hunter2")]).compile();
    assert!(main_snapshot(&compiled).identity_providers.is_empty());
    assert_eq!(compiled.snapshots[&Key::new("identity", "other")].identity_providers.len(), 1);
}

#[test]
fn a_provider_of_a_server_that_is_not_there_says_so() {
    let world = with_provider(json!({"authServerRef": {"name": "nowhere"}}));
    let compiled = world.secret("identity", "corp", false, &[("client_secret", "hunter2")]).compile();
    assert_eq!(said(&compiled).0, "AuthServerNotFound");
}

#[test]
fn a_slip_in_its_manifest_takes_the_button_from_nobody() {
    let mut world = with_provider(json!({})).secret("identity", "corp", false, &[("client_secret", "hunter2")]);
    let before = world.compile();
    put(&mut world, json!({"displayName": " "}));
    let after = world.compile();
    let (reason, message) = said(&after);
    assert_eq!(reason, "InvalidSpec");
    assert!(message.contains("stays in force"), "{message}");
    assert_eq!(main_snapshot(&after).revision, main_snapshot(&before).revision);
}

#[test]
fn each_of_its_fields_makes_another_configuration() {
    let revision = |more: Value, secret: &str| {
        let mut world = with_provider(more).secret("identity", "corp", false, &[("client_secret", secret)]);
        main_snapshot(&world.compile()).revision.clone()
    };
    let base = revision(json!({}), "hunter2");
    assert_ne!(revision(json!({}), "hunter3"), base);
    for more in [
        json!({"displayName": "Corp"}),
        json!({"linking": {"mode": "VerifiedEmail"}}),
        json!({"allowedEmailDomains": ["example.org"]}),
        json!({"logout": true}),
    ] {
        assert_ne!(revision(more.clone(), "hunter2"), base, "{more}");
    }
}
