//! Whoever guesses at an account from elsewhere does not keep its owner out of it where they have logged in before.

use crate::support::site::*;
use jiff::SignedDuration;

const KNOWN: &str = "nauthera_known";

async fn guess(browser: &Browser, username: &str) -> u16 {
    let page = browser.get("/login").await;
    browser.log_in(&page, username, "a guess").await.status
}

#[actix_rt::test]
async fn a_siege_of_an_account_does_not_reach_a_browser_that_is_known() {
    let site = Site::start().await;
    let owner = site.browser();
    assert!(owner.code().await.sent("code").is_some());
    owner.forget("nauthera_session");
    let (attacker, elsewhere) = (site.browser(), site.browser());
    let besiege = || async {
        let mut looked_at = 0;
        while guess(&attacker, USERNAME).await == 422 {
            looked_at += 1;
        }
        looked_at
    };
    assert_eq!(besiege().await, 5);
    // It goes on for a day: there is always somebody before the owner where nobody is known.
    for _ in 0..24 {
        site.platform.clock.advance(SignedDuration::from_mins(60));
        besiege().await;
        let page = elsewhere.get("/login").await;
        assert_eq!(elsewhere.log_in(&page, USERNAME, PASSWORD).await.status, 429);
    }
    assert!(owner.code().await.sent("code").is_some());
    // That forgets nothing of the siege.
    assert_eq!(guess(&attacker, USERNAME).await, 429);
    site.stop().await;
}

#[actix_rt::test]
async fn a_known_browser_is_known_for_its_own_accounts_and_slowed_down_as_any() {
    let site = Site::start().await;
    let browser = site.browser();
    assert!(browser.code().await.sent("code").is_some());
    let known = browser.cookie(KNOWN).unwrap();
    let guesses = |username: &'static str| {
        let browser = &browser;
        async move {
            let mut looked_at = 0;
            while guess(browser, username).await == 422 {
                looked_at += 1;
            }
            looked_at
        }
    };
    browser.forget("nauthera_session");
    assert_eq!(guesses(USERNAME).await, 5, "whoever has stolen the cookie guesses as slowly");
    // Bob has never been here: what is guessed at him here counts with what is guessed elsewhere.
    assert_eq!(guesses("bob").await, 5);
    let elsewhere = site.browser();
    assert_eq!(guess(&elsewhere, "bob").await, 429);
    // An invented value is not known.
    elsewhere.set_cookie(KNOWN, &known.chars().rev().collect::<String>());
    assert_eq!(guess(&elsewhere, "bob").await, 429);
    site.stop().await;
}

#[actix_rt::test]
async fn a_wrong_password_makes_no_browser_known() {
    let site = Site::start().await;
    let browser = site.browser();
    guess(&browser, USERNAME).await;
    assert_eq!(browser.cookie(KNOWN), None);
    site.stop().await;
}
