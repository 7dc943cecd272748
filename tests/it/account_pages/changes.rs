//! What people change, and what it ends.

use super::{log_in, show};
use crate::second_factors::walk::{App, later};
use crate::support::site::*;

const NEW: &str = "seven purple hedgehogs sail";

#[actix_rt::test]
async fn shows_who_one_is_where_one_is_signed_in_and_what_happened() {
    let site = Site::start().await;
    let browser = log_in(&site).await;
    let profile = show(&browser, "/account").await;
    for text in ["alice", "alice@example.org", "staff"] {
        assert!(profile.body.contains(text), "{text}: {}", profile.body);
    }
    let elsewhere = log_in(&site).await;
    let sessions = show(&elsewhere, "/account/sessions").await;
    assert_eq!(sessions.body.matches("127.0.0.1").count(), 2, "{}", sessions.body);
    assert_eq!(sessions.body.matches("(this browser)").count(), 1, "{}", sessions.body);
    site.platform.platform.audit.flush().await.unwrap();
    let events = show(&browser, "/account/events").await;
    assert_eq!(events.body.matches("Password accepted").count(), 2, "{}", events.body);
    // Whoever is not signed in is asked to.
    assert_eq!(site.browser().get("/account/security").await.location().path(), "/login");
    site.stop().await;
}

#[actix_rt::test]
async fn a_device_that_is_signed_out_loses_session_and_refresh_tokens() {
    let site = Site::start().await;
    let lost = site.browser();
    let answer = lost.code().await;
    let tokens = lost.tokens("trusted", &answer.sent("code").unwrap()).await;
    let here = log_in(&site).await;
    let page = show(&here, "/account/sessions").await;
    let id = page
        .body
        .split("name=\"session\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let fields = [("ticket", &*page.ticket()), ("session", &*id)];
    assert_eq!(here.post("/account/sessions", &fields).await.location().path(), "/account/sessions");

    assert_eq!(lost.get("/account").await.location().path(), "/login");
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", "trusted"),
    ];
    let refused = lost.post("/token", &refresh).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("invalid_grant"), "{}", refused.body);
    show(&here, "/account").await;
    site.stop().await;
}

#[actix_rt::test]
async fn what_was_allowed_can_be_taken_back_and_its_tokens_end() {
    let site = Site::start().await;
    let browser = site.browser();
    let login = browser
        .get(&authorize(&[
            ("client_id", "shop"),
            ("scope", "openid email offline_access"),
            ("prompt", "consent"),
        ]))
        .await;
    let consent = browser.log_in(&login, USERNAME, PASSWORD).await;
    let page = browser.get(consent.header("location")).await;
    let answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "allow")]).await;
    let tokens = browser.tokens("shop", &answer.sent("code").unwrap()).await;
    let userinfo = |token: String| {
        let browser = &browser;
        async move {
            browser
                .get_with("/userinfo", "authorization", &format!("Bearer {token}"))
                .await
                .status
        }
    };
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(userinfo(access.clone()).await, 200);

    let page = show(&browser, "/account/applications").await;
    assert!(
        page.body.contains("The shop") && page.body.contains("your email address"),
        "{}",
        page.body
    );
    let fields = [("ticket", &*page.ticket()), ("client", "shop")];
    assert_eq!(
        browser.post("/account/applications", &fields).await.location().path(),
        "/account/applications"
    );
    assert_eq!(userinfo(access).await, 401);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", "shop"),
    ];
    assert_eq!(browser.post("/token", &refresh).await.status, 400, "even what was offline");
    let page = show(&browser, "/account/applications").await;
    assert!(page.body.contains("not allowed any application"), "{}", page.body);
    site.stop().await;
}

#[actix_rt::test]
async fn a_new_password_ends_the_other_sessions_and_not_this_one() {
    let site = Site::start().await;
    let (browser, elsewhere) = (log_in(&site).await, log_in(&site).await);
    let page = show(&browser, "/account/security").await;
    for (password, again, says) in [
        ("short", "short", "too short"),
        (NEW, "seven purple hedgehogs", "do not hold the same"),
        (PASSWORD, PASSWORD, "that you just used"),
    ] {
        let fields = [
            ("ticket", &*page.ticket()),
            ("do", "password"),
            ("password", password),
            ("again", again),
        ];
        let refused = browser.post("/account/security", &fields).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
    }
    let fields = [("ticket", &*page.ticket()), ("do", "password"), ("password", NEW), ("again", NEW)];
    assert_eq!(browser.post("/account/security", &fields).await.location().path(), "/account");
    show(&browser, "/account").await;
    assert_eq!(elsewhere.get("/account").await.location().path(), "/login");
    let page = elsewhere.get("/login").await;
    assert_eq!(elsewhere.log_in(&page, USERNAME, PASSWORD).await.status, 422, "the old one");
    assert_eq!(elsewhere.log_in(&page, USERNAME, NEW).await.location().path(), "/account");
    site.stop().await;
}

#[actix_rt::test]
async fn an_app_is_added_and_removed_and_codes_are_made_anew() {
    let site = Site::start().await;
    let browser = log_in(&site).await;
    let setup = show(&browser, "/account/security/new?method=totp").await;
    let app = App::of(&setup);
    let fields = [
        ("ticket", &*setup.ticket()),
        ("code", &app.code(&site)),
        ("name", "my <b>phone</b>"),
    ];
    let codes = browser.post("/second-factor/setup", &fields).await;
    assert!(codes.body.contains("Your recovery codes"), "{}", codes.body);

    // From now on the session's single factor is not enough to change anything.
    let page = show(&browser, "/account/security").await;
    assert!(page.body.contains("my &lt;b&gt;phone"), "{}", page.body);
    assert!(page.body.contains("confirm once more that it is you"), "{}", page.body);
    later(&site, 30);
    let confirm = show(&browser, "/login?confirm=yes").await;
    let onward = browser.log_in(&confirm, USERNAME, PASSWORD).await;
    let asked = browser.get(onward.header("location")).await;
    let fields = [("ticket", &*asked.ticket()), ("code", &app.code(&site))];
    assert_eq!(browser.post("/login/second-factor", &fields).await.location().path(), "/account");

    let page = show(&browser, "/account/security").await;
    let anew = browser
        .post("/account/security", &[("ticket", &page.ticket()), ("do", "recovery-codes")])
        .await;
    assert_eq!(anew.body.matches("<li><code>").count(), 10, "{}", anew.body);
    let id = page.hidden("factor");
    let fields = [("ticket", &*page.ticket()), ("do", "remove"), ("factor", &*id)];
    browser.post("/account/security", &fields).await;
    let page = show(&browser, "/account/security").await;
    assert!(page.body.contains("You have set up none"), "{}", page.body);
    site.stop().await;
}
