//! The browser's way through the real server: login, consent, code, tokens, logout, and what goes wrong on it.

use crate::support::site::*;
use jiff::SignedDuration;
use nauthera::oauth::client::Client;
use std::collections::BTreeSet;
use std::sync::Arc;

const SESSION: &str = "nauthera_session";
const BROWSER: &str = "nauthera_browser";

#[actix_rt::test]
async fn logs_in_asks_for_consent_and_hands_out_a_code_that_becomes_tokens() {
    let site = Site::start().await;
    let browser = site.browser();
    let login = browser
        .get(&authorize(&[("client_id", "shop"), ("scope", "openid profile email orders:read")]))
        .await;
    assert_eq!(login.status, 200, "{}", login.body);
    assert!(login.body.contains("to continue to The shop"), "{}", login.body);

    let consent = browser.log_in(&login, USERNAME, PASSWORD).await;
    assert_eq!(consent.location().path(), "/consent");
    let page = browser.get(consent.header("location")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    for text in [
        "Allow The shop?",
        "alice",
        "your email address",
        "<code>orders:read</code>",
        "shop.example",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }

    let answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "allow")]).await;
    assert!(answer.location().as_str().starts_with(CALLBACK));
    assert_eq!(answer.sent("state").as_deref(), Some("the-state"));
    assert_eq!(answer.sent("iss").as_deref(), Some(site.origin.as_str()));

    let tokens = browser.tokens("shop", &answer.sent("code").unwrap()).await;
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["nonce"], "the-nonce");
    assert_eq!(claims["aud"], "shop");
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]));

    // What was allowed is remembered, and the session spares the login; more scopes are asked about.
    let again = browser.get(&authorize(&[("client_id", "shop"), ("scope", "openid email")])).await;
    assert!(again.sent("code").is_some());
    let more = browser.get(&authorize(&[("client_id", "shop"), ("scope", "openid groups")])).await;
    assert_eq!(more.status, 200);
    assert!(more.body.contains("which groups you belong to"));
    site.stop().await;
}

#[actix_rt::test]
async fn a_refused_consent_is_an_error_at_the_client() {
    let site = Site::start().await;
    let browser = site.browser();
    let login = browser.get(&authorize(&[("client_id", "shop")])).await;
    let consent = browser.log_in(&login, USERNAME, PASSWORD).await;
    let page = browser.get(consent.header("location")).await;
    let answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "deny")]).await;
    assert_eq!(answer.sent("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.sent("state").as_deref(), Some("the-state"));
    assert_eq!(answer.sent("code"), None);
    site.stop().await;
}

#[actix_rt::test]
async fn prompt_none_never_shows_a_page() {
    let site = Site::start().await;
    let browser = site.browser();
    let silent = |client: &'static str| authorize(&[("client_id", client), ("prompt", "none")]);
    let stranger = browser.get(&silent("trusted")).await;
    assert_eq!(stranger.sent("error").as_deref(), Some("login_required"));
    browser.code().await;
    assert!(browser.get(&silent("trusted")).await.sent("code").is_some());
    assert_eq!(
        browser.get(&silent("shop")).await.sent("error").as_deref(),
        Some("consent_required")
    );
    site.stop().await;
}

#[actix_rt::test]
async fn prompt_login_and_max_age_want_a_login_made_for_this_request() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.code().await;
    for prompt in ["login", "select_account"] {
        let page = browser.get(&authorize(&[("prompt", prompt)])).await;
        assert_eq!(page.status, 200, "{prompt}");
        assert!(page.body.contains("name=\"password\""), "{prompt}");
        assert!(
            page.body.contains("value=\"alice\""),
            "who is signed in need not type the name again"
        );
        assert!(browser.log_in(&page, USERNAME, PASSWORD).await.sent("code").is_some());
    }

    let aged = authorize(&[("max_age", "60")]);
    let first = browser.get(&aged).await;
    let before = payload(
        browser.tokens("trusted", &first.sent("code").unwrap()).await["id_token"]
            .as_str()
            .unwrap(),
    );
    site.platform.clock.advance(SignedDuration::from_secs(61));
    let page = browser.get(&aged).await;
    assert_eq!(page.status, 200);
    let silent = browser.get(&authorize(&[("max_age", "60"), ("prompt", "none")])).await;
    assert_eq!(silent.sent("error").as_deref(), Some("login_required"));
    let second = browser.log_in(&page, USERNAME, PASSWORD).await;
    let after = payload(
        browser.tokens("trusted", &second.sent("code").unwrap()).await["id_token"]
            .as_str()
            .unwrap(),
    );
    assert!(after["auth_time"].as_i64().unwrap() >= before["auth_time"].as_i64().unwrap() + 61);
    assert_eq!(after["sid"], before["sid"], "the same person keeps their session");
    site.stop().await;
}

#[actix_rt::test]
async fn prompt_consent_asks_again_and_a_login_before_it_counts() {
    let site = Site::start().await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[("prompt", "login consent")])).await;
    let consent = browser.log_in(&page, USERNAME, PASSWORD).await;
    let page = browser.get(consent.header("location")).await;
    let answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "allow")]).await;
    assert!(answer.sent("code").is_some(), "no second login");
    site.stop().await;
}

