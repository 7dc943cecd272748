//! RFC 8693, from the attacker's side.

use super::fixture::{ACCESS_TOKEN, Answer, BILLING, EXCHANGE, ISSUER, Server, claims};
use serde_json::json;

async fn exchange(server: &Server, client: &str, subject: &str, more: &[(&str, &str)]) -> Answer {
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", subject),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    server.token(client, &[&form, more].concat()).await
}

#[actix_rt::test]
async fn a_service_acts_for_another_and_the_token_says_so() {
    let server = Server::start().await;
    let subject = server.client_credentials("reporting", "orders:read invoices:read").await;
    let actor = server.client_credentials("orders", "orders:read").await;
    server.advance(300);
    let more = [
        ("actor_token", actor.as_str()),
        ("actor_token_type", ACCESS_TOKEN),
        ("resource", BILLING),
        ("scope", "invoices:read"),
    ];
    let answer = exchange(&server, "orders", &subject, &more).await.ok();
    assert_eq!(answer.body["issued_token_type"], ACCESS_TOKEN);
    assert!(answer.body.get("refresh_token").is_none());
    let seen = claims(&answer.text("access_token"));
    assert_eq!((&seen["sub"], &seen["client_id"]), (&json!("reporting"), &json!("orders")));
    assert_eq!((&seen["aud"], &seen["scope"]), (&json!(BILLING), &json!("invoices:read")));
    assert_eq!(seen["act"], json!({"sub": "orders", "client_id": "orders"}));
    assert_eq!(answer.body["expires_in"], 600, "it ends with the subject token");
    assert!(server.is_active("orders", &answer.text("access_token")).await);
    server.stop().await;
}

#[actix_rt::test]
async fn a_persons_token_keeps_its_person_and_ends_with_the_grant() {
    let server = Server::start().await;
    let login = server.login("spa", "openid orders:read").await;
    let answer = exchange(&server, "orders", &login.text("access_token"), &[("audience", BILLING)])
        .await
        .ok();
    let token = answer.text("access_token");
    let seen = claims(&token);
    assert_eq!((&seen["sub"], &seen["sid"]), (&json!(server.alice.as_str()), &json!("session-1")));
    assert!(seen.get("act").is_none(), "impersonation: no actor was named");
    assert_eq!(seen["scope"], "orders:read", "openid is not a scope of the exchanging client");
    assert!(server.is_active("orders", &token).await);
    server.post("/revoke", "spa", &[("token", &login.text("refresh_token"))]).await.ok();
    assert!(!server.is_active("orders", &token).await);
    exchange(&server, "orders", &login.text("access_token"), &[])
        .await
        .refused(400, "invalid_request");
    server.stop().await;
}

#[actix_rt::test]
async fn nothing_gets_wider() {
    let server = Server::start().await;
    let subject = server.client_credentials("reporting", "orders:read").await;
    for (more, error) in [
        (("scope", "invoices:read"), "invalid_scope"),
        (("scope", "orders:read admin"), "invalid_scope"),
        (("audience", "https://elsewhere.example.org"), "invalid_target"),
        (("resource", ISSUER), "invalid_target"),
    ] {
        exchange(&server, "orders", &subject, &[more]).await.refused(400, error);
    }
    server.stop().await;
}

#[actix_rt::test]
async fn a_stolen_token_is_worth_nothing_to_the_thief() {
    let server = Server::start().await;
    let subject = server.client_credentials("reporting", "orders:read").await;
    exchange(&server, "thief", &subject, &[]).await.refused(400, "invalid_request");
    // Nor does it help to wear it as an actor
    let own = server.client_credentials("thief", "orders:read").await;
    let wear = [("actor_token", subject.as_str()), ("actor_token_type", ACCESS_TOKEN)];
    exchange(&server, "thief", &own, &wear).await.refused(400, "invalid_request");
    // A public client is anyone; one without the grant may not at all
    exchange(&server, "spa", &subject, &[]).await.refused(400, "unauthorized_client");
    exchange(&server, "reporting", &subject, &[])
        .await
        .refused(400, "unauthorized_client");
    server.stop().await;
}

#[actix_rt::test]
async fn only_live_access_tokens_of_ours_can_be_exchanged() {
    let server = Server::start().await;
    let login = server.login("spa", "openid").await;
    let revoked = server.client_credentials("orders", "orders:read").await;
    server.post("/revoke", "orders", &[("token", &revoked)]).await.ok();
    let id_token = login.text("id_token");
    let refresh_token = login.text("refresh_token");
    for bad in [revoked.as_str(), &id_token, &refresh_token, "junk", "a.b.c"] {
        exchange(&server, "orders", bad, &[]).await.refused(400, "invalid_request");
    }
    let subject = server.client_credentials("reporting", "orders:read").await;
    server.advance(900);
    exchange(&server, "orders", &subject, &[]).await.refused(400, "invalid_request");
    server.stop().await;
}

#[actix_rt::test]
async fn other_token_types_are_refused_with_words() {
    let server = Server::start().await;
    let subject = server.client_credentials("orders", "orders:read").await;
    let requested = [("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")];
    exchange(&server, "orders", &subject, &requested)
        .await
        .refused(400, "invalid_request");
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", subject.as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
    ];
    let answer = server.token("orders", &form).await;
    answer.refused(400, "invalid_request");
    assert!(answer.text("error_description").contains(ACCESS_TOKEN));
    server.stop().await;
}
