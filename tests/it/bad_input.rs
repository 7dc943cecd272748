//! What the network may send: malformed, repeated, huge, hostile. Each gets the RFC's error and the right status; none a 500, a hang, or its
//! own markup back.

use crate::support::site::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const FORM: &str = "application/x-www-form-urlencoded";
const FORMS: [&str; 6] = ["/authorize", "/login", "/consent", "/logout", "/token", "/revoke"];

/// What `error` says: in JSON, or on a page.
fn error_of(answer: &Answer) -> String {
    match serde_json::from_str::<serde_json::Value>(&answer.body) {
        Ok(json) => json["error"].as_str().unwrap_or_default().to_owned(),
        Err(_) => String::new(),
    }
}

/// Sends bytes as they are and returns all that comes back until the server closes.
async fn raw(site: &Site, request: &[u8]) -> String {
    let address = site.origin.strip_prefix("http://").unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // Well above every limit of the server: a hang fails the test, a slow machine does not.
    tokio::time::timeout(Duration::from_secs(60), socket.read_to_end(&mut answer))
        .await
        .expect("an answer and the end of the connection")
        .unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_rt::test]
async fn bodies_of_another_type_are_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    for path in FORMS {
        for kind in [
            "application/json",
            "multipart/form-data; boundary=x",
            "text/plain",
            "application/x-www-form-urlencodedx",
            "*/*",
        ] {
            let answer = browser.post_raw(path, kind, b"{\"client_id\":\"trusted\"}".to_vec()).await;
            assert!(matches!(answer.status, 400 | 415), "{path} {kind}: {}", answer.status);
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
        let charset = browser
            .post_raw(path, "Application/X-WWW-Form-Urlencoded; charset=UTF-8", b"x=1".to_vec())
            .await;
        assert_ne!(charset.status, 415, "{path}: a charset is no other type");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn a_body_of_five_megabytes_is_refused_and_the_refusal_can_be_read() {
    let site = Site::start().await;
    let browser = site.browser();
    let huge = [b"a=".to_vec(), vec![b'x'; 5 * 1024 * 1024]].concat();
    for path in FORMS {
        let answer = browser.post_raw(path, FORM, huge.clone()).await;
        assert!(matches!(answer.status, 400 | 413), "{path}: {}", answer.status);
    }
    assert_eq!(browser.get("/healthz").await.status, 200);
    site.stop().await;
}

#[actix_rt::test]
async fn what_is_not_text_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    for body in ["a=%FF%FE", "a=%C3%28", "a=%00", "a=%", "a=%zz", "%FF=a", "client_id=%ED%A0%80"] {
        for path in FORMS {
            let answer = browser.post_raw(path, FORM, body.as_bytes().to_vec()).await;
            assert_eq!(answer.status, 400, "{path} {body}");
        }
        for path in ["/authorize", "/logout", "/consent"] {
            assert_eq!(browser.get(&format!("{path}?{body}")).await.status, 400, "{path}?{body}");
        }
    }
    let raw_bytes = browser.post_raw("/token", FORM, b"grant_type=\xC3\x28".to_vec()).await;
    assert_eq!((raw_bytes.status, error_of(&raw_bytes).as_str()), (400, "invalid_request"));
    site.stop().await;
}

#[actix_rt::test]
async fn a_parameter_that_comes_twice_is_refused_everywhere() {
    let site = Site::start().await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[])).await;
    for (path, body) in [
        (
            "/token",
            "grant_type=authorization_code&grant_type=refresh_token&client_id=trusted".to_owned(),
        ),
        ("/token", "grant_type=authorization_code&code=a&code=b&client_id=trusted".to_owned()),
        ("/login", format!("ticket={0}&ticket={0}&username=alice&password=x", page.ticket())),
        ("/login", format!("ticket={}&username=alice&username=bob&password=x", page.ticket())),
        ("/login", format!("ticket={}&username=alice&password=x&password=y", page.ticket())),
        ("/consent", "ticket=a&ticket=b&decision=allow".to_owned()),
        ("/logout", "ticket=a&ticket=b".to_owned()),
    ] {
        let answer = browser.post_raw(path, FORM, body.into_bytes()).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
    }
    let doubled = |name: &str| format!("{}&{name}=again", authorize(&[]));
    for name in ["client_id", "redirect_uri"] {
        assert_eq!(browser.get(&doubled(name)).await.status, 400, "{name}: a page, no redirect");
    }
    for name in [
        "response_type",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "anything&anything",
    ] {
        let answer = browser.get(&doubled(name)).await;
        assert_eq!(answer.sent("error").as_deref(), Some("invalid_request"), "{name}");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn every_near_miss_of_a_redirect_uri_ends_on_a_page() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.code().await;
    for near in [
        "https://shop.example/callback/",
        "https://shop.example/callback?",
        "https://shop.example/callback?a=b",
        "https://shop.example/callback#",
        "https://shop.example/callback#a",
        "https://shop.example/callback/../callback",
        "https://shop.example/./callback",
        "https://shop.example//callback",
        "https://shop.example/Callback",
        "https://shop.example/call%62ack",
        "https://shop.example:443/callback",
        "https://shop.example:8443/callback",
        "https://shop.example./callback",
        "https://SHOP.example/callback",
        "https://shop.example\\callback",
        "https://shop.example@evil.example/callback",
        "https://evil.example@shop.example/callback",
        "https://www.shop.example/callback",
        "https://shop.example.evil.example/callback",
        "https://evil.example/?https://shop.example/callback",
        "http://shop.example/callback",
        "HTTPS://shop.example/callback",
        "//shop.example/callback",
        "/callback",
        "shop.example/callback",
        " https://shop.example/callback",
        "https://shop.example/callback ",
        "https://shop.example/callback\r\nLocation: https://evil.example",
        "https://shop.exаmple/callback",
        "http://127.0.0.1:99999/native",
        "http://127.0.0.1:1@evil.example/native",
        "http://127.0.0.1.evil.example/native",
        "http://localhost/native",
        "https://127.0.0.1/native",
        "javascript:alert(1)//https://shop.example/callback",
        "data:text/html,<script>alert(1)</script>",
    ] {
        let answer = browser.get(&authorize(&[("redirect_uri", near)])).await;
        assert_eq!((answer.status, answer.header("location")), (400, ""), "{near:?}");
        assert!(answer.body.contains("character by character"), "{near:?}");
        assert!(
            !answer.body.contains("evil.example") && !answer.body.contains("<script>"),
            "{near:?}"
        );
    }
    for exact in [CALLBACK, "http://127.0.0.1/native", "http://127.0.0.1:49152/native"] {
        assert!(
            browser.get(&authorize(&[("redirect_uri", exact)])).await.sent("code").is_some(),
            "{exact}"
        );
    }
    site.stop().await;
}

