//! What somebody can do who has the password, and nothing else.

use super::walk::*;
use crate::support::site::*;
use futures::future::join_all;

#[actix_rt::test]
async fn a_code_is_good_once_and_so_is_every_one_before_it() {
    let site = site(|rule| rule.required = true).await;
    let (_, app, _) = enrol(&site, &site.browser()).await;
    later(&site, 60);
    let (victim, attacker) = (site.browser(), site.browser());
    let earlier = app.code(&site);
    later(&site, 30);
    let code = app.code(&site);
    let page = to_the_second_factor(&victim, &authorize(&[])).await;
    assert!(answer(&victim, &page, &code).await.sent("code").is_some());
    // Looked over the shoulder: the same code, and the one before, which its window would still let in.
    let page = to_the_second_factor(&attacker, &authorize(&[])).await;
    for seen in [&code, &earlier] {
        assert_eq!(answer(&attacker, &page, seen).await.status, 422);
    }
    site.stop().await;
}

#[actix_rt::test]
async fn a_burst_of_guesses_is_stopped_and_the_owner_gets_in_after_the_stated_wait() {
    let site = site(|rule| rule.required = true).await;
    let at_home = site.browser();
    let (_, app, _) = enrol(&site, &at_home).await;
    later(&site, 60);
    let attacker = site.browser();
    let page = to_the_second_factor(&attacker, &authorize(&[])).await;
    let ticket = page.ticket();
    let right = app.code(&site);
    let guesses: Vec<String> = (0..40)
        .map(|number| format!("{number:06}"))
        .filter(|guess| *guess != right)
        .collect();
    let fields: Vec<[(&str, &str); 2]> = guesses.iter().map(|guess| [("ticket", ticket.as_str()), ("code", guess)]).collect();
    let answers = join_all(fields.iter().map(|fields| attacker.post("/login/second-factor", fields))).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 422).count();
    assert!(looked_at <= 5, "{looked_at} guesses were looked at");
    let throttled = answers.iter().find(|answer| answer.status == 429).expect("a throttled one");
    assert!(!throttled.header("retry-after").is_empty());
    // Not even the right one, while it is too early.
    assert_eq!(answer(&attacker, &page, &right).await.status, 429);

    // Where its owner has logged in before, the siege is not felt; elsewhere it is over after the stated wait.
    assert!(at_home.get("/account").await.status == 200);
    at_home.forget("nauthera_session");
    let page = to_the_second_factor(&at_home, &authorize(&[])).await;
    assert!(answer(&at_home, &page, &right).await.sent("code").is_some());

    later(&site, 300);
    let owner = site.browser();
    let page = to_the_second_factor(&owner, &authorize(&[])).await;
    assert!(answer(&owner, &page, &app.code(&site)).await.sent("code").is_some());
    site.stop().await;
}

#[actix_rt::test]
async fn a_password_adds_no_app_beside_the_one_that_is_there() {
    let site = site(|rule| rule.required = true).await;
    // Both begin before she has any.
    let (owner, attacker) = (site.browser(), site.browser());
    let page = attacker.get(&authorize(&[])).await;
    let onward = attacker.log_in(&page, USERNAME, PASSWORD).await;
    let setup = follow(&attacker, &onward).await;
    let (end, ..) = enrol(&site, &owner).await;
    assert!(end.sent("code").is_some());
    let app = App::of(&setup);
    let fields = [("ticket", &*setup.ticket()), ("code", &app.code(&site))];
    let sent = attacker.post("/second-factor/setup", &fields).await;
    assert_eq!(sent.location().path(), "/login/second-factor", "first the one that she has");
    let user = site.platform.platform.store.as_ref();
    let alice = user
        .user_by_name(&nauthera::oauth::ids::UserStoreId::new(crate::support::platform::STAFF), USERNAME)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(user.factors(&alice.id).await.unwrap().len(), 1);
    site.stop().await;
}

#[actix_rt::test]
async fn tickets_are_of_one_browser_and_one_purpose() {
    let site = site(|rule| rule.required = true).await;
    let (_, app, _) = enrol(&site, &site.browser()).await;
    later(&site, 60);
    let owner = site.browser();
    let page = owner.get(&authorize(&[])).await;
    let onward = owner.log_in(&page, USERNAME, PASSWORD).await;
    let address = onward.header("location").to_owned();
    let form = owner.get(&address).await;

    // Somebody else's browser, with the address or the form.
    let thief = site.browser();
    thief.get(&authorize(&[])).await;
    assert_eq!(thief.get(&address).await.status, 403);
    let fields = [("ticket", &*form.ticket()), ("code", &app.code(&site))];
    assert_eq!(thief.post("/login/second-factor", &fields).await.status, 403);
    assert_eq!(thief.cookie("nauthera_session"), None);

    // The ticket of one page at another.
    for path in ["/login", "/second-factor/done", "/second-factor/setup", "/consent"] {
        let crossed = owner
            .post(path, &[("ticket", &form.ticket()), ("code", "1"), ("decision", "allow")])
            .await;
        assert_eq!(crossed.status, 403, "{path}");
    }
    let proved = address.split_once("ticket=").unwrap().1;
    let crossed = owner
        .post("/login/second-factor", &[("ticket", proved), ("code", &app.code(&site))])
        .await;
    assert_eq!(crossed.status, 403);
    // The way of somebody who has just set one up, with a ticket that proved the password alone.
    let crossed = owner.post("/second-factor/done", &[("ticket", proved)]).await;
    assert_eq!(crossed.location().path(), "/login/second-factor");
    assert_eq!(owner.cookie("nauthera_session"), None);

    // Too late.
    later(&site, 700);
    let late = owner
        .post("/login/second-factor", &[("ticket", &form.ticket()), ("code", &app.code(&site))])
        .await;
    assert_eq!(late.location().path(), "/authorize");
    site.stop().await;
}

#[actix_rt::test]
async fn nonsense_in_place_of_a_key_is_refused_and_slows_nobody_elses_login() {
    let site = site(|_| {}).await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[])).await;
    // There are no keys at an address, so there is no question either.
    assert!(!page.body.contains("data-key"), "{}", page.body);
    for answer in ["", "{}", "[1]", "null"] {
        let refused = browser
            .post("/login/passkey", &[("ticket", &page.ticket()), ("answer", answer)])
            .await;
        assert_eq!(refused.status, 404, "{answer}");
    }
    assert!(browser.log_in(&page, USERNAME, PASSWORD).await.sent("code").is_some());
    site.stop().await;
}
