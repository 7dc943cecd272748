//! RFC 6749 §4.4, RFC 9068, RFC 8707.

use super::fixture::{BILLING, ISSUER, ORDERS, Server, claims, configuration, part};
use jsonwebtoken::{DecodingKey, Validation, jwk::JwkSet};
use nauthera::oauth::scope::Scopes;
use serde_json::{Value, json};
use std::time::Duration;

#[actix_rt::test]
async fn a_service_gets_a_token_that_any_library_can_check() {
    let server = Server::start().await;
    let answer = server.token("reporting", &[("grant_type", "client_credentials")]).await.ok();
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["pragma"], "no-cache");
    assert_eq!(
        (&answer.body["token_type"], &answer.body["expires_in"]),
        (&json!("Bearer"), &json!(900))
    );
    assert_eq!(answer.body["scope"], "invoices:read orders:read");
    assert!(answer.body.get("refresh_token").is_none() && answer.body.get("id_token").is_none());

    let token = answer.text("access_token");
    let header = part(&token, 0);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("ES256")));
    let jwks = server.send(server.request("GET", "/jwks")).await.ok().body;
    let jwks: JwkSet = serde_json::from_value(jwks).unwrap();
    let jwk = jwks.find(header["kid"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[ORDERS]);
    let read = jsonwebtoken::decode::<Value>(&token, &DecodingKey::from_jwk(jwk).unwrap(), &validation)
        .unwrap()
        .claims;
    assert_eq!((&read["sub"], &read["client_id"]), (&json!("reporting"), &json!("reporting")));
    assert_eq!(read["exp"].as_i64().unwrap() - read["iat"].as_i64().unwrap(), 900);
    for absent in ["grant_id", "sid", "auth_time", "act", "groups"] {
        assert!(read.get(absent).is_none(), "{absent}");
    }
    server.stop().await;
}

#[actix_rt::test]
async fn scope_and_resource_narrow_and_never_widen() {
    let server = Server::start().await;
    let ask = async |more: &[(&str, &str)]| {
        server
            .token("orders", &[&[("grant_type", "client_credentials")], more].concat())
            .await
    };
    let narrowed = ask(&[("scope", "orders:read"), ("resource", BILLING)]).await.ok();
    let seen = claims(&narrowed.text("access_token"));
    assert_eq!((&seen["scope"], &seen["aud"]), (&json!("orders:read"), &json!(BILLING)));
    let both = ask(&[("resource", BILLING), ("resource", ORDERS)]).await.ok();
    assert_eq!(claims(&both.text("access_token"))["aud"], json!([BILLING, ORDERS]));
    ask(&[("scope", "orders:read admin")]).await.refused(400, "invalid_scope");
    ask(&[("scope", "openid")]).await.refused(400, "invalid_scope");
    ask(&[("resource", "https://elsewhere.example.org")])
        .await
        .refused(400, "invalid_target");
    ask(&[("audience", ISSUER)]).await.refused(400, "invalid_target");
    server.stop().await;
}

#[actix_rt::test]
async fn only_a_client_that_may_and_that_proved_itself_gets_one() {
    let server = Server::start().await;
    let form = [("grant_type", "client_credentials")];
    server.token("web", &form).await.refused(400, "unauthorized_client");
    server.token("spa", &form).await.refused(400, "unauthorized_client");
    server.stop().await;
}

#[actix_rt::test]
async fn a_new_configuration_rules_the_next_token() {
    let server = Server::start().await;
    let mut clients = super::fixture::clients();
    for client in &mut clients {
        client.limits.access_token_ttl = Duration::from_secs(60);
        client.scopes = client.scopes.intersection(&Scopes::parse("orders:read").unwrap());
    }
    server.test.apply(configuration("2", clients)).await;
    let answer = server.token("reporting", &[("grant_type", "client_credentials")]).await.ok();
    assert_eq!(
        (&answer.body["expires_in"], &answer.body["scope"]),
        (&json!(60), &json!("orders:read"))
    );
    server.stop().await;
}

#[actix_rt::test]
async fn a_reference_token_says_nothing_and_works_the_same() {
    let server = Server::start().await;
    let token = server.client_credentials("opaque", "orders:read").await;
    assert!(!token.contains('.') && token.len() >= 43);
    let seen = server.post("/introspect", "orders", &[("token", &token)]).await.ok().body;
    assert_eq!((&seen["active"], &seen["client_id"]), (&json!(true), &json!("opaque")));
    server.post("/revoke", "opaque", &[("token", &token)]).await.ok();
    assert!(!server.is_active("orders", &token).await);
    server.stop().await;
}
