//! What guards one's account.

use super::account::turn_to;
use super::keyboard::{enter, fill, is_at, log_in, reach, space, walk};
use crate::authenticator_app::app;
use crate::support::browser::{Browser, Mode};
use crate::support::pages::{ALERT, SUBMIT};
use crate::support::platform::{PASSWORD, Platform};
use thirtyfour::Key;

const SECURITY: &str = "/account/security";
const NEW: &str = "nanoseconds by the foot";

#[tokio::test]
async fn adds_an_app_confirms_who_one_is_changes_the_password_and_removes_the_app() {
    let platform = Platform::start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&format!("{}/login", platform.issuer)).await;
    log_in(&browser, PASSWORD).await;
    browser.see_title("Your account · Nauthera").await;

    turn_to(&browser, SECURITY).await;
    enter(&browser, "a[href$='method=totp']").await;
    browser.see_title("Set up an authenticator app · Nauthera").await;
    walk(&browser).await;
    let uri = browser.see("a[href^='otpauth:']").await.attr("href").await.unwrap().unwrap();
    fill(&browser, "#code", &app(&uri).code).await;
    browser.press(Key::Enter + "").await;
    browser.see_title("Your recovery codes · Nauthera").await;
    walk(&browser).await;
    enter(&browser, "main a").await;

    // With a second factor, a login by password alone changes nothing any more.
    browser.see_title("Password and second step · Nauthera").await;
    walk(&browser).await;
    enter(&browser, "a[href$='confirm=yes']").await;
    browser.see_title("Sign in · Nauthera").await;
    log_in(&browser, PASSWORD).await;
    browser.see_title("Confirm that it is you · Nauthera").await;
    walk(&browser).await;
    fill(&browser, "#code", &app(&uri).next).await;
    enter(&browser, SUBMIT).await;
    browser.see_title("Your account · Nauthera").await;

    turn_to(&browser, SECURITY).await;
    choose(&browser, "password123456").await;
    browser.see(ALERT).await;
    assert!(is_at(&browser, "#password").await, "another one can be typed at once");
    walk(&browser).await;
    choose(&browser, NEW).await;
    browser.see_title("Your account · Nauthera").await;

    turn_to(&browser, SECURITY).await;
    space(&browser, "button[value='remove']").await;
    browser.see_no("button[value='remove']").await;
    browser.see_text("main", "You have set up none").await;

    // It is the new password, and it is enough.
    turn_to(&browser, "/account").await;
    enter(&browser, "form[action$='/logout'] button").await;
    browser.see_title("You are signed out · Nauthera").await;
    reach(&browser, "main a").await;
    browser.press(Key::Enter + "").await;
    browser.see_title("Sign in · Nauthera").await;
    log_in(&browser, NEW).await;
    browser.see_title("Your account · Nauthera").await;
    browser.quit().await;
}

async fn choose(browser: &Browser, password: &str) {
    fill(browser, "#password", password).await;
    fill(browser, "#again", password).await;
    browser.press(Key::Enter + "").await;
}