#[actix_rt::test]
async fn an_id_token_hint_of_someone_else_is_not_answered_with_this_person() {
    let site = Site::start().await;
    let (alice, bob) = (site.browser(), site.browser());
    let code = alice.code().await.sent("code").unwrap();
    let hint = alice.tokens("trusted", &code).await["id_token"].as_str().unwrap().to_owned();
    let page = bob.get(&authorize(&[])).await;
    bob.log_in(&page, "bob", PASSWORD).await;

    let silent = [("id_token_hint", hint.as_str()), ("prompt", "none")];
    assert!(alice.get(&authorize(&silent)).await.sent("code").is_some());
    assert_eq!(bob.get(&authorize(&silent)).await.sent("error").as_deref(), Some("login_required"));
    let page = bob.get(&authorize(&[("id_token_hint", &hint)])).await;
    let stubborn = bob.log_in(&page, "bob", PASSWORD).await;
    assert_eq!(stubborn.sent("error").as_deref(), Some("login_required"));

    let forged = format!("{hint}x");
    assert_eq!(
        alice.get(&authorize(&[("id_token_hint", &forged)])).await.sent("error").as_deref(),
        Some("invalid_request")
    );
    let of_another_client = [("id_token_hint", hint.as_str()), ("client_id", "shop")];
    assert_eq!(
        alice.get(&authorize(&of_another_client)).await.sent("error").as_deref(),
        Some("invalid_request")
    );
    site.stop().await;
}

#[actix_rt::test]
async fn only_members_of_the_allowed_groups_get_in() {
    let site = Site::start_with(|configuration| {
        let mut closed: Client = client("closed", false);
        closed.allowed_groups = Some(BTreeSet::from(["admins".to_owned()]));
        configuration.clients.insert(closed.id.clone(), Arc::new(closed));
    })
    .await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[("client_id", "closed")])).await;
    let answer = browser.log_in(&page, USERNAME, PASSWORD).await;
    assert_eq!(answer.sent("error").as_deref(), Some("access_denied"));
    site.stop().await;
}

#[actix_rt::test]
async fn response_modes_carry_the_answer_as_asked() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.code().await;
    let fragment = browser.get(&authorize(&[("response_mode", "fragment")])).await.location();
    assert!(fragment.query().is_none() && fragment.fragment().unwrap().contains("code="));

    let page = browser
        .get(&authorize(&[("response_mode", "form_post"), ("state", "<\"'&>")]))
        .await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains(&format!("action=\"{}\"", CALLBACK.replace('/', "&#x2f;")))
            || page.body.contains(&format!("action=\"{CALLBACK}\""))
    );
    assert!(!page.hidden("code").is_empty());
    assert!(page.body.contains("value=\"&lt;&quot;&#x27;&amp;&gt;\""), "{}", page.body);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    site.stop().await;
}

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

#[actix_rt::test]
async fn every_login_gives_the_session_a_new_value_and_the_old_one_is_dead() {
    let site = Site::start().await;
    let browser = site.browser();
    // A value that an attacker planted is never adopted.
    let planted = "A".repeat(43);
    browser.set_cookie(SESSION, &planted);
    browser.code().await;
    let first = browser.cookie(SESSION).unwrap();
    assert_ne!(first, planted);
    let page = browser.get(&authorize(&[("prompt", "login")])).await;
    browser.log_in(&page, USERNAME, PASSWORD).await;
    let second = browser.cookie(SESSION).unwrap();
    assert_ne!(first, second);
    for dead in [&planted, &first] {
        let thief = site.browser();
        thief.set_cookie(SESSION, dead);
        assert_eq!(
            thief.get(&authorize(&[("prompt", "none")])).await.sent("error").as_deref(),
            Some("login_required")
        );
    }
    // Another person at the same browser ends the first one's session.
    let page = browser.get(&authorize(&[("prompt", "login")])).await;
    browser.log_in(&page, "bob", PASSWORD).await;
    let thief = site.browser();
    thief.set_cookie(SESSION, &second);
    assert_eq!(
        thief.get(&authorize(&[("prompt", "none")])).await.sent("error").as_deref(),
        Some("login_required")
    );
    site.stop().await;
}

#[actix_rt::test]
async fn a_session_ends_by_itself() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.code().await;
    site.platform.clock.advance(SignedDuration::from_hours(12));
    assert_eq!(browser.get(&authorize(&[])).await.status, 200, "the login page");
    site.stop().await;
}

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

#[actix_rt::test]
async fn the_start_page_says_who_is_signed_in_and_lets_them_out() {
    let site = Site::start().await;
    let browser = site.browser();
    assert!(browser.get("/").await.body.contains("You are not signed in"));
    let page = browser.get("/login").await;
    assert_eq!(browser.log_in(&page, USERNAME, PASSWORD).await.location().path(), "/");
    let start = browser.get("/").await;
    assert!(start.body.contains("You are signed in as alice"));
    assert_eq!(browser.get("/login").await.location().path(), "/");
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
