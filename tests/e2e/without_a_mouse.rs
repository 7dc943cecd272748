//! The whole login by keyboard: the focus starts in the right place and Tab goes through the form in its order.

use crate::support::browser::{Browser, Mode};
use crate::support::platform::{PASSWORD, Platform, USERNAME};
use thirtyfour::Key;

#[tokio::test]
async fn logs_in_and_consents_by_keyboard_alone() {
    let platform = Platform::start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&format!("{}/login", platform.shop.origin)).await;

    browser.see(crate::support::pages::USERNAME_FIELD).await;
    tab_to(&browser, |focus| focus["name"] == "username").await;
    browser.press(USERNAME).await;
    browser.press(Key::Tab + "").await;
    assert_eq!(
        browser.focused().await["type"],
        "password",
        "the field after the user name is the password"
    );
    browser.press(PASSWORD).await;
    browser.press(Key::Enter + "").await;

    browser.see(crate::support::pages::ALLOW).await;
    tab_to(&browser, |focus| focus["value"] == "allow").await;
    browser.press(Key::Enter + "").await;
    browser.see_title("Logged in").await;
    browser.quit().await;
}

/// Presses Tab until the focus is where it should be; a page needs no more than a few.
async fn tab_to(browser: &Browser, there: impl Fn(&serde_json::Value) -> bool) {
    let mut passed = Vec::new();
    for _ in 0..20 {
        let focus = browser.focused().await;
        if there(&focus) {
            return;
        }
        passed.push(focus);
        browser.press(Key::Tab + "").await;
    }
    panic!("Tab does not get there; it passed {passed:#?}");
}
