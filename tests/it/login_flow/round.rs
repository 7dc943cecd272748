//! The round of a login: the page, consent, the code, its tokens.

use crate::support::site::*;

#[actix_rt::test]
async fn logs_in_asks_for_consent_and_hands_out_a_code_that_becomes_tokens() {
    let site = Site::start().await;
    let browser = site.browser();
    let login = browser
        .get(&authorize(&[("client_id", "shop"), ("scope", "openid profile email orders:read")]))
        .await;
    assert_eq!(login.status, 200, "{}", login.body);
    assert!(login.body.contains("to continue to The shop"), "{}", login.body);

    let consent = browser.log_in(&login, USERNAME, PASSWORD).await;
    assert_eq!(consent.location().path(), "/consent");
    let page = browser.get(consent.header("location")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    for text in [
        "Allow The shop?",
        "alice",
        "your email address",
        "<code>orders:read</code>",
        "shop.example",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }

    let answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "allow")]).await;
    assert!(answer.location().as_str().starts_with(CALLBACK));
    assert_eq!(answer.sent("state").as_deref(), Some("the-state"));
    assert_eq!(answer.sent("iss").as_deref(), Some(site.origin.as_str()));

    let tokens = browser.tokens("shop", &answer.sent("code").unwrap()).await;
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["nonce"], "the-nonce");
    assert_eq!(claims["aud"], "shop");
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]));

    // What was allowed is remembered, and the session spares the login; more scopes are asked about.
    let again = browser.get(&authorize(&[("client_id", "shop"), ("scope", "openid email")])).await;
    assert!(again.sent("code").is_some());
    let more = browser.get(&authorize(&[("client_id", "shop"), ("scope", "openid groups")])).await;
    assert_eq!(more.status, 200);
    assert!(more.body.contains("which groups you belong to"));
    site.stop().await;
}

#[actix_rt::test]
async fn a_refused_consent_is_an_error_at_the_client() {
    let site = Site::start().await;
    let browser = site.browser();
    let login = browser.get(&authorize(&[("client_id", "shop")])).await;
    let consent = browser.log_in(&login, USERNAME, PASSWORD).await;
    let page = browser.get(consent.header("location")).await;
    let answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "deny")]).await;
    assert_eq!(answer.sent("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.sent("state").as_deref(), Some("the-state"));
    assert_eq!(answer.sent("code"), None);
    site.stop().await;
}
