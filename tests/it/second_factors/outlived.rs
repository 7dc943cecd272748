//! Proofs that something took back before they came to anything: a password that was reset, a session that was ended.

use super::walk::*;
use crate::support::site::*;
use nauthera::oauth::opaque::TokenHash;
use nauthera::store::records::PasswordRecord;

/// As `nauthera user reset-password` and a new declaration do it.
async fn reset_password(site: &Site) {
    let platform = &site.platform.platform;
    let user = platform
        .authenticator
        .authenticate(USERNAME, &PASSWORD.into(), None)
        .await
        .unwrap()
        .user
        .id;
    let before = platform.store.password(&user).await.unwrap().unwrap();
    let after = PasswordRecord {
        hash: "another".to_owned(),
        must_change: true,
        ..before.clone()
    };
    let now = platform.clock.now();
    assert!(
        platform
            .store
            .replace_password(&user, Some(&before), &after, Some(now))
            .await
            .unwrap()
    );
}

/// No session, and the way to one is closed.
fn came_to_nothing(browser: &Browser, answer: &Answer) {
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert_eq!(browser.cookie(SESSION), None);
}

#[actix_rt::test]
async fn a_password_that_was_reset_opens_nothing_by_a_page_that_waits_for_the_second_factor() {
    let site = site(|rule| rule.required = true).await;
    let (_, app, recovery) = enrol(&site, &site.browser()).await;
    later(&site, 60);
    let thief = site.browser();
    let page = to_the_second_factor(&thief, &authorize(&[])).await;
    reset_password(&site).await;
    came_to_nothing(&thief, &answer(&thief, &page, &app.code(&site)).await);
    // Nothing is used up by it, and no guess is counted.
    for code in recovery.iter().map(String::as_str).chain(["000000"; 10]) {
        came_to_nothing(&thief, &answer(&thief, &page, code).await);
    }
    let platform = &site.platform.platform;
    let alice = alice(&site).await;
    assert_eq!(platform.store.recovery_codes_left(&alice).await.unwrap(), 10);
    site.stop().await;
}

async fn alice(site: &Site) -> nauthera::oauth::ids::UserId {
    let staff = nauthera::oauth::ids::UserStoreId::new(crate::support::platform::STAFF);
    let found = site.platform.platform.store.user_by_name(&staff, USERNAME).await;
    found.unwrap().unwrap().id
}

#[actix_rt::test]
async fn whoever_is_disabled_meanwhile_neither_logs_in_nor_sets_anything_up() {
    let site = site(|rule| rule.required = true).await;
    let (browser, without) = (site.browser(), site.browser());
    let (_, app, _) = enrol(&site, &site.browser()).await;
    later(&site, 60);
    let page = to_the_second_factor(&browser, &authorize(&[])).await;
    let login = without.get(&authorize(&[])).await;
    let onward = without.log_in(&login, "bob", PASSWORD).await;
    let setup = follow(&without, &onward).await;
    let bobs = App::of(&setup);
    let mut configuration = (*site.platform.platform.config.current().unwrap()).clone();
    for user in &mut configuration.users {
        std::sync::Arc::make_mut(user).disabled = true;
    }
    configuration.revision.0 = "2".to_owned();
    site.platform.apply(configuration).await;
    came_to_nothing(&browser, &answer(&browser, &page, &app.code(&site)).await);
    let fields = [("ticket", setup.ticket()), ("code", bobs.code(&site))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    came_to_nothing(&without, &without.post("/second-factor/setup", &fields).await);
    site.stop().await;
}

#[actix_rt::test]
async fn a_password_that_was_reset_sets_up_no_second_factor() {
    let site = site(|rule| rule.required = true).await;
    let thief = site.browser();
    let page = thief.get(&authorize(&[])).await;
    let onward = thief.log_in(&page, USERNAME, PASSWORD).await;
    let setup = follow(&thief, &onward).await;
    let app = App::of(&setup);
    reset_password(&site).await;
    let fields = [("ticket", setup.ticket()), ("code", app.code(&site))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    came_to_nothing(&thief, &thief.post("/second-factor/setup", &fields).await);
    came_to_nothing(&thief, &thief.get(onward.header("location")).await);
    let factors = site.platform.platform.store.factors(&alice(&site).await).await;
    assert_eq!(factors.unwrap().len(), 0);
    site.stop().await;
}

#[actix_rt::test]
async fn the_codes_page_of_a_password_that_was_reset_leads_nowhere() {
    let site = site(|rule| rule.required = true).await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[])).await;
    let onward = browser.log_in(&page, USERNAME, PASSWORD).await;
    let setup = follow(&browser, &onward).await;
    let code = App::of(&setup).code(&site);
    let codes = browser
        .post("/second-factor/setup", &[("ticket", &setup.ticket()), ("code", &code)])
        .await;
    reset_password(&site).await;
    came_to_nothing(&browser, &browser.post("/second-factor/done", &[("ticket", &codes.ticket())]).await);
    site.stop().await;
}

/// After so many seconds: while a copy of the session is still held, and after that.
async fn ended_and_gone_on_with_after(seconds: u64) {
    let site = Site::start().await;
    let browser = site.browser();
    browser.code().await;
    let setup = follow(&browser, &browser.get(&authorize(&[("acr_values", "urn:nauthera:acr:2fa")])).await).await;
    assert_eq!(setup.status, 200, "{}", setup.body);
    // At another replica, on the account pages.
    let (store, cookie) = (&site.platform.platform.store, browser.cookie(SESSION).unwrap());
    let now = site.platform.platform.clock.now();
    let session = store.session_by_token(&TokenHash::of(&cookie), now).await.unwrap().unwrap();
    store.end_session(&session.id, now).await.unwrap();
    later(&site, seconds);
    let code = App::of(&setup).code(&site);
    let sent = browser
        .post("/second-factor/setup", &[("ticket", &setup.ticket()), ("code", &code)])
        .await;
    assert_eq!(sent.status, 403, "{}", sent.body);
    assert_eq!(store.sessions_of(&session.user, now, 10).await.unwrap().len(), 0);
    assert_eq!(store.factors(&session.user).await.unwrap().len(), 0);
    site.stop().await;
}

#[actix_rt::test]
async fn a_session_that_was_ended_is_not_gone_on_with() {
    Box::pin(ended_and_gone_on_with_after(31)).await;
}

#[actix_rt::test]
async fn a_session_that_was_ended_elsewhere_in_this_moment_is_not_gone_on_with() {
    Box::pin(ended_and_gone_on_with_after(0)).await;
}
