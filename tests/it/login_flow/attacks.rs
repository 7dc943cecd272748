//! Open redirects, framing, cookies, guessing who exists and what the password is.

use crate::support::site::*;

#[actix_rt::test]
async fn nothing_leads_to_an_address_that_nobody_registered() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.code().await;
    for evil in [
        "https://evil.example/",
        "//evil.example",
        "https://shop.example.evil.example/callback",
        "javascript:alert(1)",
    ] {
        let page = browser.get(&authorize(&[("redirect_uri", evil)])).await;
        assert_eq!((page.status, page.header("location")), (400, ""), "{evil}");
        assert!(!page.body.contains("evil.example"), "{evil}");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", "trusted")
            .append_pair("post_logout_redirect_uri", evil)
            .finish();
        let page = browser.get(&format!("/logout?{query}")).await;
        assert_eq!((page.status, page.header("location")), (400, ""), "{evil}");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn pages_cannot_be_framed_cached_or_scripted() {
    let site = Site::start().await;
    let browser = site.browser();
    for path in ["/", "/login", &authorize(&[]), "/authorize", "/nowhere", "/token"] {
        let page = browser.get(path).await;
        let policy = page.header("content-security-policy");
        for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action"] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{path}: {policy}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert_eq!(page.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(page.header("x-trace-id").len(), 32, "{path}");
    }
    let style = browser.get("/assets/theme.css").await;
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    site.stop().await;
}

#[actix_rt::test]
async fn cookies_of_an_https_issuer_are_host_cookies() {
    let site = Site::start_with(|configuration| configuration.issuer = "https://login.example.org".to_owned()).await;
    let page = site.browser().get(&authorize(&[])).await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-nauthera_browser="), "{cookie}");
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(page.header("strict-transport-security").contains("max-age="));
    site.stop().await;
}

#[actix_rt::test]
async fn a_login_does_not_tell_who_exists() {
    let site = Site::start().await;
    let mut answers = Vec::new();
    // Both names have as many letters, so that the page that keeps them is of one length.
    for name in ["alice", "nobod"] {
        let browser = site.browser();
        let page = browser.get(&authorize(&[])).await;
        let answer = browser.log_in(&page, name, "wrong").await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("role=\"alert\""));
        assert!(answer.body.contains(&format!("value=\"{name}\"")), "the name is kept");
        assert!(!answer.body.contains("wrong\""), "the password is not");
        assert_eq!(browser.cookie(SESSION), None);
        let ticket = answer.ticket();
        answers.push(answer.body.replace(&ticket, "TICKET").replace(name, "NAME"));
    }
    assert_eq!(answers[0], answers[1]);
    site.stop().await;
}

#[actix_rt::test]
async fn guessing_is_slowed_down_with_words_that_say_how_long() {
    let site = Site::start().await;
    let browser = site.browser();
    let page = browser.get("/login").await;
    let mut last = browser.log_in(&page, USERNAME, "wrong").await;
    for _ in 0..30 {
        if last.status == 429 {
            break;
        }
        last = browser.log_in(&page, USERNAME, "wrong").await;
    }
    assert_eq!(last.status, 429);
    assert!(last.body.contains("Too many attempts"));
    assert!(last.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(
        browser.log_in(&page, USERNAME, PASSWORD).await.status,
        429,
        "not even the right one"
    );
    site.stop().await;
}
