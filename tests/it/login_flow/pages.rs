//! The start page, languages, issuers with a path, health.

use super::BROWSER;
use crate::support::site::*;

#[actix_rt::test]
async fn the_start_page_says_who_is_signed_in_and_lets_them_out() {
    let site = Site::start().await;
    let browser = site.browser();
    assert!(browser.get("/").await.body.contains("You are not signed in"));
    let page = browser.get("/login").await;
    assert_eq!(browser.log_in(&page, USERNAME, PASSWORD).await.location().path(), "/account");
    let start = browser.get("/").await;
    assert!(start.body.contains("You are signed in as alice"));
    assert_eq!(browser.get("/login").await.location().path(), "/account");
    let out = browser.post("/logout", &[("ticket", &start.ticket())]).await;
    assert!(out.body.contains("You are signed out"));
    assert!(browser.get("/").await.body.contains("You are not signed in"));
    assert!(browser.cookie(BROWSER).is_some());
    site.stop().await;
}

#[actix_rt::test]
async fn pages_speak_the_language_that_was_asked_for() {
    let site = Site::start().await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[("ui_locales", "fr-CA en")])).await;
    assert_eq!(page.header("content-language"), "fr");
    assert!(page.body.contains("<html lang=\"fr\">") && page.body.contains("Mot de passe"));
    let failed = browser.log_in(&page, USERNAME, "wrong").await;
    assert!(failed.body.contains("Cela n’a pas fonctionné"), "the request's language stays");
    let page = browser.get_with("/login", "accept-language", "nl, ja;q=0.8, de;q=0.5").await;
    assert!(page.body.contains("<html lang=\"ja\">"));
    site.stop().await;
}

#[actix_rt::test]
async fn an_issuer_with_a_path_has_everything_below_it() {
    let site = Site::start_with(|configuration| configuration.issuer.push_str("/auth")).await;
    let browser = site.browser();
    let page = browser.get(&format!("/auth{}", authorize(&[]))).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.body.contains("action=\"&#x2f;auth/login\"") || page.body.contains("action=\"/auth/login\""),
        "{}",
        page.body
    );
    let ticket = page.ticket();
    let answer = browser
        .post(
            "/auth/login",
            &[("ticket", &ticket), ("username", USERNAME), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(answer.sent("iss").as_deref(), Some(format!("{}/auth", site.origin).as_str()));
    assert_eq!(browser.get("/authorize").await.status, 404);
    assert_eq!(browser.get("/healthz").await.status, 200);
    site.stop().await;
}

#[actix_rt::test]
async fn health_readiness_and_metrics_are_told() {
    let site = Site::start().await;
    let browser = site.browser();
    assert_eq!(browser.get("/healthz").await.body, "ok\n");
    let ready = browser.get("/readyz").await;
    assert_eq!(ready.status, 200, "{}", ready.body);
    browser.get("/some/random/path").await;
    let metrics = browser.get("/metrics").await;
    assert!(
        metrics
            .body
            .contains(r#"nauthera_http_requests_total{route="/healthz",method="GET",status="200"} 1"#),
        "{}",
        metrics.body
    );
    assert!(metrics.body.contains(r#"route="other",method="GET",status="404""#));
    assert!(!metrics.body.contains("random"), "no time series for paths that someone invents");
    site.stop().await;
}
