//! A provider that is away, slow, or sends what it should not; and who notices.

use super::fixture::*;
use super::provider::{Provider, Signing};
use crate::support::site::*;
use nauthera::actors::upstream_connector::UpstreamHandle;
use serde_json::json;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

async fn handle(site: &Site) -> UpstreamHandle {
    let snapshot = site.platform.platform.config.current().unwrap();
    site.platform.platform.upstreams.of(&snapshot.identity_providers[0]).await.unwrap()
}

#[actix_rt::test]
async fn a_provider_that_is_away_is_said_to_be_and_comes_back() {
    // The port is ours, and nobody answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let corp = config("corp", &issuer);
    let site = Site::start_with(|configuration| configuration.identity_providers = vec![Arc::new(corp)]).await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[])).await;
    let answer = press(&browser, &page).await;
    assert_refused(&browser, &answer, 503, "The corp does not answer at the moment");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    // With a password people get in all the while.
    assert!(browser.log_in(&answer, USERNAME, PASSWORD).await.sent("code").is_some());

    let provider = Provider::start_on(TcpListener::bind(issuer.strip_prefix("http://").unwrap()).unwrap()).await;
    let browser = site.browser();
    let deadline = Instant::now() + Duration::from_secs(60);
    let sent = loop {
        let page = browser.get(&authorize(&[])).await;
        let sent = press(&browser, &page).await;
        if sent.status == 303 {
            break sent;
        }
        assert!(Instant::now() < deadline, "{}", sent.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(browser.get(&provider.approve(&sent.location(), ann())).await.sent("code").is_some());
    site.stop().await;
}

#[actix_rt::test]
async fn a_provider_that_hangs_delays_nobody_else() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let back = provider.approve(&begin(&browser).await.location(), ann());
    provider.behave(|manners| manners.hangs_at = vec!["/token"]);
    let mut hanging = Box::pin(browser.get(&back));
    let others = async {
        let browser = site.browser();
        assert!(browser.code().await.sent("code").is_some());
    };
    tokio::select! {
        answer = &mut hanging => panic!("it came before everybody else's: {answer:?}"),
        () = others => {}
    }
    assert_refused(&browser, &hanging.await, 503, "does not answer");
    site.stop().await;
}

#[actix_rt::test]
async fn what_a_provider_should_not_send_logs_nobody_in() {
    let (provider, site) = site().await;
    let elsewhere = Provider::start().await;
    let flood = format!("{{\"id_token\": \"{}\"}}", "x".repeat(1 << 20));
    for (status, text, expected) in [
        (200, "not json".to_owned(), 400),
        (200, "{}".to_owned(), 400),
        (200, "[]".to_owned(), 400),
        (200, "{\"id_token\": \"a.b.c\"}".to_owned(), 400),
        (200, flood, 400),
        (302, format!("{}/token", elsewhere.issuer), 400),
        (307, format!("{}/token", elsewhere.issuer), 400),
        (401, "{\"error\": \"invalid_client\"}".to_owned(), 400),
        (500, "{\"error\": \"server_error\"}".to_owned(), 503),
        (429, String::new(), 503),
    ] {
        let browser = site.browser();
        let back = provider.approve(&begin(&browser).await.location(), ann());
        provider.behave(|manners| drop(manners.says.insert("/token", (status, text.clone()))));
        let answer = browser.get(&back).await;
        assert_eq!(answer.status, expected, "{status} {}", &text[..text.len().min(60)]);
        assert_eq!(browser.cookie(SESSION), None);
    }
    assert_eq!(elsewhere.asked("/token"), 0, "a redirect takes neither code nor secret elsewhere");
    site.stop().await;
}

#[actix_rt::test]
async fn a_discovery_document_that_is_not_right_sends_nobody_anywhere() {
    for spoil in [
        json!({"issuer": "https://elsewhere.example"}),
        json!({"token_endpoint": "http://169.254.169.254/latest/meta-data"}),
        json!({"jwks_uri": "http://elsewhere.example/jwks"}),
        json!({"authorization_endpoint": "javascript:alert(1)"}),
        json!({"token_endpoint": null}),
    ] {
        let provider = Provider::start().await;
        let change = spoil.clone();
        provider.behave(|manners| manners.discovery = Box::new(move |document| document.extend(change.as_object().unwrap().clone())));
        let corp = config("corp", &provider.issuer);
        let site = Site::start_with(|configuration| configuration.identity_providers = vec![Arc::new(corp)]).await;
        let browser = site.browser();
        let answer = begin(&browser).await;
        assert_eq!((answer.status, answer.header("location")), (400, ""), "{spoil}");
        assert_refused(&browser, &answer, 400, "could not be checked");
        site.stop().await;
    }
    // One that never ends
    let provider = Provider::start().await;
    let flood = format!("{{\"issuer\": \"{}\"}}", "x".repeat(1 << 20));
    provider.behave(|manners| drop(manners.says.insert("/.well-known/openid-configuration", (200, flood))));
    let corp = config("corp", &provider.issuer);
    let site = Site::start_with(|configuration| configuration.identity_providers = vec![Arc::new(corp)]).await;
    assert_eq!(begin(&site.browser()).await.status, 400);
    site.stop().await;
}

