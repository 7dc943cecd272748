//! A person with a browser: login, consent, tokens, userinfo, refresh, logout.

use crate::support::browser::{Browser, Mode};
use crate::support::pages::{self, ALERT, ALLOW, DENY, PASSWORD_FIELD, SUBMIT};
use crate::support::platform::{PASSWORD, Platform, USERNAME};
use serde_json::Value;

/// Fills in the login form as Ada and sends it.
pub async fn log_in(browser: &Browser, password: &str) {
    pages::log_in(browser, USERNAME, password).await;
}

#[tokio::test]
async fn logs_in_consents_refreshes_and_logs_out_at_a_site_on_openid_client() {
    let platform = Platform::start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&platform.shop.origin).await;
    browser.click("#login").await;

    log_in(&browser, "not her password").await;
    let refusal = browser.text(ALERT).await;
    assert!(!refusal.is_empty());
    assert!(!browser.url().await.contains("password"), "a password never appears in an address");
    log_in(&browser, PASSWORD).await;

    browser.click(ALLOW).await;
    browser.see_title("Logged in").await;
    let claims = browser.json("#claims").await;
    assert_eq!(claims["iss"], platform.issuer.as_str());
    assert_eq!(claims["aud"], "e2e.shop");
    let userinfo = browser.json("#userinfo_answer").await;
    assert_eq!(userinfo["sub"], claims["sub"]);
    assert_eq!(userinfo["email"], "ada@example.org");
    assert_eq!(userinfo["groups"], serde_json::json!(["mathematicians"]));
    let access = browser.text("#access_token").await;
    assert_ne!(browser.text("#refresh_token").await, "none");

    browser.click("#userinfo").await;
    browser.see_title("Asked again").await;

    browser.click("#refresh").await;
    browser.see_title("Refreshed").await;
    assert_ne!(browser.text("#access_token").await, access, "a refresh brings another access token");
    assert_eq!(browser.json("#userinfo_answer").await["sub"], claims["sub"]);

    browser.click("#logout").await;
    browser.see_title("Goodbye").await;
    assert_eq!(
        browser.text("#state").await,
        "farewell",
        "the state of the logout request comes back"
    );
    assert_eq!(
        browser.text("#refresh_after_logout").await,
        "invalid_grant",
        "without offline_access the refresh token ended with the login"
    );
    assert_eq!(
        browser.text("#told").await,
        "signed out",
        "the site was told by the server, beside the browser"
    );

    // The session is over: the next login asks for the password again. The consent was given and is remembered.
    browser.open(&platform.shop.origin).await;
    browser.click("#login").await;
    log_in(&browser, PASSWORD).await;
    browser.see_title("Logged in").await;
    browser.quit().await;
}

#[tokio::test]
async fn a_session_spares_the_second_login_unless_the_site_insists() {
    let platform = Platform::start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&format!("{}/login", platform.shop.origin)).await;
    log_in(&browser, PASSWORD).await;
    browser.click(ALLOW).await;
    browser.see_title("Logged in").await;
    let first = browser.json("#claims").await;

    browser.open(&format!("{}/login", platform.shop.origin)).await;
    browser.see_title("Logged in").await;
    let second = browser.json("#claims").await;
    assert_eq!(second["sub"], first["sub"]);
    assert_eq!(second["auth_time"], first["auth_time"], "it is the same login");
    assert_ne!(second["nonce"], first["nonce"]);

    browser.open(&format!("{}/login?prompt=login", platform.shop.origin)).await;
    browser.type_into(PASSWORD_FIELD, PASSWORD).await;
    browser.click(SUBMIT).await;
    browser.see_title("Logged in").await;
    assert_eq!(browser.json("#claims").await["sub"], first["sub"]);
    browser.quit().await;
}

#[tokio::test]
async fn a_device_that_is_signed_out_on_the_account_pages_is_signed_out_at_the_site() {
    let platform = Platform::start().await;
    let (phone, laptop) = tokio::join!(Browser::start(Mode::Plain), Browser::start(Mode::Plain));
    phone.open(&format!("{}/login", platform.shop.origin)).await;
    log_in(&phone, PASSWORD).await;
    phone.click(ALLOW).await;
    phone.see_title("Logged in").await;

    laptop.open(&format!("{}/login", platform.issuer)).await;
    log_in(&laptop, PASSWORD).await;
    laptop.open(&format!("{}/account/sessions", platform.issuer)).await;
    laptop.click("button[name=others]").await;
    phone.open(&format!("{}/told", platform.shop.origin)).await;
    assert_eq!(phone.text("#told").await, "signed out");
    phone.open(&format!("{}/account", platform.issuer)).await;
    phone.see(PASSWORD_FIELD).await;
    tokio::join!(phone.quit(), laptop.quit());
}

#[tokio::test]
async fn a_refused_consent_is_an_error_at_the_site_and_no_token() {
    let platform = Platform::start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&format!("{}/login", platform.shop.origin)).await;
    log_in(&browser, PASSWORD).await;
    browser.click(DENY).await;
    browser.see_title("Failed").await;
    assert!(browser.text("#error").await.contains("access_denied"));
    browser.quit().await;
}

#[tokio::test]
async fn logs_in_at_the_bundled_demo_client() {
    let platform = Platform::start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&platform.demo).await;
    browser.click("#login").await;
    log_in(&browser, PASSWORD).await;
    browser.click(ALLOW).await;
    let shown = browser.text("#id-token").await;
    assert!(shown.contains(&platform.issuer), "the decoded ID token names its issuer: {shown}");
    assert!(browser.text("#userinfo").await.contains("ada@example.org"));
    browser.click("#refresh").await;
    browser.see_text("main", "Refreshed 1 time").await;
    browser.click("#logout").await;
    browser.see("#login").await;
    browser.quit().await;
}

/// The claims of a JWT without looking at its signature: for assertions on what a checked token says.
pub fn payload(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).expect("a JWT has three parts");
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
