//! Whoever logs in with a password that somebody else set chooses their own before anything else.

use super::BROWSER;
use crate::store_conformance::fixtures::set_password;
use crate::support::platform::{STAFF, user};
use crate::support::site::*;
use jiff::SignedDuration;
use nauthera::accounts::password;
use nauthera::config::snapshot::DeclaredUser;
use nauthera::oauth::ids::{UserId, UserStoreId};
use nauthera::store::records::PasswordRecord;
use std::sync::Arc;

const OWN: &str = "an owl in the attic";

/// A site at which alice's declared password is good for one login.
async fn site() -> Site {
    Site::start_with(|configuration| {
        let alice = DeclaredUser {
            must_change_password: true,
            ..user(USERNAME, Some(PASSWORD))
        };
        configuration.users = vec![Arc::new(alice), Arc::new(user("bob", Some(PASSWORD)))];
    })
    .await
}

async fn alice(site: &Site) -> UserId {
    let store = &site.platform.platform.store;
    store.user_by_name(&UserStoreId::new(STAFF), USERNAME).await.unwrap().unwrap().id
}

async fn stored(site: &Site) -> PasswordRecord {
    let store = &site.platform.platform.store;
    store.password(&alice(site).await).await.unwrap().unwrap()
}

/// Logs in with the old password, and returns the page that asks for a new one.
async fn asked(browser: &Browser) -> Answer {
    let sent = browser.code().await;
    let location = sent.location();
    assert_eq!(location.path(), "/login/password");
    assert_eq!(browser.cookie(SESSION), None, "there is no session yet");
    let page = browser.get(&format!("{}?{}", location.path(), location.query().unwrap())).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page
}

async fn choose(browser: &Browser, ticket: &str, password: &str, again: &str) -> Answer {
    browser
        .post("/login/password", &[("ticket", ticket), ("password", password), ("again", again)])
        .await
}

/// Whether this password logs alice in, and to where.
async fn logs_in(site: &Site, password: &str) -> Option<String> {
    let browser = site.browser();
    let page = browser.get(&authorize(&[])).await;
    let answer = browser.log_in(&page, USERNAME, password).await;
    (answer.status == 303).then(|| answer.location().path().to_owned())
}

#[actix_rt::test]
async fn a_new_password_leads_on_to_the_application_and_opens_the_account_from_then_on() {
    let site = site().await;
    let browser = site.browser();
    let page = asked(&browser).await;
    assert!(
        page.body.contains("At least 12 characters") && page.body.contains(USERNAME),
        "{}",
        page.body
    );
    assert!(
        page.header("content-security-policy").contains("form-action 'self' https:"),
        "the form may end at the client"
    );
    let answer = choose(&browser, &page.ticket(), OWN, OWN).await;
    assert!(answer.header("location").starts_with(CALLBACK), "{}", answer.body);
    assert_eq!(answer.sent("state").as_deref(), Some("the-state"));
    assert!(browser.cookie(SESSION).is_some());
    let tokens = browser.tokens("trusted", &answer.sent("code").unwrap()).await;
    assert!(tokens["id_token"].is_string());

    assert_eq!(logs_in(&site, PASSWORD).await, None, "the old one opens nothing");
    assert_eq!(logs_in(&site, OWN).await.as_deref(), Some("/callback"));
    site.platform.platform.audit.flush().await.unwrap();
    let trail = site.platform.platform.store.recent_audit(50).await.unwrap();
    assert_eq!(trail.iter().filter(|event| event.kind == "password.changed").count(), 1);
    assert!(!format!("{trail:?}").contains("owl"), "no password in the trail");
    site.stop().await;
}

#[actix_rt::test]
async fn a_login_that_no_application_asked_for_ends_at_the_account() {
    let site = site().await;
    let browser = site.browser();
    let page = browser.get("/login").await;
    let location = browser.log_in(&page, USERNAME, PASSWORD).await.location();
    let page = browser.get(&format!("{}?{}", location.path(), location.query().unwrap())).await;
    assert!(page.header("content-security-policy").contains("form-action 'self';"));
    let answer = choose(&browser, &page.ticket(), OWN, OWN).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/account"));
    assert!(browser.get("/account").await.body.contains(USERNAME));
    site.stop().await;
}

