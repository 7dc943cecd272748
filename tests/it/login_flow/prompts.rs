//! What a request may ask of the person: prompts, ages, hints, groups, response modes.

use crate::support::site::*;
use jiff::SignedDuration;
use nauthera::oauth::client::Client;
use std::collections::BTreeSet;
use std::sync::Arc;

#[actix_rt::test]
async fn prompt_none_never_shows_a_page() {
    let site = Site::start().await;
    let browser = site.browser();
    let silent = |client: &'static str| authorize(&[("client_id", client), ("prompt", "none")]);
    let stranger = browser.get(&silent("trusted")).await;
    assert_eq!(stranger.sent("error").as_deref(), Some("login_required"));
    browser.code().await;
    assert!(browser.get(&silent("trusted")).await.sent("code").is_some());
    assert_eq!(
        browser.get(&silent("shop")).await.sent("error").as_deref(),
        Some("consent_required")
    );
    site.stop().await;
}

#[actix_rt::test]
async fn prompt_login_and_max_age_want_a_login_made_for_this_request() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.code().await;
    for prompt in ["login", "select_account"] {
        let page = browser.get(&authorize(&[("prompt", prompt)])).await;
        assert_eq!(page.status, 200, "{prompt}");
        assert!(page.body.contains("name=\"password\""), "{prompt}");
        assert!(
            page.body.contains("value=\"alice\""),
            "who is signed in need not type the name again"
        );
        assert!(browser.log_in(&page, USERNAME, PASSWORD).await.sent("code").is_some());
    }

    let aged = authorize(&[("max_age", "60")]);
    let first = browser.get(&aged).await;
    let before = payload(
        browser.tokens("trusted", &first.sent("code").unwrap()).await["id_token"]
            .as_str()
            .unwrap(),
    );
    site.platform.clock.advance(SignedDuration::from_secs(61));
    let page = browser.get(&aged).await;
    assert_eq!(page.status, 200);
    let silent = browser.get(&authorize(&[("max_age", "60"), ("prompt", "none")])).await;
    assert_eq!(silent.sent("error").as_deref(), Some("login_required"));
    let second = browser.log_in(&page, USERNAME, PASSWORD).await;
    let after = payload(
        browser.tokens("trusted", &second.sent("code").unwrap()).await["id_token"]
            .as_str()
            .unwrap(),
    );
    assert!(after["auth_time"].as_i64().unwrap() >= before["auth_time"].as_i64().unwrap() + 61);
    assert_eq!(after["sid"], before["sid"], "the same person keeps their session");
    site.stop().await;
}

#[actix_rt::test]
async fn prompt_consent_asks_again_and_a_login_before_it_counts() {
    let site = Site::start().await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[("prompt", "login consent")])).await;
    let consent = browser.log_in(&page, USERNAME, PASSWORD).await;
    let page = browser.get(consent.header("location")).await;
    let answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "allow")]).await;
    assert!(answer.sent("code").is_some(), "no second login");
    site.stop().await;
}

#[actix_rt::test]
async fn an_id_token_hint_of_someone_else_is_not_answered_with_this_person() {
    let site = Site::start().await;
    let (alice, bob) = (site.browser(), site.browser());
    let code = alice.code().await.sent("code").unwrap();
    let hint = alice.tokens("trusted", &code).await["id_token"].as_str().unwrap().to_owned();
    let page = bob.get(&authorize(&[])).await;
    bob.log_in(&page, "bob", PASSWORD).await;

    let silent = [("id_token_hint", hint.as_str()), ("prompt", "none")];
    assert!(alice.get(&authorize(&silent)).await.sent("code").is_some());
    assert_eq!(bob.get(&authorize(&silent)).await.sent("error").as_deref(), Some("login_required"));
    let page = bob.get(&authorize(&[("id_token_hint", &hint)])).await;
    let stubborn = bob.log_in(&page, "bob", PASSWORD).await;
    assert_eq!(stubborn.sent("error").as_deref(), Some("login_required"));

    let forged = format!("{hint}x");
    assert_eq!(
        alice.get(&authorize(&[("id_token_hint", &forged)])).await.sent("error").as_deref(),
        Some("invalid_request")
    );
    let of_another_client = [("id_token_hint", hint.as_str()), ("client_id", "shop")];
    assert_eq!(
        alice.get(&authorize(&of_another_client)).await.sent("error").as_deref(),
        Some("invalid_request")
    );
    site.stop().await;
}

#[actix_rt::test]
async fn only_members_of_the_allowed_groups_get_in() {
    let site = Site::start_with(|configuration| {
        let mut closed: Client = client("closed", false);
        closed.allowed_groups = Some(BTreeSet::from(["admins".to_owned()]));
        configuration.clients.insert(closed.id.clone(), Arc::new(closed));
    })
    .await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[("client_id", "closed")])).await;
    let answer = browser.log_in(&page, USERNAME, PASSWORD).await;
    assert_eq!(answer.sent("error").as_deref(), Some("access_denied"));
    site.stop().await;
}

#[actix_rt::test]
async fn response_modes_carry_the_answer_as_asked() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.code().await;
    let fragment = browser.get(&authorize(&[("response_mode", "fragment")])).await.location();
    assert!(fragment.query().is_none() && fragment.fragment().unwrap().contains("code="));

    let page = browser
        .get(&authorize(&[("response_mode", "form_post"), ("state", "<\"'&>")]))
        .await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains(&format!("action=\"{}\"", CALLBACK.replace('/', "&#x2f;")))
            || page.body.contains(&format!("action=\"{CALLBACK}\""))
    );
    assert!(!page.hidden("code").is_empty());
    assert!(page.body.contains("value=\"&lt;&quot;&#x27;&amp;&gt;\""), "{}", page.body);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    site.stop().await;
}
