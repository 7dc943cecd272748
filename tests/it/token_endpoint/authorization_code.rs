//! RFC 6749 §4.1.3, RFC 7636, OpenID Connect Core §3.1.3.

use super::fixture::{CALLBACK, ISSUER, Server, VERIFIER, claims, code_form, part};
use nauthera::oauth::claims::token_digest;
use nauthera::oauth::pkce;
use serde_json::json;

#[actix_rt::test]
async fn a_code_becomes_an_access_a_refresh_and_an_id_token() {
    let server = Server::start().await;
    let answer = server.login("web", "openid email groups").await;
    let access = answer.text("access_token");
    let seen = claims(&access);
    assert_eq!((&seen["sub"], &seen["client_id"]), (&json!(server.alice.as_str()), &json!("web")));
    assert_eq!(
        (&seen["scope"], &seen["groups"]),
        (&json!("email groups openid"), &json!(["staff"]))
    );
    assert_eq!((&seen["aud"], &seen["sid"]), (&json!(ISSUER), &json!("session-1")));
    assert!(seen["grant_id"].is_string());

    let id_token = answer.text("id_token");
    assert_eq!(
        (&part(&id_token, 0)["alg"], &part(&id_token, 0)["typ"]),
        (&json!("RS256"), &json!("JWT"))
    );
    let id = claims(&id_token);
    assert_eq!((&id["iss"], &id["aud"], &id["azp"]), (&json!(ISSUER), &json!("web"), &json!("web")));
    assert_eq!(
        (&id["nonce"], &id["sid"], &id["amr"]),
        (&json!("n-1"), &json!("session-1"), &json!(["pwd"]))
    );
    assert_eq!(id["at_hash"], token_digest(&access, false));
    assert_eq!((&id["email"], &id["groups"]), (&json!("alice@example.org"), &json!(["staff"])));
    assert!(id["auth_time"].is_i64() && id.get("name").is_none());
    server.refresh("web", &answer.text("refresh_token")).await.ok();
    server.stop().await;
}

#[actix_rt::test]
async fn without_openid_there_is_no_id_token() {
    let server = Server::start().await;
    assert!(server.login("web", "orders:read").await.body.get("id_token").is_none());
    server.stop().await;
}

#[actix_rt::test]
async fn a_replayed_code_ends_everything_that_came_of_it() {
    let server = Server::start().await;
    let code = server.code("web", "openid").await;
    let first = server.redeem("web", &code).await.ok();
    let (access, refresh) = (first.text("access_token"), first.text("refresh_token"));
    assert!(server.is_active("web", &access).await);
    server.userinfo(&access).await.ok();

    server.redeem("web", &code).await.refused(400, "invalid_grant");
    assert!(!server.is_active("web", &access).await);
    assert!(!server.is_active("web", &refresh).await);
    assert_eq!(server.userinfo(&access).await.status, 401);
    server.refresh("web", &refresh).await.refused(400, "invalid_grant");
    server.stop().await;
}

#[actix_rt::test]
async fn of_twelve_parallel_exchanges_one_wins() {
    let server = Server::start().await;
    let code = server.code("web", "openid").await;
    let answers = futures::future::join_all((0..12).map(|_| server.redeem("web", &code))).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1);
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        lost.refused(400, "invalid_grant");
    }
    // Eleven replays: the winner's tokens are dead too, since nobody can tell which of the twelve was honest
    assert!(!server.is_active("web", &won[0].text("access_token")).await);
    server.stop().await;
}

#[actix_rt::test]
async fn another_clients_code_is_refused_and_stays_usable_by_its_owner() {
    let server = Server::start().await;
    let code = server.code("web", "openid").await;
    server.redeem("other", &code).await.refused(400, "invalid_grant");
    server.redeem("spa", &code).await.refused(400, "invalid_grant");
    server.redeem("web", &code).await.ok();
    server.stop().await;
}

#[actix_rt::test]
async fn every_way_around_pkce_is_closed_and_uses_the_code_up() {
    let server = Server::start().await;
    let other_verifier = "a".repeat(43);
    for verifier in ["", "short", &other_verifier, &pkce::challenge(VERIFIER)] {
        let code = server.code("spa", "openid").await;
        let mut form = code_form(&code);
        form[3].1 = verifier;
        server.token("spa", &form).await.refused(400, "invalid_grant");
        server.redeem("spa", &code).await.refused(400, "invalid_grant");
    }
    // The challenge was taken out of the authorization request on its way
    let downgraded = server.code_with("spa", "openid", None).await;
    server.redeem("spa", &downgraded).await.refused(400, "invalid_grant");
    let downgraded = server.code_with("spa", "openid", None).await;
    server
        .token("spa", &code_form(&downgraded)[..3])
        .await
        .refused(400, "invalid_grant");
    server.stop().await;
}

#[actix_rt::test]
async fn the_redirect_uri_is_that_of_the_request() {
    let server = Server::start().await;
    for uri in ["", "https://app.example.org/callback/", "https://evil.example.org/callback"] {
        let code = server.code("web", "openid").await;
        let mut form = code_form(&code);
        form[2].1 = uri;
        assert_ne!(uri, CALLBACK);
        server.token("web", &form).await.refused(400, "invalid_grant");
    }
    server.stop().await;
}

#[actix_rt::test]
async fn a_code_lives_for_a_minute() {
    let server = Server::start().await;
    let code = server.code("web", "openid").await;
    server.advance(60);
    server.redeem("web", &code).await.refused(400, "invalid_grant");
    server.stop().await;
}

#[actix_rt::test]
async fn a_logout_ends_the_tokens_of_the_session_but_not_offline_access() {
    let server = Server::start().await;
    let online = server.login("web", "openid").await;
    let offline = server.login("web", "openid offline_access").await;
    let now = server.test.platform.clock.now();
    server.test.platform.store.end_session(&server.session, now).await.unwrap();
    assert!(!server.is_active("web", &online.text("access_token")).await);
    server
        .refresh("web", &online.text("refresh_token"))
        .await
        .refused(400, "invalid_grant");
    assert!(server.is_active("web", &offline.text("access_token")).await);
    server.refresh("web", &offline.text("refresh_token")).await.ok();
    server.stop().await;
}
