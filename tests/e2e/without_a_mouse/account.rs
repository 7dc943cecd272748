//! One's own account, page by page.

use super::keyboard::{enter, is_at, log_in, space, walk};
use crate::support::browser::{Browser, Mode};
use crate::support::pages::{self, ALLOW, PASSWORD_FIELD};
use crate::support::platform::{PASSWORD, Platform, USERNAME};

/// The pages, by their tabs.
const PAGES: [(&str, &str); 5] = [
    ("/account/security", "Password and second step · Nauthera"),
    ("/account/sessions", "Where you are signed in · Nauthera"),
    ("/account/applications", "Applications with access · Nauthera"),
    ("/account/events", "What happened lately · Nauthera"),
    ("/account", "Your account · Nauthera"),
];

/// Goes to a page by its tab.
pub async fn turn_to(browser: &Browser, path: &str) {
    let (_, title) = PAGES.iter().find(|(known, _)| *known == path).unwrap();
    enter(browser, &format!(".tabs a[href$='{path}']")).await;
    browser.see_title(title).await;
    walk(browser).await;
    assert!(
        is_at(browser, ".tabs a[href$='/account']").await,
        "the first thing that Tab reaches is the first tab"
    );
}

#[tokio::test]
async fn goes_through_all_pages_signs_another_browser_out_and_takes_a_consent_back() {
    let platform = Platform::start().await;
    let (browser, other) = tokio::join!(Browser::start(Mode::Plain), Browser::start(Mode::Plain));
    other.open(&format!("{}/login", platform.issuer)).await;
    pages::log_in(&other, USERNAME, PASSWORD).await;
    other.see_title("Your account · Nauthera").await;

    browser.open(&format!("{}/login", platform.shop.origin)).await;
    log_in(&browser, PASSWORD).await;
    browser.see(ALLOW).await;
    enter(&browser, ALLOW).await;
    browser.see_title("Logged in").await;

    browser.open(&format!("{}/account", platform.issuer)).await;
    walk(&browser).await;
    for (path, _) in PAGES {
        turn_to(&browser, path).await;
    }

    turn_to(&browser, "/account/sessions").await;
    space(&browser, "button[name='session']").await;
    browser.see_no("button[name='session']").await;
    browser.see_text("h1", "Where you are signed in").await;
    walk(&browser).await;
    other.open(&format!("{}/account", platform.issuer)).await;
    other.see(PASSWORD_FIELD).await;
    other.quit().await;

    turn_to(&browser, "/account/applications").await;
    enter(&browser, "button[name='client']").await;
    browser.see_no("button[name='client']").await;
    browser.see_text("main", "not allowed any application").await;

    turn_to(&browser, "/account").await;
    space(&browser, "form[action$='/logout'] button").await;
    browser.see_title("You are signed out · Nauthera").await;
    browser.quit().await;
}