#[actix_rt::test]
async fn what_will_not_do_is_said_and_nothing_is_stored() {
    let site = site().await;
    let before = stored(&site).await;
    let browser = site.browser();
    let ticket = asked(&browser).await.ticket();
    for (password, again, said) in [
        ("", "", "Enter the new password in both fields"),
        (OWN, "an owl in the attack", "do not hold the same password"),
        ("eleven char", "eleven char", "at least 12 characters"),
        ("1qaz2wsx3edc4rfv", "1qaz2wsx3edc4rfv", "guessed first"),
        ("password123456", "password123456", "guessed first"),
        ("i am Alice, hello", "i am Alice, hello", "your name"),
        (PASSWORD, PASSWORD, "the password that you just used"),
    ] {
        let page = choose(&browser, &ticket, password, again).await;
        assert_eq!(page.status, 422, "{password}");
        assert!(page.body.contains(said), "{password}: {}", page.body);
        assert!(
            password.is_empty() || !page.body.contains(&format!("value=\"{password}\"")),
            "it is not shown"
        );
        assert_eq!(page.ticket(), ticket, "trying does not make the ticket last longer");
        assert_eq!(browser.cookie(SESSION), None);
    }
    let long = "The quick brown fox, ".repeat(60);
    assert!(choose(&browser, &ticket, &long, &long).await.body.contains("too long"));
    assert_eq!(stored(&site).await, before);
    let answer = choose(&browser, &ticket, OWN, OWN).await;
    assert!(answer.header("location").starts_with(CALLBACK), "{}", answer.body);
    site.stop().await;
}

#[actix_rt::test]
async fn the_policys_minimum_counts_and_the_page_speaks_the_persons_language() {
    let site = Site::start_with(|configuration| {
        let alice = DeclaredUser {
            must_change_password: true,
            ..user(USERNAME, Some(PASSWORD))
        };
        configuration.users = vec![Arc::new(alice)];
        configuration.passwords.min_length = 20;
    })
    .await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[("ui_locales", "de")])).await;
    let location = browser.log_in(&page, USERNAME, PASSWORD).await.location();
    let page = browser.get(&format!("{}?{}", location.path(), location.query().unwrap())).await;
    assert!(
        page.body.contains("lang=\"de\"") && page.body.contains("Mindestens 20 Zeichen"),
        "{}",
        page.body
    );
    let page = choose(&browser, &page.ticket(), OWN, OWN).await;
    assert!(
        page.body.contains("Es ist zu kurz. Es braucht mindestens 20 Zeichen."),
        "{}",
        page.body
    );
    site.stop().await;
}

#[actix_rt::test]
async fn a_ticket_is_no_good_in_another_browser_nor_without_or_for_another_purpose() {
    let site = site().await;
    let before = stored(&site).await;
    let victim = site.browser();
    let ticket = asked(&victim).await.ticket();

    let attacker = site.browser();
    attacker.get("/login").await;
    assert!(attacker.cookie(BROWSER).is_some());
    assert_eq!(choose(&attacker, &ticket, OWN, OWN).await.status, 403);
    assert_eq!(attacker.get(&format!("/login/password?ticket={ticket}")).await.status, 403);
    assert_eq!(
        choose(&site.browser(), &ticket, OWN, OWN).await.status,
        400,
        "a browser without a cookie"
    );
    // A page of another site can make the victim's browser post, and has no ticket that was made for it.
    for forged in [
        "",
        "x",
        &attacker.get("/login").await.ticket(),
        &victim.get("/login").await.ticket(),
    ] {
        assert_eq!(choose(&victim, forged, OWN, OWN).await.status, 403, "{forged}");
    }
    assert_eq!(victim.get("/login/password").await.status, 403);
    assert_eq!(victim.post_raw("/login/password", "text/plain", b"x".to_vec()).await.status, 415);
    assert_eq!(stored(&site).await, before);
    site.stop().await;
}

