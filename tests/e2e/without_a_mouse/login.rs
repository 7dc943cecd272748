//! Logins: with a password, with a second factor, and by way of another provider.

use super::keyboard::{enter, fill, is_at, log_in, reach, space, walk};
use crate::authenticator_app::app;
use crate::support::browser::{Browser, Mode};
use crate::support::pages::{ALERT, ALLOW, PASSWORD_FIELD, SUBMIT, USERNAME_FIELD};
use crate::support::platform::{PASSWORD, Platform, USERNAME};
use crate::upstream_login::{self, CORP};
use thirtyfour::Key;

/// Nobody gets in without an app.
const SECOND_FACTOR: &str = "apiVersion: auth.nauthera.io/v1alpha1
kind: AuthPolicy
metadata: {name: strict, namespace: identity, labels: {nauthera.io/environment: e2e}}
spec:
  twoFactor: {required: true, methods: [totp]}
";

#[tokio::test]
async fn logs_in_and_consents_by_keyboard_alone() {
    let platform = Platform::start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&format!("{}/login", platform.shop.origin)).await;

    browser.see(USERNAME_FIELD).await;
    reach(&browser, USERNAME_FIELD).await;
    browser.press(USERNAME).await;
    browser.press(Key::Tab + "").await;
    assert!(
        is_at(&browser, PASSWORD_FIELD).await,
        "the field after the user name is the password"
    );
    browser.press(PASSWORD).await;
    browser.press(Key::Enter + "").await;

    browser.see(ALLOW).await;
    walk(&browser).await;
    enter(&browser, ALLOW).await;
    browser.see_title("Logged in").await;
    browser.quit().await;
}

#[tokio::test]
async fn sets_up_the_app_that_a_policy_asks_for_and_proves_it_at_the_next_login() {
    let platform = Platform::start_with(|_| SECOND_FACTOR.to_owned()).await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&format!("{}/login", platform.shop.origin)).await;
    log_in(&browser, PASSWORD).await;

    browser.see_title("Set up an authenticator app · Nauthera").await;
    walk(&browser).await;
    let uri = browser.see("a[href^='otpauth:']").await.attr("href").await.unwrap().unwrap();
    let used = app(&uri).code;
    fill(&browser, "#code", &used).await;
    space(&browser, SUBMIT).await;
    browser.see_title("Your recovery codes · Nauthera").await;
    walk(&browser).await;
    enter(&browser, SUBMIT).await;
    browser.see(ALLOW).await;
    space(&browser, ALLOW).await;
    browser.see_title("Logged in").await;

    browser.open(&format!("{}/account", platform.issuer)).await;
    enter(&browser, "form[action$='/logout'] button").await;
    browser.see_title("You are signed out · Nauthera").await;
    walk(&browser).await;

    browser.open(&format!("{}/login", platform.shop.origin)).await;
    log_in(&browser, PASSWORD).await;
    browser.see_title("Confirm that it is you · Nauthera").await;
    assert!(is_at(&browser, "#code").await, "it can be typed at once");
    walk(&browser).await;
    fill(&browser, "#code", &used).await;
    browser.press(Key::Enter + "").await;
    browser.see(ALERT).await;
    assert!(is_at(&browser, "#code").await, "and once more");
    browser.press(app(&uri).next).await;
    browser.press(Key::Enter + "").await;
    browser.see_title("Logged in").await;
    browser.quit().await;
}

#[tokio::test]
async fn chooses_another_provider() {
    let (_corp, platform) = upstream_login::start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&format!("{}/login", platform.issuer)).await;
    browser.see(CORP).await;
    assert!(is_at(&browser, USERNAME_FIELD).await);
    walk(&browser).await;
    space(&browser, CORP).await;
    browser.see_title("Corp").await;
    browser.quit().await;
}
