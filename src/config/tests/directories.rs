//! UserStores of `type: ldap`.

use super::*;
use crate::config::snapshot::UserStoreKind;
use secrecy::ExposeSecret;

fn directory(more: Value) -> Value {
    let mut ldap = json!({
        "server": "ldaps://ldap.example.org:636", "bindDN": "cn=reader", "bindPasswordSecretRef": {"name": "ldap-bind", "key": "password"},
        "userSearch": {"baseDN": "ou=people", "filter": "(objectClass=inetOrgPerson)", "usernameAttribute": "uid"},
        "groupSearch": {"baseDN": "ou=groups", "filter": "(objectClass=groupOfNames)", "nameAttribute": "cn"}});
    ldap.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
    json!({"type": "ldap", "ldap": ldap})
}

fn with_directory(more: Value) -> World {
    let mut world = World::empty().server(
        "main",
        json!({"issuerUrl": "https://login.example.org", "userStoreRef": {"name": "staff"}}),
    );
    let stores = &mut world.resources.user_stores;
    stores.insert(Key::new("identity", "staff"), Arc::new(Object::new(spec(directory(more)))));
    world
}

fn with_secret(mut world: World, name: &str, key: &str, value: &str) -> World {
    let secret = SecretObject {
        data: [(key.to_owned(), value.into())].into(),
        ..SecretObject::default()
    };
    world.resources.secrets.insert(Key::new("identity", name), Arc::new(secret));
    world
}

#[test]
fn a_directory_needs_its_readers_password() {
    let compiled = with_directory(json!({})).compile();
    let (reason, message) = ready(&compiled, Kind::UserStore, "identity", "staff");
    assert_eq!(reason, "SecretNotFound");
    assert!(message.contains("identity/ldap-bind"), "{message}");
    assert_eq!(ready(&compiled, Kind::AuthServer, "identity", "main").0, "UserStoreNotReady");
}

#[test]
fn a_directory_reaches_its_server_with_its_secrets() {
    let world = with_secret(
        with_directory(json!({"caRef": {"name": "ldap-ca"}})),
        "ldap-bind",
        "password",
        "hunter2\n",
    );
    let mut world = with_secret(world, "ldap-ca", "ca.crt", "-----BEGIN CERTIFICATE-----\n");
    let compiled = world.compile();
    assert_eq!(ready(&compiled, Kind::UserStore, "identity", "staff").0, "StoreReady");
    let store = &main_snapshot(&compiled).user_stores[0];
    let UserStoreKind::Ldap(config) = &store.kind else {
        panic!("{store:?}");
    };
    assert_eq!(config.bind_password.expose_secret(), "hunter2");
    assert!(config.authorities.is_some());
    assert!(!format!("{store:?}").contains("hunter2"));
    let other = with_secret(
        with_directory(json!({"caRef": {"name": "ldap-ca"}})),
        "ldap-bind",
        "password",
        "other",
    );
    let other = with_secret(other, "ldap-ca", "ca.crt", "-----BEGIN CERTIFICATE-----\n").compile();
    assert_ne!(
        main_snapshot(&other).revision,
        main_snapshot(&compiled).revision,
        "a new password is a new configuration"
    );
}

#[test]
fn a_slip_in_a_directorys_manifest_logs_nobody_out() {
    let mut world = with_secret(with_directory(json!({})), "ldap-bind", "password", "hunter2");
    let before = world.compile();
    world.resources.user_stores.insert(
        Key::new("identity", "staff"),
        Arc::new(Object::new(spec(directory(json!({"pageSize": 0}))))),
    );
    let after = world.compile();
    let (reason, message) = ready(&after, Kind::UserStore, "identity", "staff");
    assert_eq!(reason, "InvalidSpec");
    assert!(message.contains("stays in force"), "{message}");
    assert_eq!(main_snapshot(&after).revision, main_snapshot(&before).revision);
}

#[test]
fn people_of_a_directory_are_not_declared_by_manifests() {
    let mut world = with_secret(with_directory(json!({})), "ldap-bind", "password", "hunter2");
    let user = Arc::new(Object::new(spec(json!({}))));
    world.resources.users.insert(Key::new("identity", "ann"), user);
    let compiled = world.compile();
    assert_eq!(ready(&compiled, Kind::User, "identity", "ann").0, "UserStoreIsDirectory");
}
