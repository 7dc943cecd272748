//! RP-initiated logout.

use crate::support::site::*;
use jiff::SignedDuration;

#[actix_rt::test]
async fn an_application_ends_the_session_that_its_id_token_names() {
    let site = Site::start().await;
    let browser = site.browser();
    let code = browser.code().await.sent("code").unwrap();
    let hint = browser.tokens("trusted", &code).await["id_token"].as_str().unwrap().to_owned();
    let old = browser.cookie(SESSION).unwrap();
    // The hint may have expired by then.
    site.platform.clock.advance(SignedDuration::from_hours(2));
    let query = |uri: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("id_token_hint", &hint).append_pair("state", "fare well");
        format!("/logout?{}", query.append_pair("post_logout_redirect_uri", uri).finish())
    };
    for near in [
        "https://shop.example/bye/",
        "https://shop.example/bye?x",
        "https://evil.example/bye",
    ] {
        assert_eq!(browser.get(&query(near)).await.status, 400, "{near}");
        assert!(browser.cookie(SESSION).is_some());
    }
    let answer = browser.get(&query("https://shop.example/bye")).await;
    assert_eq!(answer.location().as_str(), "https://shop.example/bye?state=fare+well");
    assert_eq!(browser.cookie(SESSION), None);
    browser.set_cookie(SESSION, &old);
    assert_eq!(
        browser.get(&authorize(&[])).await.status,
        200,
        "the login page: the session is over, not only its cookie"
    );
    site.stop().await;
}

#[actix_rt::test]
async fn whoever_has_no_id_token_of_the_session_only_makes_us_ask() {
    let site = Site::start().await;
    let (browser, stranger) = (site.browser(), site.browser());
    browser.code().await;
    let page = stranger.get(&authorize(&[])).await;
    let code = stranger.log_in(&page, "bob", PASSWORD).await.sent("code").unwrap();
    let foreign = stranger.tokens("trusted", &code).await["id_token"].as_str().unwrap().to_owned();
    for path in [
        "/logout".to_owned(),
        "/logout?id_token_hint=garbage".to_owned(),
        format!("/logout?id_token_hint={foreign}"),
        "/logout?client_id=trusted&post_logout_redirect_uri=https://shop.example/bye".to_owned(),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("Sign out?"), "{path}");
        assert!(
            browser.get(&authorize(&[("prompt", "none")])).await.sent("code").is_some(),
            "{path}"
        );
    }
    let page = browser
        .get("/logout?client_id=trusted&post_logout_redirect_uri=https://shop.example/bye")
        .await;
    let answer = browser.post("/logout", &[("ticket", &page.ticket())]).await;
    assert_eq!(answer.location().as_str(), "https://shop.example/bye");
    assert_eq!(
        browser.get(&authorize(&[("prompt", "none")])).await.sent("error").as_deref(),
        Some("login_required")
    );
    assert!(browser.get("/logout").await.body.contains("You are signed out"));
    site.stop().await;
}
