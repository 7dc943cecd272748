//! Rate limits, from the side of those who send too much and of those who do not.

use crate::support::platform::service;
use crate::support::site::*;
use nauthera::config::rate::Rate;
use nauthera::config::snapshot::{Revision, Snapshot};
use nauthera::oauth::client::Client;
use std::sync::Arc;
use std::time::Duration;

/// So slow that no test sees a refill.
fn rate(burst: u32) -> Option<Rate> {
    Some(Rate::new(1, Duration::from_secs(3600), burst).unwrap())
}

fn with_service(configuration: &mut Snapshot) {
    for id in ["billing", "orders"] {
        let client: Client = service(id, "secret");
        configuration.clients.insert(client.id.clone(), Arc::new(client));
    }
}

async fn token(browser: &Browser, client: &str, secret: &str) -> Answer {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret),
    ];
    browser.post("/token", &fields).await
}

fn says(site: &Site, line: &str) -> bool {
    site.platform.platform.metrics.render().unwrap().lines().any(|known| known == line)
}

#[actix_rt::test]
async fn an_address_that_sends_too_much_is_told_when_to_come_back() {
    let site = Site::start_with(|configuration| configuration.rate_limits.per_address = rate(3)).await;
    let browser = site.browser();
    for _ in 0..3 {
        assert_eq!(browser.get("/jwks").await.status, 200);
    }
    for path in ["/token", "/introspect", "/revoke", "/userinfo"] {
        let answer = browser.post(path, &[]).await;
        assert_eq!(answer.status, 429, "{path}");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 3000, "{path}");
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["error"], "temporarily_unavailable");
        assert_eq!(answer.header("www-authenticate"), "");
        let open = if path == "/introspect" { "" } else { "*" };
        assert_eq!(answer.header("access-control-allow-origin"), open, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let page = browser.get_with("/login", "accept-language", "de").await;
    assert_eq!(page.status, 429);
    assert!(page.body.contains("Zu viele Anfragen") && !page.header("retry-after").is_empty());
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(says(&site, r#"nauthera_rate_limited_total{kind="address"} 5"#));
    for path in ["/healthz", "/readyz", "/metrics", "/assets/theme.css"] {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn each_address_has_its_own_budget_and_an_ipv6_customer_has_one() {
    let setting = Setting {
        proxies: "1".parse().unwrap(),
        ..Setting::default()
    };
    let site = Site::start_as(setting, |configuration| configuration.rate_limits.per_address = rate(2)).await;
    let from = async |address: &'static str| Browser::behind_proxies(&site.origin, address).get("/jwks").await.status;
    assert_eq!(
        (from("192.0.2.1").await, from("192.0.2.1").await, from("192.0.2.1").await),
        (200, 200, 429)
    );
    assert_eq!(from("192.0.2.2").await, 200);
    assert_eq!(
        (from("2001:db8::1").await, from("2001:db8::2").await, from("2001:db8::3").await),
        (200, 200, 429)
    );
    assert_eq!(from("2001:db8:0:1::1").await, 200);
    site.stop().await;
}

#[actix_rt::test]
async fn a_client_has_its_own_budget_and_nobody_uses_it_up_by_its_name() {
    let site = Site::start_with(|configuration| {
        with_service(configuration);
        configuration.rate_limits.per_client = rate(2);
    })
    .await;
    let browser = site.browser();
    for _ in 0..10 {
        assert_eq!(token(&browser, "billing", "guessed").await.status, 401);
    }
    assert_eq!(token(&browser, "billing", "secret").await.status, 200);
    let fields = [("client_id", "billing"), ("client_secret", "secret"), ("token", "x")];
    assert_eq!(browser.post("/revoke", &fields).await.status, 200);
    for answer in [
        token(&browser, "billing", "secret").await,
        browser.post("/introspect", &fields).await,
    ] {
        assert_eq!((answer.status, answer.body.contains("temporarily_unavailable")), (429, true));
        assert!(!answer.header("retry-after").is_empty());
    }
    assert_eq!(token(&browser, "orders", "secret").await.status, 200, "another client");
    for _ in 0..5 {
        let answer = browser.post("/revoke", &[("client_id", "trusted"), ("token", "x")]).await;
        assert_eq!(answer.status, 200, "a public client proves nothing, so its name is nobody's");
    }
    assert!(says(&site, r#"nauthera_rate_limited_total{kind="client"} 2"#));
    site.stop().await;
}

#[actix_rt::test]
async fn another_rate_holds_at_once_and_another_configuration_with_the_same_keeps_what_was_used() {
    let site = Site::start_with(|configuration| {
        with_service(configuration);
        configuration.rate_limits.per_client = rate(1);
    })
    .await;
    let browser = site.browser();
    let apply = async |revision: &str, rate| {
        let mut next = Snapshot::clone(&site.platform.platform.config.current().unwrap());
        next.revision = Revision(revision.to_owned());
        next.rate_limits.per_client = rate;
        site.platform.apply(next).await;
    };
    let status = async || token(&browser, "billing", "secret").await.status;
    assert_eq!((status().await, status().await), (200, 429));
    apply("2", rate(1)).await;
    assert_eq!(status().await, 429);
    apply("3", rate(2)).await;
    assert_eq!((status().await, status().await, status().await), (200, 200, 429));
    apply("4", None).await;
    assert_eq!((status().await, status().await), (200, 200));
    site.stop().await;
}

/// A refusal is sent before the body was read; what comes as the body must not be taken for the next request.
#[actix_rt::test]
async fn the_body_of_a_refused_request_is_never_taken_for_a_request() {
    let mut setting = Setting::default();
    // A body in chunks is read to its end and thrown away, and the connection goes on.
    setting.times.keep_alive = Duration::from_secs(1);
    let site = Site::start_as(setting, |configuration| configuration.rate_limits.per_address = rate(1)).await;
    assert_eq!(site.browser().get("/jwks").await.status, 200);
    let hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let head = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded";
    for (begin, body) in [
        (format!("{head}\r\nContent-Length: {}\r\n\r\n", hidden.len()), hidden.to_owned()),
        (
            format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n"),
            format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len()),
        ),
    ] {
        let whole = raw(
            &site,
            &[&format!(
                "{begin}{body}GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )],
        )
        .await;
        assert!(whole.starts_with("HTTP/1.1 429"), "{whole}");
        assert!(!whole.contains("\r\nok\n"), "healthz was answered: {whole}");
        let late = raw(&site, &[&begin, &body]).await;
        assert!(late.starts_with("HTTP/1.1 429") && late.matches("HTTP/1.1").count() == 1, "{late}");
    }
    site.stop().await;
}