#[actix_rt::test]
async fn nothing_that_a_request_brings_becomes_markup() {
    let site = Site::start().await;
    let browser = site.browser();
    let nasty = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'{{7*7}}{%x%}";
    let clean = |what: &str, answer: &Answer| {
        assert!(answer.status < 500, "{what}: {}", answer.status);
        for markup in ["<script>alert", "<img src=x", "'{{7*7}}", "'49"] {
            assert!(!answer.body.contains(markup), "{what}: {}", answer.body);
        }
    };
    for name in [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "ui_locales",
        "resource",
        "code_challenge",
        "claims",
        "acr_values",
        "display",
        "unknown",
    ] {
        clean(name, &browser.get(&authorize(&[(name, nasty)])).await);
        clean(
            name,
            &browser
                .get(&authorize(&[(name, nasty), ("response_mode", "form_post"), ("scope", "admin")]))
                .await,
        );
    }
    for name in [
        "id_token_hint",
        "post_logout_redirect_uri",
        "state",
        "client_id",
        "ui_locales",
        "logout_hint",
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair(name, nasty)
            .finish();
        clean(name, &browser.get(&format!("/logout?{query}")).await);
    }
    let hinted = browser.get(&authorize(&[("login_hint", nasty)])).await;
    assert!(
        hinted.body.contains("value=\"&quot;&gt;&lt;script&gt;"),
        "the hint is shown, escaped: {}",
        hinted.body
    );
    let page = browser.get(&authorize(&[("client_id", "shop")])).await;
    let failed = browser.log_in(&page, nasty, "wrong").await;
    clean("username", &failed);
    assert!(failed.body.contains("&lt;script&gt;"), "the name is kept, escaped");
    for path in [
        "/%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/assets/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/login/%3Cscript%3Ealert(1)",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 404);
        clean(path, &answer);
    }
    for header in ["accept-language", "traceparent", "x-forwarded-for", "referer", "origin"] {
        clean(header, &browser.get_with("/", header, nasty).await);
    }
    clean(
        "ticket",
        &browser
            .post("/login", &[("ticket", nasty), ("username", nasty), ("password", nasty)])
            .await,
    );
    clean(
        "decision",
        &browser.post("/consent", &[("ticket", nasty), ("decision", nasty)]).await,
    );
    site.stop().await;
}

