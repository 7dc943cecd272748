//! Passkeys: chosen, set up, and used after the password and instead of it. The key itself is touched by nobody; a script of the page asks it.

use super::keyboard::{enter, is_at, log_in, reach, space, walk};
use crate::support::browser::{Browser, Mode};
use crate::support::pages::{ALLOW, SUBMIT};
use crate::support::platform::{PASSWORD, Platform};
use thirtyfour::Key;

const SECOND_FACTOR: &str = "apiVersion: auth.nauthera.io/v1alpha1
kind: AuthPolicy
metadata: {name: strict, namespace: identity, labels: {nauthera.io/environment: e2e}}
spec:
  twoFactor: {required: true}
";
const PROBLEM: &str = "[data-key-problem]:not([hidden])";
const PROVE: &str = "form[data-key='prove'] button";
const PASSKEY: &str = "form[data-key='login'] button";

#[tokio::test]
async fn chooses_a_passkey_sets_it_up_and_logs_in_with_it() {
    let platform = Platform::start_at("localhost", |_| SECOND_FACTOR.to_owned()).await;
    let browser = Browser::start(Mode::Plain).await;
    let key = browser.add_key(&reqwest::Client::new()).await;
    let login = format!("{}/login", platform.shop.origin);
    browser.open(&login).await;
    browser.see(PASSKEY).await;
    log_in(&browser, PASSWORD).await;
    browser.see_title("Protect your account · Nauthera").await;
    walk(&browser).await;
    enter(&browser, "main a[href$='method=webauthn']").await;

    // It does not work at first: the page says so where the focus is, and the button comes next.
    browser.see_title("Set up a passkey · Nauthera").await;
    walk(&browser).await;
    key.recognises(false).await;
    space(&browser, SUBMIT).await;
    browser.see(PROBLEM).await;
    assert!(is_at(&browser, PROBLEM).await);
    key.recognises(true).await;
    browser.press(Key::Tab + "").await;
    assert!(is_at(&browser, SUBMIT).await);
    enter(&browser, SUBMIT).await;
    browser.see_title("Your recovery codes · Nauthera").await;
    enter(&browser, SUBMIT).await;
    browser.see(ALLOW).await;
    enter(&browser, ALLOW).await;
    browser.see_title("Logged in").await;

    // After the password. The key answers when it is asked by a button, and not already on the side.
    sign_out(&browser, &platform).await;
    key.recognises(false).await;
    browser.open(&login).await;
    browser.see(PASSKEY).await;
    log_in(&browser, PASSWORD).await;
    browser.see(PROVE).await;
    walk(&browser).await;
    key.recognises(true).await;
    space(&browser, PROVE).await;
    browser.see_title("Logged in").await;

    // Instead of it.
    sign_out(&browser, &platform).await;
    key.recognises(false).await;
    browser.open(&login).await;
    browser.see(PASSKEY).await;
    reach(&browser, PASSKEY).await;
    key.recognises(true).await;
    browser.press(Key::Enter + "").await;
    browser.see_title("Logged in").await;
    browser.quit().await;
}

async fn sign_out(browser: &Browser, platform: &Platform) {
    browser.open(&format!("{}/account", platform.issuer)).await;
    enter(browser, "form[action$='/logout'] button").await;
    browser.see_title("You are signed out · Nauthera").await;
}
