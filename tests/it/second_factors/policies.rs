//! What policies and requests ask for, also of people who are logged in already.

use super::walk::*;
use crate::support::site::*;
use nauthera::config::snapshot::Snapshot;
use nauthera::oauth::two_factor::{FactorMethod, TwoFactor};

#[actix_rt::test]
async fn a_policy_that_starts_to_require_one_while_people_are_logged_in() {
    let site = Site::start().await;
    let (fresh, old, with_app) = (site.browser(), site.browser(), site.browser());
    assert!(old.code().await.sent("code").is_some());
    later(&site, 600);
    assert!(fresh.code().await.sent("code").is_some());
    // Bob set up an app of his own accord: his session has proved it.
    let request = authorize(&[("acr_values", "urn:nauthera:acr:2fa")]);
    let page = with_app.get(&request).await;
    let onward = with_app.log_in(&page, "bob", PASSWORD).await;
    let setup = follow(&with_app, &onward).await;
    let app = App::of(&setup);
    let codes = with_app
        .post("/second-factor/setup", &[("ticket", &setup.ticket()), ("code", &app.code(&site))])
        .await;
    let end = with_app.post("/second-factor/done", &[("ticket", &codes.ticket())]).await;
    assert!(end.sent("code").is_some());

    let mut stricter = Snapshot::clone(&site.platform.platform.config.current().unwrap());
    stricter.revision = nauthera::config::snapshot::Revision("2".to_owned());
    let rule = TwoFactor {
        required: true,
        ..TwoFactor::default()
    };
    under(&mut stricter, "trusted", rule);
    site.platform.apply(stricter).await;

    // Whoever has just logged in sets one up; whoever did so long ago logs in once more before that; whoever has proved one goes on unasked.
    let sent = fresh.get(&authorize(&[])).await;
    assert_eq!(sent.location().path(), "/second-factor/setup");
    let asked = old.get(&authorize(&[])).await;
    assert_eq!(asked.status, 200);
    assert!(asked.body.contains("Please confirm that it is you"), "{}", asked.body);
    let onward = old.log_in(&asked, USERNAME, PASSWORD).await;
    assert_eq!(onward.location().path(), "/second-factor/setup");
    assert!(with_app.get(&authorize(&[])).await.sent("code").is_some());
    // Without a page there is nothing to ask on; and other applications go on as before.
    let silent = fresh.get(&authorize(&[("prompt", "none")])).await;
    assert_eq!(silent.sent("error").as_deref(), Some("login_required"));
    assert!(fresh.get(&authorize(&[("client_id", "shop"), ("scope", "openid")])).await.status == 200);
    site.stop().await;
}

#[actix_rt::test]
async fn a_request_steps_up_and_the_session_keeps_what_was_proved() {
    let site = site(|_| {}).await;
    let browser = site.browser();
    let end = browser.code().await;
    let before = browser.tokens("trusted", &end.sent("code").unwrap()).await;
    let before = payload(before["id_token"].as_str().unwrap());
    assert_eq!(before["acr"], "urn:nauthera:acr:1fa");

    later(&site, 30);
    let two = authorize(&[("acr_values", "urn:unknown urn:nauthera:acr:2fa")]);
    let setup = follow(&browser, &browser.get(&two).await).await;
    let app = App::of(&setup);
    let codes = browser
        .post("/second-factor/setup", &[("ticket", &setup.ticket()), ("code", &app.code(&site))])
        .await;
    let end = browser.post("/second-factor/done", &[("ticket", &codes.ticket())]).await;
    let after = browser.tokens("trusted", &end.sent("code").unwrap()).await;
    let after = payload(after["id_token"].as_str().unwrap());
    assert_eq!((&after["acr"], &after["sid"]), (&"urn:nauthera:acr:2fa".into(), &before["sid"]));
    assert_eq!(
        after["auth_time"], before["auth_time"],
        "the password was proved then, and not anew"
    );
    assert!(browser.get(&two).await.sent("code").is_some(), "once is enough");

    // No key can be bound to an address: what cannot be had is told to the client, and keys alone are not offered.
    let resistant = browser.get(&authorize(&[("acr_values", "phr")])).await;
    let page = follow(&browser, &resistant).await;
    assert!(page.body.contains("None of the ways that are allowed"), "{}", page.body);
    site.stop().await;
}

#[actix_rt::test]
async fn what_no_method_amounts_to_is_told_to_the_client() {
    let site = site(|rule| rule.methods = [FactorMethod::Totp].into()).await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[("acr_values", "phr")])).await;
    let end = browser.log_in(&page, USERNAME, PASSWORD).await;
    assert_eq!(end.sent("error").as_deref(), Some("unmet_authentication_requirements"));
    site.stop().await;
}

#[actix_rt::test]
async fn discovery_tells_which_classes_there_are() {
    let site = site(|_| {}).await;
    let document = site.browser().get("/.well-known/openid-configuration").await;
    let document: serde_json::Value = serde_json::from_str(&document.body).unwrap();
    assert_eq!(
        document["acr_values_supported"],
        serde_json::json!(["urn:nauthera:acr:1fa", "urn:nauthera:acr:2fa", "phr"])
    );
    site.stop().await;
}
