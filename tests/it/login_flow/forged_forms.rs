//! Forms that are posted from elsewhere, stale, or another browser's.

use crate::support::site::*;
use jiff::SignedDuration;

#[actix_rt::test]
async fn a_posted_request_is_sent_round_as_a_get_so_that_the_cookies_come() {
    let site = Site::start().await;
    let browser = site.browser();
    let query = authorize(&[]);
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.split_once('?').unwrap().1.as_bytes())
        .into_owned()
        .collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = browser.post("/authorize", &fields).await;
    assert_eq!(answer.location().path(), "/authorize");
    assert_eq!(browser.get(answer.header("location")).await.status, 200);
    site.stop().await;
}

#[actix_rt::test]
async fn a_form_without_its_own_ticket_changes_nothing() {
    let site = Site::start().await;
    let (browser, other) = (site.browser(), site.browser());
    let page = browser.get(&authorize(&[("client_id", "shop")])).await;
    let theirs = other.get(&authorize(&[("client_id", "shop")])).await;
    let credentials = [("username", USERNAME), ("password", PASSWORD)];
    let logout = {
        let third = site.browser();
        third.code().await;
        third.get("/logout").await.ticket()
    };
    let mut tampered = page.ticket();
    let last = tampered.pop().unwrap();
    tampered.push(if last == 'A' { 'B' } else { 'A' });
    for (what, ticket) in [
        ("missing", None),
        ("empty", Some(String::new())),
        ("forged", Some("eyJhbGciOiJub25lIn0.e30.".to_owned())),
        ("tampered", Some(tampered)),
        ("another browser's", Some(theirs.ticket())),
        ("another purpose's", Some(logout)),
    ] {
        let mut fields = credentials.to_vec();
        if let Some(ticket) = &ticket {
            fields.push(("ticket", ticket));
        }
        for path in ["/login", "/consent"] {
            let answer = browser.post(path, &fields).await;
            assert_eq!(answer.status, 403, "{what} at {path}: {}", answer.body);
            assert_eq!(browser.cookie(SESSION), None, "{what} at {path}");
        }
    }
    // Cookies are blocked: it says so.
    let blocked = site.browser();
    let answer = blocked
        .post("/login", &[("ticket", &page.ticket()), credentials[0], credentials[1]])
        .await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("sent no cookie"));
    // The right one works.
    assert_eq!(browser.log_in(&page, USERNAME, PASSWORD).await.status, 303);
    site.stop().await;
}

#[actix_rt::test]
async fn a_page_that_was_open_for_too_long_begins_anew_and_logs_nobody_in() {
    let site = Site::start().await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[])).await;
    site.platform.clock.advance(SignedDuration::from_mins(31));
    let answer = browser.log_in(&page, USERNAME, PASSWORD).await;
    assert_eq!(answer.location().path(), "/authorize");
    assert_eq!(browser.cookie(SESSION), None);
    let page = browser.get(answer.header("location")).await;
    assert!(browser.log_in(&page, USERNAME, PASSWORD).await.sent("code").is_some());
    let page = browser.get(&authorize(&[("prompt", "login")])).await;
    site.platform.clock.advance(SignedDuration::from_hours(25));
    assert_eq!(browser.log_in(&page, USERNAME, PASSWORD).await.status, 403);
    site.stop().await;
}

#[actix_rt::test]
async fn a_consent_that_another_person_was_asked_for_is_not_given_by_this_one() {
    let site = Site::start().await;
    let browser = site.browser();
    let login = browser.get(&authorize(&[("client_id", "shop")])).await;
    let consent = browser.log_in(&login, USERNAME, PASSWORD).await;
    let page = browser.get(consent.header("location")).await;
    // Meanwhile, in another tab of the same browser, bob signs in.
    let login = browser.get(&authorize(&[("prompt", "login")])).await;
    browser.log_in(&login, "bob", PASSWORD).await;
    let answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "allow")]).await;
    assert_eq!(answer.location().path(), "/authorize", "bob is asked for himself");
    site.stop().await;
}
