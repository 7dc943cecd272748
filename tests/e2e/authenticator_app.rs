//! An authenticator app that the project did not write reads what the page shows, and its codes log its owner in.

use crate::support::browser::{Browser, Mode};
use crate::support::pages::{self, ALERT, SUBMIT};
use crate::support::platform::{PASSWORD, Platform, USERNAME};
use crate::support::{python, root};
use std::process::Command;

/// What the app shows: who it is for, and the codes of this half minute and the next.
pub struct Shown {
    issuer: String,
    account: String,
    pub code: String,
    pub next: String,
}

/// What the app says to an `otpauth` address, now.
pub fn app(uri: &str) -> Shown {
    let output = Command::new(python()).arg(root().join("tests/e2e/python/app.py")).arg(uri).output();
    let output = output.expect("python: run `make setup`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut lines = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let mut line = || lines.remove(0);
    Shown {
        issuer: line(),
        account: line(),
        code: line(),
        next: line(),
    }
}

#[tokio::test]
async fn an_app_on_pyotp_is_set_up_and_logs_its_owner_in() {
    let platform = Platform::start().await;
    let browser = Browser::start(Mode::NoJavaScript).await;
    browser.open(&format!("{}/login", platform.issuer)).await;
    pages::log_in(&browser, USERNAME, PASSWORD).await;
    browser.see_title("Your account · Nauthera").await;
    browser.open(&format!("{}/account/security/new?method=totp", platform.issuer)).await;
    let uri = browser.see("a[href^='otpauth:']").await.attr("href").await.unwrap().unwrap();
    let shown = app(&uri);
    assert_eq!((shown.issuer.as_str(), shown.account.as_str()), ("Nauthera", USERNAME));
    browser.type_into("#code", &shown.code).await;
    browser.click(SUBMIT).await;
    browser.see(".codes").await;
    browser.open(&format!("{}/account", platform.issuer)).await;
    browser.click("form[action$='/logout'] button").await;
    browser.see_title("You are signed out · Nauthera").await;

    browser.open(&format!("{}/login", platform.issuer)).await;
    pages::log_in(&browser, USERNAME, PASSWORD).await;
    // The code that set it up is spent; the next one is good already, since clocks may differ.
    browser.type_into("#code", &shown.code).await;
    browser.click(SUBMIT).await;
    browser.see(ALERT).await;
    browser.type_into("#code", &shown.next).await;
    browser.click(SUBMIT).await;
    browser.see_title("Your account · Nauthera").await;
    browser.quit().await;
}
