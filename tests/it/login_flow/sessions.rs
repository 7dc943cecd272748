//! Login sessions.

use crate::support::site::*;
use jiff::SignedDuration;

#[actix_rt::test]
async fn every_login_gives_the_session_a_new_value_and_the_old_one_is_dead() {
    let site = Site::start().await;
    let browser = site.browser();
    // A value that an attacker planted is never adopted.
    let planted = "A".repeat(43);
    browser.set_cookie(SESSION, &planted);
    browser.code().await;
    let first = browser.cookie(SESSION).unwrap();
    assert_ne!(first, planted);
    let page = browser.get(&authorize(&[("prompt", "login")])).await;
    browser.log_in(&page, USERNAME, PASSWORD).await;
    let second = browser.cookie(SESSION).unwrap();
    assert_ne!(first, second);
    for dead in [&planted, &first] {
        let thief = site.browser();
        thief.set_cookie(SESSION, dead);
        assert_eq!(
            thief.get(&authorize(&[("prompt", "none")])).await.sent("error").as_deref(),
            Some("login_required")
        );
    }
    // Another person at the same browser ends the first one's session.
    let page = browser.get(&authorize(&[("prompt", "login")])).await;
    browser.log_in(&page, "bob", PASSWORD).await;
    let thief = site.browser();
    thief.set_cookie(SESSION, &second);
    assert_eq!(
        thief.get(&authorize(&[("prompt", "none")])).await.sent("error").as_deref(),
        Some("login_required")
    );
    site.stop().await;
}

#[actix_rt::test]
async fn a_session_ends_by_itself() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.code().await;
    site.platform.clock.advance(SignedDuration::from_hours(12));
    assert_eq!(browser.get(&authorize(&[])).await.status, 200, "the login page");
    site.stop().await;
}
