//! What somebody has of a stolen session cookie, and what other pages and other people can do.

use super::{log_in, show};
use crate::second_factors::walk::{App, later};
use crate::support::site::*;

const COOKIE: &str = "nauthera_session";

#[actix_rt::test]
async fn a_stolen_cookie_changes_nothing_that_guards_the_account() {
    let site = Site::start().await;
    let (owner, _elsewhere) = (log_in(&site).await, log_in(&site).await);
    later(&site, 600);
    let thief = site.browser();
    thief.set_cookie(COOKIE, &owner.cookie(COOKIE).unwrap());
    let page = show(&thief, "/account/security").await;
    assert!(page.body.contains("confirm once more"), "{}", page.body);
    assert!(!page.body.contains("type=\"password\""), "{}", page.body);
    // The forms that the page does not show.
    let new = "seven purple hedgehogs sail";
    for fields in [
        vec![("do", "password"), ("password", new), ("again", new)],
        vec![("do", "recovery-codes")],
        vec![("do", "remove"), ("factor", "any")],
    ] {
        let ticket = page_ticket(&thief).await;
        let fields: Vec<(&str, &str)> = fields.into_iter().chain([("ticket", ticket.as_str())]).collect();
        let sent = thief.post("/account/security", &fields).await;
        assert_eq!(sent.header("location"), "/login?confirm=yes", "{fields:?}");
    }
    for method in ["totp", "webauthn"] {
        let sent = thief.get(&format!("/account/security/new?method={method}")).await;
        assert!(sent.status == 404 || sent.header("location") == "/login?confirm=yes", "{method}");
    }
    // The confirmation wants the password; somebody else's opens somebody else's account.
    let confirm = show(&thief, "/login?confirm=yes").await;
    assert_eq!(thief.log_in(&confirm, USERNAME, "guess").await.status, 422);
    let sent = thief.log_in(&confirm, "bob", PASSWORD).await;
    assert_eq!(sent.location().path(), "/account");
    assert!(show(&thief, "/account").await.body.contains("bob@example.org"));
    site.stop().await;
}

/// A ticket of the account's pages: the list of sessions has one for whoever is signed in twice.
async fn page_ticket(browser: &Browser) -> String {
    show(browser, "/account/sessions").await.ticket()
}

#[actix_rt::test]
async fn a_fresh_cookie_in_another_browser_brings_no_tickets_along() {
    let site = Site::start().await;
    let owner = log_in(&site).await;
    let page = show(&owner, "/account/security").await;
    let thief = site.browser();
    thief.set_cookie(COOKIE, &owner.cookie(COOKIE).unwrap());
    thief.get("/login?confirm=yes").await;
    let fields = [("ticket", &*page.ticket()), ("do", "recovery-codes")];
    assert_eq!(thief.post("/account/security", &fields).await.status, 403, "another browser's form");
    let setup = show(&owner, "/account/security/new?method=totp").await;
    let fields = [("ticket", &*setup.ticket()), ("code", "123456")];
    assert_eq!(thief.post("/second-factor/setup", &fields).await.status, 403);
    site.stop().await;
}

#[actix_rt::test]
async fn forms_of_other_pages_and_of_other_sessions_do_nothing() {
    let site = Site::start().await;
    let (alice, other) = (log_in(&site).await, log_in(&site).await);
    for path in ["/account/security", "/account/sessions", "/account/applications"] {
        assert_eq!(
            alice.post(path, &[("do", "remove"), ("client", "shop")]).await.status,
            403,
            "{path}: no ticket"
        );
    }
    let login = alice.get("/login?confirm=yes").await;
    let fields = [("ticket", &*login.ticket()), ("others", "yes")];
    assert_eq!(
        alice.post("/account/sessions", &fields).await.status,
        403,
        "the ticket of another page"
    );

    // A page from before a logout, by whoever is signed in now.
    let page = show(&alice, "/account/sessions").await;
    let again = alice.get("/login?confirm=yes").await;
    alice.log_in(&again, "bob", PASSWORD).await;
    let sent = alice
        .post("/account/sessions", &[("ticket", &page.ticket()), ("others", "yes")])
        .await;
    assert_eq!(sent.location().path(), "/account");
    show(&other, "/account").await;

    // Bob names a session of alice.
    let hers = site.platform.platform.account.devices(&user_id(&site).await).await.unwrap()[0]
        .session
        .clone();
    let page = show(&alice, "/account/sessions").await;
    let ticket = if page.body.contains("name=\"ticket\"") {
        page.ticket()
    } else {
        String::new()
    };
    alice
        .post("/account/sessions", &[("ticket", &ticket), ("session", hers.as_str())])
        .await;
    show(&other, "/account").await;
    site.stop().await;
}

async fn user_id(site: &Site) -> nauthera::oauth::ids::UserId {
    let store = nauthera::oauth::ids::UserStoreId::new(crate::support::platform::STAFF);
    site.platform
        .platform
        .store
        .user_by_name(&store, USERNAME)
        .await
        .unwrap()
        .unwrap()
        .id
}

#[actix_rt::test]
async fn a_form_from_before_the_first_factor_adds_none_beside_it() {
    let site = Site::start().await;
    let owner = log_in(&site).await;
    let earlier = show(&owner, "/account/security/new?method=totp").await;
    let setup = show(&owner, "/account/security/new?method=totp").await;
    let app = App::of(&setup);
    owner
        .post("/second-factor/setup", &[("ticket", &setup.ticket()), ("code", &app.code(&site))])
        .await;
    let second = App::of(&earlier);
    let fields = [("ticket", &*earlier.ticket()), ("code", &second.code(&site))];
    let sent = owner.post("/second-factor/setup", &fields).await;
    assert_eq!(sent.header("location"), "/login?confirm=yes");
    site.stop().await;
}
