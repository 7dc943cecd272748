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
fn a_client_waits_until_the_labels_of_its_namespace_are_known_by_which_policies_choose_it() {
    let strict = json!({"allowedScopes": ["openid"], "appliesTo": {"namespaceSelector": {"matchLabels": {"tier": "restricted"}}}});
    let mut world = World::empty()
        .server("main", json!({"issuerUrl": "https://login.example.org", "policySelector": {}}))
        .policy("strict", strict)
        .client("shop", json!({"scopes": ["openid", "admin"]}));
    let options = Options {
        namespaces_are_watched: true,
        ..Options::default()
    };
    // Nothing would limit it, as far as is known.
    let compiled = compile(&world.resources, &options, &world.accepted);
    assert_eq!(shop(&compiled).0, "NamespaceNotSeen");
    assert!(compiled.snapshots[&Key::new("identity", "main")].clients.is_empty());
    let labels = [("tier".to_owned(), "restricted".to_owned())].into();
    world.resources.namespaces.insert("team-a".to_owned(), labels);
    let compiled = compile(&world.resources, &options, &compiled.accepted);
    assert_eq!(shop(&compiled).0, "PolicyViolation");
    world.resources.namespaces.insert("team-a".to_owned(), Default::default());
    let compiled = compile(&world.resources, &options, &compiled.accepted);
    assert_eq!(shop(&compiled).0, "ClientProvisioned");
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
            .insert(Key::new("team-a", "people"), Arc::new(Object::new(spec(json!({"type": "local"})))));
        let compiled = world.compile();
        assert_eq!(ready(&compiled, Kind::AuthServer, "identity", "main").0, "UserStoreNotReady");
        assert!(main_snapshot(&compiled).user_stores.is_empty(), "but its clients are served");
    }
}

#[test]
fn a_reference_without_a_namespace_is_told_where_it_leads() {
    for (reference, hinted) in [
        (json!({"name": "main"}), true),
        (json!({"name": "mian", "namespace": "identity"}), false),
    ] {
        let compiled = World::new().client("shop", json!({"authServerRef": reference})).compile();
        let (reason, message) = shop(&compiled);
        assert_eq!(reason, "RefNotPermitted");
        assert_eq!(message.contains("authServerRef.namespace"), hinted, "{message}");
    }
}

#[test]
fn two_servers_cannot_be_the_same_issuer() {
    let compiled = World::new()
        .server("other", json!({"issuerUrl": "https://login.example.org"}))
        .compile();
    assert_eq!(ready(&compiled, Kind::AuthServer, "identity", "other").0, "IssuerTaken");
    assert_eq!(compiled.snapshots.len(), 1);
}

/// An operator that begins knows of nobody who had what: only the resources are there.
#[test]
fn a_name_that_two_want_is_the_older_ones_when_nobodys_past_is_known() {
    let older = "2026-01-01T00:00:00Z".parse().ok();
    let later = "2026-06-01T00:00:00Z".parse().ok();
    let mut world = World::empty()
        .server(
            "main",
            json!({"issuerUrl": "https://login.example.org", "userStoreRef": {"name": "people"}}),
        )
        .server("a-later-one", json!({"issuerUrl": "https://login.example.org"}))
        .store("people")
        .user("ida", json!({"username": "ida"}))
        .user("a-later-one", json!({"username": "Ida"}));
    for (name, created) in [("main", older), ("a-later-one", later)] {
        let server = world.resources.servers.get_mut(&Key::new("identity", name)).unwrap();
        Arc::make_mut(server).created = created;
        let mapper =
            json!({"authServerRef": {"name": "main"}, "claims": [{"name": "tier", "from": "static", "value": name, "in": ["id_token"]}]});
        let mut mapper = Object::new(spec(mapper));
        mapper.created = created;
        world.resources.claim_mappers.insert(Key::new("identity", name), Arc::new(mapper));
    }
    for (name, created) in [("ida", older), ("a-later-one", later)] {
        let user = world.resources.users.get_mut(&Key::new("identity", name)).unwrap();
        Arc::make_mut(user).created = created;
    }
    let compiled = world.compile();
    let reason = |kind: Kind, name: &str| ready(&compiled, kind, "identity", name).0;
    assert_eq!(reason(Kind::AuthServer, "main"), "Serving");
    assert_eq!(reason(Kind::AuthServer, "a-later-one"), "IssuerTaken");
    assert_eq!(reason(Kind::User, "ida"), "UserDeclared");
    assert_eq!(reason(Kind::User, "a-later-one"), "UsernameTaken");
    assert_eq!(reason(Kind::ClaimMapper, "a-later-one"), "ClaimTaken");
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

#[test]
fn a_client_that_is_refused_for_a_while_keeps_its_id() {
    let own = json!({"clientType": "confidential", "clientId": "shared", "secret": {"existingRef": {"name": "mine"}}});
    let secret = [("client_secret", "0123456789abcdef0123456789abcdef")];
    let mut world = World::new().secret("team-a", "mine", true, &secret).client("shop", own);
    assert!(live(&world.compile(), "shared").is_some());
    // The Secret is being replaced; meanwhile someone else asks for the name.
    world.resources.secrets.clear();
    let mut world = world.client_in("aaa", "thief", json!({"clientId": "shared"}));
    let compiled = world.compile();
    assert_eq!(ready(&compiled, Kind::AuthClient, "aaa", "thief").0, "ClientIdTaken");
    assert!(live(&compiled, "shared").is_none());
    let compiled = world.secret("team-a", "mine", true, &secret).compile();
    assert_eq!(live(&compiled, "shared").unwrap().resource, "team-a/shop");
}

#[test]
fn a_default_id_is_its_owners_even_while_that_is_refused() {
    let compiled = World::new()
        .client_in("aaa", "thief", json!({"clientId": "team-a.shop"}))
        .client("shop", json!({"scopes": ["beyond-the-policy"]}))
        .compile();
    assert_eq!(shop(&compiled).0, "PolicyViolation");
    assert_eq!(ready(&compiled, Kind::AuthClient, "aaa", "thief").0, "ClientIdTaken");
    assert!(live(&compiled, "team-a.shop").is_none());
}

#[test]
fn a_service_cannot_be_called_as_a_person() {
    let service = |id: &str| {
        let fields = json!({"clientType": "confidential", "grantTypes": ["client_credentials"], "redirectUris": [], "clientId": id});
        let mut world = World::new().client("shop", fields);
        shop(&world.settle()).0
    };
    for id in ["6200aeba-35b4-473a-b081-aa83495a8951", "6200AEBA-35B4-473A-B081-AA83495A8951"] {
        assert_eq!(service(id), "InvalidSpec", "{id}");
        // Without tokens of its own its id is in no sub.
        let login = World::new().client("shop", json!({"clientId": id})).compile();
        assert_eq!(shop(&login).0, "ClientProvisioned", "{id}");
    }
    assert_eq!(service("reporting"), "ClientProvisioned");
}
