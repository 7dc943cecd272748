//! References.

use super::*;

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
