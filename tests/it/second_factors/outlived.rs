//! Proofs that something took back before they came to anything: a password that was reset, a session that was ended.

use super::walk::*;
use crate::support::site::*;
use nauthera::oauth::ids::SessionId;
use nauthera::store::records::PasswordRecord;

const SESSION: &str = "nauthera_session";

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
    let (_, app, _) = enrol(&site, &site.browser()).await;
    later(&site, 60);
    let thief = site.browser();
    let page = to_the_second_factor(&thief, &authorize(&[])).await;
    reset_password(&site).await;
    came_to_nothing(&thief, &answer(&thief, &page, &app.code(&site)).await);
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
    let platform = &site.platform.platform;
    let alice = nauthera::oauth::ids::UserStoreId::new(crate::support::platform::STAFF);
    let alice = platform.store.user_by_name(&alice, USERNAME).await.unwrap().unwrap();
    assert_eq!(platform.store.factors(&alice.id).await.unwrap().len(), 0);
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

#[actix_rt::test]
async fn a_session_that_was_ended_is_not_gone_on_with() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.code().await;
    let setup = follow(&browser, &browser.get(&authorize(&[("acr_values", "urn:nauthera:acr:2fa")])).await).await;
    assert_eq!(setup.status, 200, "{}", setup.body);
    // From another device, on the account pages.
    let store = &site.platform.platform.store;
    let session = store
        .session_by_token(
            &nauthera::oauth::opaque::TokenHash::of(&browser.cookie(SESSION).unwrap()),
            site.platform.platform.clock.now(),
        )
        .await
        .unwrap()
        .unwrap();
    store
        .end_session(&SessionId::new(session.id.as_str()), site.platform.platform.clock.now())
        .await
        .unwrap();
    later(&site, 31);
    let code = App::of(&setup).code(&site);
    let sent = browser
        .post("/second-factor/setup", &[("ticket", &setup.ticket()), ("code", &code)])
        .await;
    assert_eq!(sent.status, 403, "{}", sent.body);
    assert_eq!(store.factors(&session.user).await.unwrap().len(), 0);
    site.stop().await;
}
