//! OpenID Connect Core §5.3, RFC 6750.

use super::fixture::{Server, configuration, encode};
use serde_json::json;

#[actix_rt::test]
async fn says_what_the_scopes_allow() {
    let server = Server::start().await;
    let all = server.login("web", "openid profile email groups").await.text("access_token");
    let seen = server.userinfo(&all).await.ok().body;
    assert_eq!(
        (&seen["sub"], &seen["preferred_username"]),
        (&json!(server.alice.as_str()), &json!("alice"))
    );
    assert_eq!(
        (&seen["email"], &seen["email_verified"]),
        (&json!("alice@example.org"), &json!(true))
    );
    assert_eq!(seen["groups"], json!(["staff"]));
    let least = server.login("web", "openid").await.text("access_token");
    assert_eq!(server.userinfo(&least).await.ok().body, json!({"sub": server.alice.as_str()}));
    server.stop().await;
}

#[actix_rt::test]
async fn takes_the_token_from_a_form_too_but_from_one_place() {
    let server = Server::start().await;
    let token = server.login("web", "openid").await.text("access_token");
    let post = || {
        server
            .request("POST", "/userinfo")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encode(&[("access_token", &token)]))
    };
    server.send(post()).await.ok();
    let bearer = format!("Bearer {token}");
    server
        .send(server.request("POST", "/userinfo").header("authorization", &bearer))
        .await
        .ok();
    let both = server.send(post().header("authorization", &bearer)).await;
    both.refused(400, "invalid_request");
    let twice = server
        .request("GET", "/userinfo")
        .header("authorization", &bearer)
        .header("authorization", &bearer);
    server.send(twice).await.refused(400, "invalid_request");
    server.stop().await;
}

#[actix_rt::test]
async fn refuses_everything_but_a_live_access_token_with_openid() {
    let server = Server::start().await;
    let login = server.login("web", "openid").await;
    for bad in [&login.text("id_token"), &login.text("refresh_token"), "junk"] {
        let answer = server.userinfo(bad).await;
        answer.refused(401, "invalid_token");
        assert!(
            answer.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .contains(r#"error="invalid_token""#)
        );
    }
    let nothing = server.send(server.request("GET", "/userinfo")).await;
    assert_eq!(nothing.status, 401);
    assert_eq!(nothing.headers["www-authenticate"], r#"Bearer realm="nauthera""#);
    let machine = server.client_credentials("reporting", "orders:read").await;
    server.userinfo(&machine).await.refused(403, "insufficient_scope");
    server.advance(900);
    server.userinfo(&login.text("access_token")).await.refused(401, "invalid_token");
    server.stop().await;
}

#[actix_rt::test]
async fn a_disabled_person_and_a_removed_client_are_gone() {
    let server = Server::start().await;
    let web = server.login("web", "openid").await.text("access_token");
    let other = server.login("other", "openid").await.text("access_token");
    let without_web = super::fixture::clients()
        .into_iter()
        .filter(|client| client.id.as_str() != "web")
        .collect();
    server.test.apply(configuration("2", without_web)).await;
    server.userinfo(&web).await.refused(401, "invalid_token");
    server.userinfo(&other).await.ok();
    let mut nobody = configuration("3", super::fixture::clients());
    nobody.users = vec![];
    server.test.apply(nobody).await;
    server.userinfo(&other).await.refused(401, "invalid_token");
    server.stop().await;
}