#[actix_rt::test]
async fn a_new_key_is_found_and_invented_ones_are_not_looked_for_over_and_over() {
    let (provider, site) = site().await;
    assert!(come_as(&provider, &site.browser(), ann()).await.sent("code").is_some());
    let read = provider.asked("/jwks");
    provider.rotate();
    assert!(
        come_as(&provider, &site.browser(), ann()).await.sent("code").is_some(),
        "the new key was read"
    );
    assert_eq!(provider.asked("/jwks"), read + 1);
    provider.behave(|manners| manners.signing = Signing::UnknownKey);
    for _ in 0..5 {
        assert_eq!(come_as(&provider, &site.browser(), ann()).await.status, 400);
    }
    assert_eq!(
        provider.asked("/jwks"),
        read + 1,
        "within half a minute the keys are not read again"
    );
    site.stop().await;
}

#[actix_rt::test]
async fn a_key_set_that_hangs_delays_only_whoever_needs_it() {
    let (provider, site) = site().await;
    assert!(come_as(&provider, &site.browser(), ann()).await.sent("code").is_some());
    let read = provider.asked("/jwks");
    provider.behave(|manners| {
        manners.hangs_at = vec!["/jwks"];
        manners.signing = Signing::UnknownKey;
    });
    let (one, other) = (site.browser(), site.browser());
    let first = provider.approve(&begin(&one).await.location(), ann());
    let mut waiting = Box::pin(one.get(&first));
    tokio::select! {
        answer = &mut waiting => panic!("there are no such keys: {answer:?}"),
        () = async { while provider.asked("/jwks") == read { tokio::task::yield_now().await } } => {}
    }
    provider.behave(|manners| manners.signing = Signing::Honest);
    tokio::select! {
        answer = &mut waiting => panic!("it came before everybody else's: {answer:?}"),
        answer = come_as(&provider, &other, ann()) => assert!(answer.sent("code").is_some()),
    }
    assert_refused(&one, &waiting.await, 503, "does not answer");
    site.stop().await;
}

#[actix_rt::test]
async fn what_is_known_of_a_provider_outlasts_an_outage_of_its_discovery() {
    let (provider, site) = site().await;
    assert!(come_as(&provider, &site.browser(), ann()).await.sent("code").is_some());
    let read = provider.asked("/.well-known/openid-configuration");
    provider.behave(|manners| {
        manners.says.insert("/.well-known/openid-configuration", (500, String::new()));
    });
    for _ in 0..3 {
        assert!(come_as(&provider, &site.browser(), ann()).await.sent("code").is_some());
    }
    assert_eq!(
        provider.asked("/.well-known/openid-configuration"),
        read,
        "it is not asked at each login"
    );
    site.stop().await;
}

#[actix_rt::test]
async fn a_panic_ends_one_question_and_no_more() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let sent = begin(&browser).await;
    assert!(handle(&site).await.gate().poison().await.is_err());
    assert!(site.browser().code().await.sent("code").is_some(), "nobody else notices");
    // It is back, and the login that was under way goes on.
    let deadline = Instant::now() + Duration::from_secs(30);
    while handle(&site).await.gate().ping().await.is_err() {
        assert!(Instant::now() < deadline);
    }
    assert!(browser.get(&provider.approve(&sent.location(), ann())).await.sent("code").is_some());
    site.stop().await;
}

#[actix_rt::test]
async fn an_edit_of_a_provider_is_in_force_at_the_next_login() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let sent = begin(&browser).await;
    let mut next = (*site.platform.platform.config.current().unwrap()).clone();
    let mut corp = (*next.identity_providers[0]).clone();
    corp.client_secret = "wrong".into();
    next.identity_providers = vec![Arc::new(corp)];
    next.revision.0 = "2".to_owned();
    site.platform.apply(next.clone()).await;
    let answer = browser.get(&provider.approve(&sent.location(), ann())).await;
    assert_refused(&browser, &answer, 400, "could not be checked");
    next.identity_providers = vec![Arc::new(config("corp", &provider.issuer))];
    next.revision.0 = "3".to_owned();
    site.platform.apply(next).await;
    assert!(come_as(&provider, &site.browser(), ann()).await.sent("code").is_some());
    site.stop().await;
}
