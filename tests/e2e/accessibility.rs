//! Every page that a person meets, held against axe-core's rules, in light and in dark.

use crate::login_round::log_in;
use crate::support::browser::{Browser, Mode};
use crate::support::pages::{self, ALERT, ALLOW};
use crate::support::platform::{PASSWORD, Platform};

#[tokio::test]
async fn no_page_has_an_accessibility_fault_in_light() {
    every_page(Mode::Plain).await;
}

#[tokio::test]
async fn no_page_has_an_accessibility_fault_in_dark() {
    every_page(Mode::Dark).await;
}

async fn every_page(mode: Mode) {
    let platform = Platform::start().await;
    let browser = Browser::start(mode).await;

    browser.open(&format!("{}/", platform.issuer)).await;
    let dark = browser.run("return matchMedia('(prefers-color-scheme: dark)').matches").await;
    assert_eq!(dark, mode == Mode::Dark, "the browser shows the scheme that this test is about");
    browser.check_accessibility("start").await;

    browser.open(&format!("{}/login", platform.shop.origin)).await;
    browser.check_accessibility("login").await;
    log_in(&browser, "not her password").await;
    browser.see(ALERT).await;
    browser.check_accessibility("login after a wrong password").await;

    log_in(&browser, PASSWORD).await;
    browser.see(ALLOW).await;
    browser.check_accessibility("consent").await;

    // A request that no redirect URI can be told about is explained on a page of the platform's own.
    browser
        .open(&format!("{}/authorize?client_id=nobody&response_type=code", platform.issuer))
        .await;
    browser.check_accessibility("error").await;

    // Without a post_logout_redirect_uri the platform itself says that it is over; where it asks first, that page is looked at, too.
    browser.open(&format!("{}/logout", platform.issuer)).await;
    browser.check_accessibility("logout").await;
    if browser.has("form button[type='submit']").await {
        browser.click("form button[type='submit']").await;
        browser.see("h1").await;
        browser.check_accessibility("logged out").await;
    }

    // Her password was set by somebody else.
    browser.open(&format!("{}/login", platform.issuer)).await;
    pages::log_in(&browser, "grace", "a moth in relay 70").await;
    browser.see("#again").await;
    browser.check_accessibility("new password").await;
    choose(&browser, "password123456").await;
    browser.see(ALERT).await;
    browser.check_accessibility("new password after a weak one").await;
    choose(&browser, "nanoseconds by the foot").await;
    browser.see_title("Your account · Nauthera").await;
    browser.quit().await;
}

async fn choose(browser: &Browser, password: &str) {
    browser.type_into("#password", password).await;
    browser.type_into("#again", password).await;
    browser.click(pages::SUBMIT).await;
}