#[actix_rt::test]
async fn a_display_name_that_is_markup_is_shown_as_text() {
    let site = Site::start_with(|configuration| {
        let mut strange = client("strange", true);
        strange.display_name = "<b>Shop</b>\"'&".to_owned();
        configuration.clients.insert(strange.id.clone(), std::sync::Arc::new(strange));
        configuration.branding.product_name = Some("<i>Acme</i>".to_owned());
        configuration.branding.primary_color = Some("red;}body{display:none".to_owned());
    })
    .await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[("client_id", "strange")])).await;
    assert!(
        page.body.contains("&lt;b&gt;Shop&lt;") && !page.body.contains("<b>Shop"),
        "{}",
        page.body
    );
    assert!(page.body.contains("&lt;i&gt;Acme") && !page.body.contains("<i>Acme"));
    assert!(!browser.get("/assets/theme.css").await.body.contains("display"));
    site.stop().await;
}

#[actix_rt::test]
async fn cookies_and_headers_that_are_no_such_thing_do_no_harm() {
    let site = Site::start().await;
    let browser = site.browser();
    for cookie in [
        "nauthera_session=",
        "nauthera_session=x",
        "=",
        ";;;=;",
        "nauthera_session=\u{1}",
        "\"",
        "nauthera_browser=<script>",
    ] {
        let address = format!("{}{}", site.origin, authorize(&[]));
        let answer = reqwest::Client::new().get(address).header("cookie", cookie.as_bytes()).send().await;
        // reqwest itself refuses the control character.
        if let Ok(answer) = answer {
            assert_eq!(answer.status(), 200, "{cookie:?}");
        }
    }
    browser.set_cookie("nauthera_session", &"A".repeat(43));
    browser.set_cookie("nauthera_browser", &"z".repeat(4000));
    assert_eq!(browser.get(&authorize(&[])).await.status, 200);
    for (header, value) in [
        ("accept-language", ",;q=,;;;q=9,-"),
        ("accept-language", "de;q=1.0000, fr;q=abc"),
        ("traceparent", "00-00000000000000000000000000000000-0000000000000000-00"),
        ("authorization", "Bearer"),
        ("authorization", "Basic !!!"),
    ] {
        assert_eq!(browser.get_with("/login", header, value).await.status, 200, "{header}: {value}");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn broken_http_gets_a_400_and_the_end_of_the_connection() {
    let site = Site::start().await;
    for request in [
        &b"GET / HTTP/9.9\r\n\r\n"[..],
        b"NOT HTTP AT ALL\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\nZZ\r\n",
    ] {
        let answer = raw(&site, request).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(matches!(status, "" | "400" | "404" | "405" | "505"), "{:?}: {answer}", String::from_utf8_lossy(request));
    }
    assert_eq!(site.browser().get("/healthz").await.status, 200);
    site.stop().await;
}

#[actix_rt::test]
async fn a_very_long_request_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let long = "x".repeat(9000);
    let answer = browser.get(&authorize(&[("unknown", &long)])).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("longer than 8 KiB"));
    let many = "a=1&".repeat(101);
    assert_eq!(browser.get(&format!("/authorize?{many}")).await.status, 400);
    let huge = format!("GET /?{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(300_000));
    let answer = raw_lenient(&site, huge.as_bytes()).await;
    assert!(answer.is_empty() || answer.contains(" 4"), "{answer}");
    site.stop().await;
}

/// Like [`raw`], for requests in whose middle the server may hang up.
async fn raw_lenient(site: &Site, request: &[u8]) -> String {
    let address = site.origin.strip_prefix("http://").unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let _ = socket.write_all(request).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(60), socket.read_to_end(&mut answer))
        .await
        .expect("an end");
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_rt::test]
async fn methods_that_a_path_does_not_have_get_405_and_the_ones_that_it_has() {
    let site = Site::start().await;
    let browser = site.browser();
    let get = browser.get("/token").await;
    assert_eq!((get.status, get.header("allow")), (405, "POST, OPTIONS"));
    let post = browser.post("/healthz", &[]).await;
    assert_eq!((post.status, post.header("allow")), (405, "GET, HEAD"));
    site.stop().await;
}

#[actix_rt::test]
async fn a_request_that_never_ends_is_given_up() {
    let site = Site::start().await;
    let head = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n";
    let with_half_a_body = format!("{head}\r\nusername=al");
    let (headers, body) = tokio::join!(raw_lenient(&site, head.as_bytes()), raw_lenient(&site, with_half_a_body.as_bytes()));
    assert!(headers.starts_with("HTTP/1.1 408"), "{headers}");
    assert!(body.starts_with("HTTP/1.1 408"), "{body}");
    site.stop().await;
}
