//! RFC 6749 §6, RFC 9700 §4.14.2.

use super::fixture::{ORDERS, Server, claims};
use serde_json::json;

#[actix_rt::test]
async fn a_confidential_client_keeps_its_token() {
    let server = Server::start().await;
    let refresh = server.login("web", "openid email").await.text("refresh_token");
    for _ in 0..3 {
        let answer = server.refresh("web", &refresh).await.ok();
        assert_eq!(answer.text("refresh_token"), refresh);
        assert!(answer.body["id_token"].is_string());
        assert!(claims(&answer.text("id_token")).get("nonce").is_none());
    }
    server.stop().await;
}

#[actix_rt::test]
async fn a_public_client_rotates_and_a_reuse_ends_the_family() {
    let server = Server::start().await;
    let first = server.login("spa", "openid").await;
    let second = server.refresh("spa", &first.text("refresh_token")).await.ok();
    assert_ne!(first.text("refresh_token"), second.text("refresh_token"));
    let third = server.refresh("spa", &second.text("refresh_token")).await.ok();
    server.advance(60);
    server
        .refresh("spa", &first.text("refresh_token"))
        .await
        .refused(400, "invalid_grant");
    server
        .refresh("spa", &third.text("refresh_token"))
        .await
        .refused(400, "invalid_grant");
    assert!(!server.is_active("orders", &third.text("access_token")).await);
    server.stop().await;
}

#[actix_rt::test]
async fn a_lost_answer_may_be_asked_for_once_more() {
    let server = Server::start().await;
    let refresh = server.login("spa", "openid").await.text("refresh_token");
    let lost = server.refresh("spa", &refresh).await.ok().text("refresh_token");
    // A database hung meanwhile for ten seconds, and the client waited before it came again.
    server.advance(20);
    let retried = server.refresh("spa", &refresh).await.ok().text("refresh_token");
    assert_ne!(lost, retried);
    server.advance(1);
    server.refresh("spa", &refresh).await.refused(400, "invalid_grant");
    server.refresh("spa", &retried).await.refused(400, "invalid_grant");
    server.stop().await;
}

#[actix_rt::test]
async fn a_lost_answer_cannot_be_asked_for_after_the_grace() {
    let server = Server::start().await;
    let refresh = server.login("spa", "openid").await.text("refresh_token");
    let next = server.refresh("spa", &refresh).await.ok().text("refresh_token");
    server.advance(31);
    server.refresh("spa", &refresh).await.refused(400, "invalid_grant");
    server.refresh("spa", &next).await.refused(400, "invalid_grant");
    server.stop().await;
}

#[actix_rt::test]
async fn another_clients_token_is_refused_and_unharmed() {
    let server = Server::start().await;
    let web = server.login("web", "openid").await.text("refresh_token");
    let spa = server.login("spa", "openid").await.text("refresh_token");
    server.refresh("other", &web).await.refused(400, "invalid_grant");
    server.refresh("spa", &web).await.refused(400, "invalid_grant");
    server.refresh("web", &spa).await.refused(400, "invalid_grant");
    server.refresh("web", &web).await.ok();
    server.refresh("spa", &spa).await.ok();
    server.stop().await;
}

#[actix_rt::test]
async fn a_refresh_narrows_and_never_widens_and_a_refused_one_uses_nothing_up() {
    let server = Server::start().await;
    let refresh = server.login("spa", "openid orders:read").await.text("refresh_token");
    let ask = async |token: &str, more: (&str, &str)| {
        server
            .token("spa", &[("grant_type", "refresh_token"), ("refresh_token", token), more])
            .await
    };
    ask(&refresh, ("scope", "openid email")).await.refused(400, "invalid_scope");
    ask(&refresh, ("resource", "https://elsewhere.example.org"))
        .await
        .refused(400, "invalid_target");
    let narrowed = ask(&refresh, ("scope", "orders:read")).await.ok();
    let seen = claims(&narrowed.text("access_token"));
    assert_eq!(seen["scope"], "orders:read");
    assert!(narrowed.body.get("id_token").is_none(), "no openid, no ID token");
    let targeted = ask(&narrowed.text("refresh_token"), ("resource", ORDERS)).await.ok();
    let seen = claims(&targeted.text("access_token"));
    assert_eq!((&seen["aud"], &seen["scope"]), (&json!(ORDERS), &json!("openid orders:read")));
    server.stop().await;
}

#[actix_rt::test]
async fn a_family_has_an_end() {
    let server = Server::start().await;
    // The login session would end the family first
    let refresh = server.login("web", "openid offline_access").await.text("refresh_token");
    server.advance(86_400 - 100);
    let last = server.refresh("web", &refresh).await.ok();
    assert_eq!(last.body["expires_in"], 100, "no token outlives its grant");
    server.advance(100);
    server.refresh("web", &refresh).await.refused(400, "invalid_grant");
    server.stop().await;
}
