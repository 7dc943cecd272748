//! Servers run meanwhile: what is done to people counts there at once.

use super::{Place, told};
use crate::support::platform::STAFF;
use crate::support::site::*;
use std::time::Duration;

/// A server beside `place`, whose clock stands still: what it remembers of sessions never ages.
async fn server(place: &Place) -> Site {
    let setting = Setting {
        store: Some(
            nauthera::store::open(&nauthera::store::StoreSettings::new(&place.url))
                .await
                .unwrap(),
        ),
        ..Setting::default()
    };
    Site::start_as(setting, |_| {}).await
}

async fn is_signed_in(browser: &Browser, username: &str) -> bool {
    browser.get("/").await.body.contains(username)
}

async fn is_told(browser: &Browser, username: &str) {
    let signed_out = async { while is_signed_in(browser, username).await {} };
    tokio::time::timeout(Duration::from_secs(60), signed_out)
        .await
        .expect("the end of a session");
}

/// Logs in with a one-time password and chooses another.
async fn settle(site: &Site, username: &str, one_time: &str, own: &str) -> Browser {
    let browser = site.browser();
    let sent = browser.log_in(&browser.get("/login").await, username, one_time).await.location();
    assert_eq!(sent.path(), "/login/password");
    let page = browser.get(&format!("{}?{}", sent.path(), sent.query().unwrap())).await;
    let fields = [("ticket", page.ticket()), ("password", own.to_owned()), ("again", own.to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(browser.post("/login/password", &fields).await.status, 303);
    assert!(is_signed_in(&browser, username).await);
    browser
}

#[actix_rt::test]
async fn who_is_added_can_log_in_at_a_running_server_and_who_is_disabled_is_out() {
    let place = Place::postgres().await;
    let site = server(&place).await;
    let one_time = told(&place.does(&["add", "carol", "--store", STAFF]));
    let browser = settle(&site, "carol", &one_time, "an owl in the attic").await;

    place.does(&["disable", "carol"]);
    is_told(&browser, "carol").await;
    let again = site.browser();
    let refused = again.log_in(&again.get("/login").await, "carol", "an owl in the attic").await;
    assert_eq!(refused.status, 422);

    place.does(&["enable", "carol"]);
    let back = again.log_in(&again.get("/login").await, "carol", "an owl in the attic").await;
    assert_eq!(back.header("location"), "/account", "her own password is hers still");
    site.stop().await;
}

#[actix_rt::test]
async fn a_reset_ends_sessions_at_a_running_server_and_only_the_new_password_counts() {
    let place = Place::postgres().await;
    let site = server(&place).await;
    let one_time = told(&place.does(&["add", "carol", "--store", STAFF]));
    let browser = settle(&site, "carol", &one_time, "an owl in the attic").await;

    let reset = told(&place.does(&["reset-password", "carol", "--store", STAFF]));
    is_told(&browser, "carol").await;
    let other = site.browser();
    for old in [one_time.as_str(), "an owl in the attic"] {
        assert_eq!(other.log_in(&other.get("/login").await, "carol", old).await.status, 422, "{old}");
    }
    settle(&site, "carol", &reset, "a heron on the roof").await;
    site.stop().await;
}
