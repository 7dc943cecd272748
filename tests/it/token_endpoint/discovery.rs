//! OpenID Connect Discovery, RFC 8414, RFC 7517, and who may read them from a browser.

use super::fixture::{ISSUER, Server, configuration, part};
use serde_json::json;

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

#[actix_rt::test]
async fn both_documents_say_what_the_configuration_does() {
    let server = Server::start().await;
    let openid = server.send(server.request("GET", OPENID)).await.ok().body;
    assert_eq!(openid, server.send(server.request("GET", OAUTH)).await.ok().body);
    assert_eq!(
        (&openid["issuer"], &openid["token_endpoint"]),
        (&json!(ISSUER), &json!(format!("{ISSUER}/token")))
    );
    assert_eq!(openid["id_token_signing_alg_values_supported"], json!(["RS256"]));
    assert_eq!(
        openid["grant_types_supported"],
        json!([
            "authorization_code",
            "client_credentials",
            "refresh_token",
            super::fixture::EXCHANGE
        ])
    );
    let services = super::fixture::clients()
        .into_iter()
        .filter(|client| client.id.as_str() == "reporting")
        .collect();
    server.test.apply(configuration("2", services)).await;
    let narrowed = server.send(server.request("GET", OPENID)).await.ok().body;
    assert_eq!(narrowed["grant_types_supported"], json!(["client_credentials"]));
    assert_eq!(narrowed["scopes_supported"], json!(["invoices:read", "openid", "orders:read"]));
    assert_eq!(server.send(server.request("GET", &format!("{OAUTH}/other"))).await.status, 404);
    server.stop().await;
}

#[actix_rt::test]
async fn what_can_be_read_has_a_head_too() {
    let server = Server::start().await;
    for path in [OPENID, OAUTH, "/jwks"] {
        let head = server.send(server.request("HEAD", path)).await.ok();
        assert_eq!(head.body, "", "{path}");
    }
    server.stop().await;
}

#[actix_rt::test]
async fn the_keys_are_public_and_every_token_names_one() {
    let server = Server::start().await;
    let jwks = server.send(server.request("GET", "/jwks")).await.ok();
    assert_eq!(jwks.headers["cache-control"], "public, max-age=300");
    let keys = jwks.body["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert_eq!(key["use"], "sig");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none());
        }
    }
    let token = server.client_credentials("reporting", "orders:read").await;
    assert!(keys.iter().any(|key| key["kid"] == part(&token, 0)["kid"]));
    server.stop().await;
}

#[actix_rt::test]
async fn any_origin_may_read_what_knows_no_cookie() {
    let server = Server::start().await;
    for (method, path) in [
        ("GET", OPENID),
        ("GET", OAUTH),
        ("GET", "/jwks"),
        ("POST", "/token"),
        ("GET", "/userinfo"),
        ("POST", "/revoke"),
    ] {
        let asked = server
            .send(server.request(method, path).header("origin", "https://spa.example.org"))
            .await;
        assert_eq!(
            asked.headers["access-control-allow-origin"], "*",
            "{method} {path}: {}",
            asked.status
        );
        assert!(!asked.headers.contains_key("access-control-allow-credentials"));
        let preflight = server
            .request("OPTIONS", path)
            .header("origin", "https://spa.example.org")
            .header("access-control-request-method", method);
        let preflight = server.send(preflight).await;
        assert_eq!(preflight.status, 204);
        assert_eq!(preflight.headers["access-control-allow-headers"], "authorization, content-type");
    }
    let introspect = server
        .send(server.request("POST", "/introspect").header("origin", "https://spa.example.org"))
        .await;
    assert!(
        !introspect.headers.contains_key("access-control-allow-origin"),
        "services ask there"
    );
    server.stop().await;
}

#[actix_rt::test]
async fn a_rotation_announces_the_new_key_and_old_tokens_stay_good() {
    use nauthera::actors::key_keeper::Rotate;
    let server = Server::start().await;
    let before = server.client_credentials("reporting", "orders:read").await;
    let kid = |token: &str| part(token, 0)["kid"].clone();
    server
        .test
        .platform
        .key_keeper
        .ask(Rotate { at_once: false })
        .await
        .unwrap()
        .unwrap();
    let announced = server.send(server.request("GET", "/jwks")).await.ok().body;
    assert_eq!(announced["keys"].as_array().unwrap().len(), 4, "a successor for each algorithm");
    assert_eq!(kid(&server.client_credentials("reporting", "orders:read").await), kid(&before));

    server
        .test
        .platform
        .key_keeper
        .ask(Rotate { at_once: true })
        .await
        .unwrap()
        .unwrap();
    let after = server.client_credentials("reporting", "orders:read").await;
    assert_ne!(kid(&after), kid(&before));
    assert!(server.is_active("reporting", &before).await && server.is_active("reporting", &after).await);
    server.stop().await;
}
