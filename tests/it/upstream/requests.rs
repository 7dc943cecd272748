//! What is handed on to the provider, and whether it did it.

use super::fixture::*;
use crate::support::platform::START;
use crate::support::site::*;

#[actix_rt::test]
async fn hints_and_prompts_are_handed_on() {
    let (provider, site) = site().await;
    let plain = provider.request(&begin(&site.browser()).await.location());
    for name in ["prompt", "max_age", "login_hint", "ui_locales"] {
        assert!(!plain.contains_key(name), "{name}");
    }
    let changes = [("login_hint", "ann@corp.example"), ("ui_locales", "de"), ("max_age", "3600")];
    let request = provider.request(&begin_with(&site.browser(), &changes).await.location());
    assert_eq!(
        (request["login_hint"].as_str(), request["ui_locales"].as_str()),
        ("ann@corp.example", "de")
    );
    assert_eq!(request["max_age"], "3600");
    let request = provider.request(&begin_with(&site.browser(), &[("prompt", "login")]).await.location());
    assert_eq!((request["prompt"].as_str(), request["max_age"].as_str()), ("login", "0"));
    let request = provider.request(&begin_with(&site.browser(), &[("prompt", "select_account")]).await.location());
    assert_eq!(request["prompt"], "select_account");
    site.stop().await;
}

#[actix_rt::test]
async fn a_policy_on_the_age_of_sessions_is_handed_on_too() {
    let provider = super::provider::Provider::start().await;
    let corp = config("corp", &provider.issuer);
    let site = Site::start_with(|configuration| {
        configuration.identity_providers = vec![std::sync::Arc::new(corp)];
        let mut trusted = client("trusted", false);
        trusted.limits.max_session_age = Some(std::time::Duration::from_secs(600));
        configuration.clients.insert(trusted.id.clone(), std::sync::Arc::new(trusted));
    })
    .await;
    let request = provider.request(&begin(&site.browser()).await.location());
    assert_eq!(request["max_age"], "600");
    site.stop().await;
}

#[actix_rt::test]
async fn a_provider_that_does_not_ask_again_logs_nobody_in_who_has_to_prove_themselves() {
    let (provider, site) = site().await;
    let now = START.as_second();
    // Somebody takes `prompt` out of the address, or the provider does not care: its own old session comes back.
    for (change, auth_time, passes) in [
        (("prompt", "login"), Some(now - 3600), false),
        (("prompt", "login"), None, false),
        (("prompt", "login"), Some(now), true),
        (("max_age", "600"), Some(now - 3600), false),
        (("max_age", "600"), None, false),
        (("max_age", "600"), Some(now - 300), true),
    ] {
        let browser = site.browser();
        let sent = begin_with(&browser, &[change]).await;
        let mut claims = ann();
        if let Some(at) = auth_time {
            claims["auth_time"] = at.into();
        }
        let answer = browser.get(&provider.approve(&sent.location(), claims)).await;
        if passes {
            assert!(answer.sent("code").is_some(), "{change:?} {auth_time:?}: {answer:?}");
        } else {
            assert_refused(&browser, &answer, 403, "did not ask you");
        }
    }
    site.stop().await;
}

#[actix_rt::test]
async fn what_is_secret_shows_in_no_address() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let sent = begin(&browser).await;
    let address = sent.location();
    let state = provider.request(&address)["state"].clone();
    let ticket = payload(&state).to_string();
    let (id, nonce) = (
        browser.cookie("nauthera_browser").unwrap(),
        provider.request(&address)["nonce"].clone(),
    );
    assert!(
        !address.as_str().contains(&id) && !ticket.contains(&id),
        "the browser's id, from which nonce and verifier are made"
    );
    assert!(!ticket.contains(&nonce), "the nonce is not in the ticket");
    assert!(!address.as_str().contains(super::provider::CLIENT_SECRET));
    // Each login has its own.
    let other = provider.request(&begin(&browser).await.location());
    assert_ne!(other["nonce"], nonce);
    assert_ne!(other["code_challenge"], provider.request(&address)["code_challenge"]);
    site.stop().await;
}

#[actix_rt::test]
async fn a_request_that_is_too_long_to_travel_is_refused_with_a_page() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let page = browser
        .get(&authorize(&[("state", &"s".repeat(400)), ("more", &"x".repeat(4000))]))
        .await;
    assert_eq!(page.status, 200, "{}", page.body);
    let answer = press(&browser, &page).await;
    assert_refused(&browser, &answer, 400, "4 KiB");
    assert_eq!(provider.asked("/token"), 0);
    site.stop().await;
}