#[actix_rt::test]
async fn a_ticket_is_spent_by_the_change_and_by_any_other() {
    let site = site().await;
    let browser = site.browser();
    let (ticket, second) = (asked(&browser).await.ticket(), asked(&browser).await.ticket());
    assert_eq!(choose(&browser, &ticket, OWN, OWN).await.status, 303);
    let chosen = stored(&site).await;
    for replayed in [&ticket, &second] {
        assert_eq!(
            choose(&browser, replayed, "quite another one", "quite another one").await.status,
            403
        );
        assert_eq!(browser.get(&format!("/login/password?ticket={replayed}")).await.status, 403);
    }
    assert_eq!(stored(&site).await, chosen);

    // Somebody resets the password, and a ticket for the one before is open still.
    let reset = |password: &str| PasswordRecord {
        hash: password::hash(password, [9; 16]).unwrap(),
        must_change: true,
        ..chosen.clone()
    };
    let (store, alice) = (&site.platform.platform.store, alice(&site).await);
    set_password(&**store, &alice, &reset(PASSWORD)).await;
    let browser = site.browser();
    let late = asked(&browser).await.ticket();
    set_password(&**store, &alice, &reset("the second one-time one")).await;
    assert_eq!(choose(&browser, &late, OWN, OWN).await.status, 403, "it was for the first one");
    assert_eq!(stored(&site).await, reset("the second one-time one"));
    site.stop().await;
}

#[actix_rt::test]
async fn of_two_forms_that_are_sent_at_once_one_counts() {
    let site = site().await;
    let browser = site.browser();
    let ticket = asked(&browser).await.ticket();
    let (one, other) = futures::join!(
        choose(&browser, &ticket, "the first of the two", "the first of the two"),
        choose(&browser, &ticket, "the other of the two", "the other of the two"),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 403]);
    let right = if one.status == 303 {
        "the first of the two"
    } else {
        "the other of the two"
    };
    assert_eq!(logs_in(&site, right).await.as_deref(), Some("/callback"));
    site.stop().await;
}

#[actix_rt::test]
async fn a_ticket_is_good_for_a_quarter_of_an_hour_and_then_the_login_begins_anew() {
    let site = site().await;
    let browser = site.browser();
    let ticket = asked(&browser).await.ticket();
    site.platform.clock.advance(SignedDuration::from_mins(15));
    let answer = choose(&browser, &ticket, OWN, OWN).await;
    assert_eq!(answer.location().path(), "/authorize");
    assert_eq!(
        logs_in(&site, PASSWORD).await.as_deref(),
        Some("/login/password"),
        "nothing was changed"
    );
    site.stop().await;
}

#[actix_rt::test]
async fn whoever_is_disabled_or_gone_meanwhile_changes_nothing() {
    let site = site().await;
    let browser = site.browser();
    let ticket = asked(&browser).await.ticket();
    let mut without = (*site.platform.platform.config.current().unwrap()).clone();
    without.users = vec![Arc::new(user("bob", Some(PASSWORD)))];
    without.revision = nauthera::config::snapshot::Revision("2".to_owned());
    site.platform.apply(without).await;
    assert_eq!(choose(&browser, &ticket, OWN, OWN).await.status, 403);
    assert!(stored(&site).await.must_change);
    site.stop().await;
}

#[actix_rt::test]
async fn sessions_and_refresh_tokens_of_the_old_password_end_and_others_stay() {
    let site = Site::start().await;
    let (phone, laptop, bobs) = (site.browser(), site.browser(), site.browser());
    let code = phone.code().await.sent("code").unwrap();
    let refresh = phone.tokens("trusted", &code).await["refresh_token"].as_str().unwrap().to_owned();
    bobs.log_in(&bobs.get("/login").await, "bob", PASSWORD).await;

    // Her manifest now says that the declared password is good for one login.
    let mut due = (*site.platform.platform.config.current().unwrap()).clone();
    let alice = DeclaredUser {
        must_change_password: true,
        ..user(USERNAME, Some(PASSWORD))
    };
    due.users = vec![Arc::new(alice), Arc::new(user("bob", Some(PASSWORD)))];
    due.revision = nauthera::config::snapshot::Revision("2".to_owned());
    site.platform.apply(due).await;
    assert!(phone.get("/").await.body.contains(USERNAME), "a session stays until the next login");

    let ticket = asked(&laptop).await.ticket();
    assert_eq!(choose(&laptop, &ticket, OWN, OWN).await.status, 303);
    assert!(laptop.get("/").await.body.contains(USERNAME));
    assert!(
        !phone.get("/").await.body.contains(USERNAME),
        "the other session has ended, at once"
    );
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("client_id", "trusted"),
    ];
    let answer = phone.post("/token", &fields).await;
    assert!(answer.status == 400 && answer.body.contains("invalid_grant"), "{}", answer.body);
    assert!(bobs.get("/").await.body.contains("bob"), "and nobody else's");
    site.stop().await;
}
