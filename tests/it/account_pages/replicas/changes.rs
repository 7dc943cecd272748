//! What ends, and what is asked for, at the replica that nobody told.

use super::*;
use crate::account_pages::{log_in, show};
use crate::second_factors::walk::{App, answer, later, to_the_second_factor};
use crate::support::redis;

const NEW: &str = "seven purple hedgehogs sail";

async fn a_withdrawn_consent_ends_its_tokens(redis: Option<&Redis>) {
    let replicas = Replicas::start(redis).await;
    let browser = replicas.one.browser();
    let tokens = allow_the_shop(&browser).await;
    let (api, access) = (replicas.other.browser(), text(&tokens, "access_token"));
    assert!(is_active(&api, &access).await);
    assert!(is_active(&api, &access).await, "from the cache, if there is one");
    assert_eq!(userinfo(&api, &access).await, 200);

    let page = show(&browser, "/account/applications").await;
    let fields = [("ticket", &*page.ticket()), ("client", "shop")];
    let sent = browser.post("/account/applications", &fields).await;
    assert_eq!(sent.location().path(), "/account/applications");
    within_a_second("introspection says inactive", async || !is_active(&api, &access).await).await;
    within_a_second("UserInfo refuses", async || userinfo(&api, &access).await == 401).await;
    refused(&refresh(&replicas.other, "shop", &tokens).await);
    replicas.stop().await;
}

#[actix_rt::test]
async fn a_consent_that_is_withdrawn_at_one_replica_ends_its_tokens_at_the_other() {
    a_withdrawn_consent_ends_its_tokens(None).await;
}

#[actix_rt::test]
async fn so_it_does_beside_a_cache_that_has_the_token_still() {
    let redis = redis::start();
    a_withdrawn_consent_ends_its_tokens(Some(&redis)).await;
    assert!(hits(&redis) > 0, "the cache was never the one that answered");
}

async fn a_device_is_signed_out(redis: Option<&Redis>) {
    let replicas = Replicas::start(redis).await;
    let lost = replicas.one.browser();
    let code = lost.code().await.sent("code").unwrap();
    let tokens = lost.tokens("trusted", &code).await;
    let offline = allow_the_shop(&lost).await;
    let lost = lost.at(&replicas.other);
    assert!(is_signed_in(&lost).await);
    assert!(is_signed_in(&lost).await, "now a copy");

    let here = log_in(&replicas.one).await;
    let page = show(&here, "/account/sessions").await;
    let fields = [("ticket", &*page.ticket()), ("session", &*page.hidden("session"))];
    let sent = here.post("/account/sessions", &fields).await;
    assert_eq!(sent.location().path(), "/account/sessions");
    within_a_second("its cookie is worthless", async || !is_signed_in(&lost).await).await;
    refused(&refresh(&replicas.other, "trusted", &tokens).await);
    let goes_on = refresh(&replicas.other, "shop", &offline).await;
    assert_eq!(goes_on.status, 200, "it was allowed for when nobody is there: {}", goes_on.body);
    assert!(is_signed_in(&here.at(&replicas.other)).await, "another device");
    replicas.stop().await;
}

#[actix_rt::test]
async fn a_device_that_is_signed_out_at_one_replica_is_so_at_the_other() {
    a_device_is_signed_out(None).await;
}

#[actix_rt::test]
async fn so_it_is_beside_a_cache_that_has_its_session_still() {
    let redis = redis::start();
    a_device_is_signed_out(Some(&redis)).await;
    assert!(hits(&redis) > 0, "the cache was never the one that answered");
}

#[actix_rt::test]
async fn a_password_that_is_changed_at_one_replica_ends_the_other_sessions_at_the_other() {
    let replicas = Replicas::start(None).await;
    let elsewhere = replicas.one.browser();
    let tokens = allow_the_shop(&elsewhere).await;
    let (here, elsewhere) = (log_in(&replicas.one).await, elsewhere.at(&replicas.other));
    let before = here.at(&replicas.other);
    for browser in [&elsewhere, &before] {
        assert!(is_signed_in(browser).await, "and now there is a copy");
    }

    let page = show(&here, "/account/security").await;
    let fields = [("ticket", &*page.ticket()), ("do", "password"), ("password", NEW), ("again", NEW)];
    assert_eq!(here.post("/account/security", &fields).await.location().path(), "/account");
    within_a_second("the other session is over", async || !is_signed_in(&elsewhere).await).await;
    within_a_second("so is its cookie from before", async || !is_signed_in(&before).await).await;
    assert!(is_signed_in(&here.at(&replicas.other)).await, "whoever changed it goes on");
    refused(&refresh(&replicas.other, "shop", &tokens).await);
    let page = elsewhere.get("/login").await;
    assert_eq!(elsewhere.log_in(&page, USERNAME, PASSWORD).await.status, 422, "the old one");
    assert_eq!(elsewhere.log_in(&page, USERNAME, NEW).await.location().path(), "/account");
    replicas.stop().await;
}

#[actix_rt::test]
async fn a_second_factor_that_is_added_at_one_replica_is_asked_for_at_the_other() {
    let replicas = Replicas::start(None).await;
    let here = log_in(&replicas.one).await;
    let setup = show(&here, "/account/security/new?method=totp").await;
    let (app, elsewhere) = (App::of(&setup), replicas.other.browser());
    let code = app.code(&replicas.one);
    let codes = here
        .post("/second-factor/setup", &[("ticket", &setup.ticket()), ("code", &code)])
        .await;
    assert!(codes.body.contains("Your recovery codes"), "{}", codes.body);

    let page = to_the_second_factor(&elsewhere, &authorize(&[])).await;
    assert_eq!(
        answer(&elsewhere, &page, &code).await.status,
        422,
        "it was used at the other replica"
    );
    later(&replicas.other, 30);
    let next = app.code(&replicas.other);
    let sent = answer(&elsewhere, &page, &next).await;
    assert!(sent.sent("code").is_some(), "{}", sent.body);
    replicas.stop().await;
}
