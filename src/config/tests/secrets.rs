//! Clients and their secrets.

use super::*;

#[test]
fn a_client_that_makes_no_sense_is_told_all_of_it() {
    for (fields, part) in [
        (json!({"redirectUris": []}), "redirectUris is missing"),
        (json!({"redirectUris": ["http://shop.example.org/cb"]}), "plain http"),
        (json!({"redirectUris": ["https://*.example.org/cb"]}), "wildcard"),
        (json!({"redirectUris": ["https://a.example/#x"]}), "fragment"),
        (json!({"postLogoutRedirectUris": ["javascript:alert(1)"]}), "postLogoutRedirectUris"),
        (
            json!({"backchannelLogoutUri": "http://shop.example.org/out"}),
            "backchannelLogoutUri: \"http",
        ),
        (json!({"backchannelLogoutUri": "https://shop.example.org/out#x"}), "fragment"),
        (
            json!({"backchannelLogoutUri": "http://127.0.0.1:15000/quit"}),
            "the server's own machine",
        ),
        (
            json!({"backchannelLogoutUri": "https://localhost/quit"}),
            "the server's own machine",
        ),
        (
            json!({"backchannelLogoutUri": "com.example.app:/out"}),
            "only a public client may use",
        ),
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
        (
            json!({"clientType": "confidential", "grantTypes": ["client_credentials"], "redirectUris": [], "backchannelLogoutUri": "https://a.example/out"}),
            "nobody logs in through",
        ),
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
fn a_client_whose_name_is_too_long_for_that_of_its_secret_is_told_what_to_do() {
    let long = "a".repeat(240);
    for (fields, expected) in [
        (json!({"clientType": "confidential"}), "SecretInvalid"),
        (json!({"clientType": "confidential", "secret": {"name": "short"}}), "SecretPending"),
        (json!({}), "ClientProvisioned"),
    ] {
        let compiled = World::new().client(&long, fields).compile();
        let (reason, message) = ready(&compiled, Kind::AuthClient, "team-a", &long);
        assert_eq!(reason, expected, "{message}");
        assert!(reason != "SecretInvalid" || message.contains("secret.name"), "{message}");
    }
    let compiled = World::new().client(&long[..239], json!({"clientType": "confidential"})).compile();
    assert_eq!(ready(&compiled, Kind::AuthClient, "team-a", &long[..239]).0, "SecretPending");
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
