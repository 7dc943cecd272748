//! RFC 7662 and RFC 7009.

use super::fixture::{ORDERS, Server};
use serde_json::json;

#[actix_rt::test]
async fn a_resource_server_learns_about_tokens_that_are_for_it() {
    let server = Server::start().await;
    let token = server.client_credentials("reporting", "orders:read").await;
    let seen = server.post("/introspect", "orders", &[("token", &token)]).await.ok();
    assert_eq!(seen.headers["cache-control"], "no-store");
    assert_eq!((&seen.body["active"], &seen.body["scope"]), (&json!(true), &json!("orders:read")));
    assert_eq!((&seen.body["aud"], &seen.body["token_type"]), (&json!([ORDERS]), &json!("Bearer")));
    // The issuer's own client knows it too, a stranger does not, and a public client may not ask
    assert!(server.is_active("reporting", &token).await);
    let stranger = server.post("/introspect", "thief", &[("token", &token)]).await.ok();
    assert_eq!(stranger.body, json!({"active": false}));
    server
        .post("/introspect", "spa", &[("token", &token)])
        .await
        .refused(400, "unauthorized_client");
    server.stop().await;
}

#[actix_rt::test]
async fn junk_expired_and_foreign_tokens_are_inactive() {
    let server = Server::start().await;
    let token = server.client_credentials("reporting", "orders:read").await;
    let id_token = server.login("web", "openid").await.text("id_token");
    let cut = &token[..token.len() - 4];
    for junk in ["junk", "a.b.c", cut, &id_token, &"x".repeat(60_000)] {
        assert!(!server.is_active("reporting", junk).await);
    }
    server.post("/introspect", "reporting", &[]).await.refused(400, "invalid_request");
    server.advance(900);
    assert!(!server.is_active("reporting", &token).await);
    server.stop().await;
}

#[actix_rt::test]
async fn a_refresh_token_is_known_to_its_own_client() {
    let server = Server::start().await;
    let refresh = server.login("web", "openid").await.text("refresh_token");
    assert!(server.is_active("web", &refresh).await);
    assert!(!server.is_active("other", &refresh).await);
    server.stop().await;
}

#[actix_rt::test]
async fn a_revoked_access_token_is_dead_and_its_siblings_live() {
    let server = Server::start().await;
    let login = server.login("web", "openid").await;
    let (access, refresh) = (login.text("access_token"), login.text("refresh_token"));
    server
        .post("/revoke", "web", &[("token", &access), ("token_type_hint", "refresh_token")])
        .await
        .ok();
    assert!(!server.is_active("web", &access).await);
    assert_eq!(server.userinfo(&access).await.status, 401);
    let next = server.refresh("web", &refresh).await.ok().text("access_token");
    assert!(server.is_active("web", &next).await);
    server.stop().await;
}

#[actix_rt::test]
async fn a_revoked_refresh_token_takes_everything_with_it() {
    let server = Server::start().await;
    let login = server.login("spa", "openid").await;
    server.post("/revoke", "spa", &[("token", &login.text("refresh_token"))]).await.ok();
    assert!(!server.is_active("orders", &login.text("access_token")).await);
    server
        .refresh("spa", &login.text("refresh_token"))
        .await
        .refused(400, "invalid_grant");
    server.stop().await;
}

#[actix_rt::test]
async fn nobody_revokes_what_is_not_theirs() {
    let server = Server::start().await;
    let login = server.login("web", "openid").await;
    for token in [login.text("access_token"), login.text("refresh_token"), "unknown".to_owned()] {
        server.post("/revoke", "other", &[("token", &token)]).await.ok();
        server.post("/revoke", "spa", &[("token", &token)]).await.ok();
    }
    assert!(server.is_active("web", &login.text("access_token")).await);
    server.refresh("web", &login.text("refresh_token")).await.ok();
    server.post("/revoke", "web", &[]).await.refused(400, "invalid_request");
    server.stop().await;
}
