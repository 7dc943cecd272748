//! Attackers on each step: the request, the way back, the code, the ID token.

use super::fixture::*;
use super::provider::{Provider, Signing};
use crate::support::platform::START;
use crate::support::site::*;
use nauthera::oauth::two_factor::TwoFactor;
use serde_json::{Map, Value, json};
use std::sync::Arc;

#[actix_rt::test]
async fn an_id_token_that_is_not_right_logs_nobody_in() {
    let (provider, site) = site().await;
    let now = START.as_second();
    for change in [
        json!({"nonce": "another one"}),
        json!({"nonce": null}),
        json!({"iss": "https://elsewhere.example"}),
        json!({"iss": null}),
        json!({"aud": "somebody else"}),
        json!({"aud": ["nauthera at corp", "somebody else"]}),
        json!({"aud": ["nauthera at corp", "somebody else"], "azp": "somebody else"}),
        json!({"azp": "somebody else"}),
        json!({"exp": now - 61}),
        json!({"exp": null}),
        json!({"iat": now + 600}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": "x".repeat(300)}),
        json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
    ] {
        let spoilt = change.clone();
        provider.behave(|manners| {
            manners.claims = Box::new(move |claims: &mut Map<String, Value>| claims.extend(spoilt.as_object().unwrap().clone()));
        });
        let browser = site.browser();
        let answer = come_as(&provider, &browser, ann()).await;
        assert_refused(&browser, &answer, 400, "could not be checked");
        assert!(
            answer.body.contains("Continue with The corp"),
            "{change}: the page lets them begin again"
        );
    }
    site.stop().await;
}

#[actix_rt::test]
async fn a_signature_by_anybody_else_or_none_logs_nobody_in() {
    let (provider, site) = site().await;
    for signing in [
        Signing::None,
        Signing::ClientSecret,
        Signing::PublicKeyAsSecret,
        Signing::Stranger,
        Signing::UnknownKey,
        Signing::KeyInHeader,
    ] {
        provider.behave(|manners| manners.signing = signing);
        let browser = site.browser();
        let answer = come_as(&provider, &browser, ann()).await;
        assert_eq!(answer.status, 400, "{signing:?}");
        assert_refused(&browser, &answer, 400, "could not be checked");
    }
    provider.behave(|manners| manners.signing = Signing::Honest);
    assert!(come_as(&provider, &site.browser(), ann()).await.sent("code").is_some());
    site.stop().await;
}

#[actix_rt::test]
async fn userinfo_of_another_person_logs_nobody_in() {
    let provider = Provider::start().await;
    provider.behave(|manners| manners.userinfo = Some(json!({"sub": "7"})));
    let site = site_at(&provider, |_| (), |_| ()).await;
    for userinfo in [
        json!({"sub": "8", "email": "boss@corp.example"}),
        json!({"email": "boss@corp.example"}),
        json!("text"),
    ] {
        provider.behave(|manners| manners.userinfo = Some(userinfo));
        let browser = site.browser();
        let answer = come_as(&provider, &browser, json!({"sub": "7"})).await;
        assert_refused(&browser, &answer, 400, "could not be checked");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn nobody_is_logged_in_with_an_answer_to_somebody_elses_request() {
    let (provider, site) = site().await;
    // The attacker logs in at the provider, and gets a victim's browser to open the address of their own answer.
    let (attacker, victim) = (site.browser(), site.browser());
    let sent = begin(&attacker).await;
    let back = provider.approve(&sent.location(), json!({"sub": "666"}));
    assert_refused(&victim, &victim.get(&back).await, 400, "cookie");
    begin(&victim).await;
    assert_refused(&victim, &victim.get(&back).await, 403, "can no longer be used");
    assert_eq!(provider.asked("/token"), 0, "the code was not even looked at");
    site.stop().await;
}

#[actix_rt::test]
async fn a_stolen_code_is_of_no_use_in_another_browser() {
    let (provider, site) = site().await;
    for checks_codes in [true, false] {
        // A provider that does not check the verifier leaves it to the nonce.
        provider.behave(|manners| manners.checks_codes = checks_codes);
        let (victim, attacker) = (site.browser(), site.browser());
        let stolen = provider.approve(&begin(&victim).await.location(), ann());
        let code = url::Url::parse(&format!("http://x{stolen}")).unwrap();
        let code = code.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let own = provider.request(&begin(&attacker).await.location())["state"].clone();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", &own)
            .finish();
        let answer = attacker.get(&format!("/login/callback/corp?{query}")).await;
        assert_refused(&attacker, &answer, 400, "could not be checked");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn an_answer_that_is_played_again_logs_nobody_in() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let back = provider.approve(&begin(&browser).await.location(), ann());
    assert!(browser.get(&back).await.sent("code").is_some());
    let question = browser.get("/logout").await;
    browser.post("/logout", &[("ticket", &question.ticket())]).await;
    let answer = browser.get(&back).await;
    assert_refused(&browser, &answer, 400, "could not be checked");
    site.stop().await;
}

/// A site with two providers, `corp` and `evil`.
async fn two() -> (Provider, Provider, Site) {
    let (corp, evil) = (Provider::start().await, Provider::start().await);
    let both = [config("corp", &corp.issuer), config("evil", &evil.issuer)];
    let site = Site::start_with(|configuration| configuration.identity_providers = both.into_iter().map(Arc::new).collect()).await;
    (corp, evil, site)
}

#[actix_rt::test]
async fn an_answer_of_one_provider_is_not_taken_for_anothers() {
    let (corp, evil, site) = two().await;
    let browser = site.browser();
    let back = corp.approve(&begin(&browser).await.location(), ann());
    let crossed = back.replace("/callback/corp", "/callback/evil");
    assert_refused(&browser, &browser.get(&crossed).await, 403, "can no longer be used");
    assert_eq!(
        evil.asked("/token"),
        0,
        "a provider that mixes up its answers with another's gets no code of theirs"
    );

    // By RFC 9207: who answered says so, and it is somebody else.
    for (iss, passes) in [(evil.issuer.as_str(), false), ("", true), (corp.issuer.as_str(), true)] {
        let browser = site.browser();
        let back = corp.approve(&begin(&browser).await.location(), ann());
        let iss = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("iss", iss)
            .finish();
        let answer = browser.get(&format!("{back}&{iss}")).await;
        if passes {
            assert!(answer.sent("code").is_some(), "{iss}: {answer:?}");
        } else {
            assert_refused(&browser, &answer, 400, "could not be checked");
        }
    }
    site.stop().await;
}

#[actix_rt::test]
async fn a_provider_that_always_says_who_it_is_must() {
    let provider = Provider::start().await;
    provider.behave(|manners| {
        manners.discovery =
            Box::new(|document| drop(document.insert("authorization_response_iss_parameter_supported".to_owned(), true.into())));
    });
    let corp = config("corp", &provider.issuer);
    let site = Site::start_with(|configuration| configuration.identity_providers = vec![Arc::new(corp)]).await;
    let browser = site.browser();
    assert_refused(&browser, &come_as(&provider, &browser, ann()).await, 400, "could not be checked");
    assert_eq!(provider.asked("/token"), 0);
    let back = provider.approve(&begin(&browser).await.location(), ann());
    let answer = browser.get(&format!("{back}&iss={}", provider.issuer)).await;
    assert!(answer.sent("code").is_some(), "{answer:?}");
    site.stop().await;
}

#[actix_rt::test]
async fn nobody_is_sent_to_a_provider_by_another_site() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let page = browser.get("/login").await;
    let other = site.browser();
    other.get("/login").await;
    for (browser, ticket, status) in [
        (&browser, "", 403),
        (&browser, "forged", 403),
        (&other, page.ticket().as_str(), 403),
    ] {
        let answer = browser.post("/login/upstream/corp", &[("ticket", ticket)]).await;
        assert_eq!((answer.status, answer.header("location")), (status, ""), "{ticket}");
    }
    assert_eq!(browser.get("/login/upstream/corp").await.status, 405);
    let answer = browser.post("/login/upstream/nobody", &[("ticket", &page.ticket())]).await;
    assert_eq!(answer.status, 404);
    drop(provider);
    site.stop().await;
}

#[actix_rt::test]
async fn what_comes_back_without_a_state_of_ours_is_refused() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let login = browser.get(&authorize(&[])).await.ticket();
    for query in [
        "".to_owned(),
        "code=x".to_owned(),
        "code=x&state=y".to_owned(),
        // A ticket of ours for something else
        format!("code=x&state={login}"),
    ] {
        let answer = browser.get(&format!("/login/callback/corp?{query}")).await;
        assert_refused(&browser, &answer, 403, "can no longer be used");
    }
    let state = provider.request(&begin(&browser).await.location())["state"].clone();
    for (query, status) in [
        (format!("state={state}"), 400),
        (format!("state={state}&code=a&code=b"), 400),
        (format!("state={state}&state={state}&code=a"), 400),
        (format!("state={state}&code=%FF"), 400),
        (format!("state={state}&error=access_denied&code=a"), 422),
        (format!("state={state}&error=%3Cscript%3E&error_description=%3Cscript%3E"), 422),
    ] {
        let answer = browser.get(&format!("/login/callback/corp?{query}")).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(!answer.body.contains("<script>"), "{query}");
        assert_eq!(browser.cookie(SESSION), None);
    }
    assert_eq!(provider.asked("/token"), 0);
    site.stop().await;
}

#[actix_rt::test]
async fn a_person_whom_the_provider_turns_away_can_log_in_another_way() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let state = provider.request(&begin(&browser).await.location())["state"].clone();
    let page = browser
        .get(&format!("/login/callback/corp?state={state}&error=access_denied"))
        .await;
    assert_refused(&browser, &page, 422, "did not sign you in");
    let answer = browser.log_in(&page, USERNAME, PASSWORD).await;
    assert!(answer.sent("code").is_some(), "the application's request still waits: {answer:?}");
    site.stop().await;
}

#[actix_rt::test]
async fn a_session_that_the_browser_had_does_not_become_somebody_elses() {
    let (provider, site) = site().await;
    let browser = site.browser();
    browser.code().await;
    let before = browser.cookie(SESSION).unwrap();
    let page = browser.get(&authorize(&[("prompt", "select_account")])).await;
    let sent = press(&browser, &page).await;
    let answer = browser.get(&provider.approve(&sent.location(), ann())).await;
    assert!(answer.sent("code").is_some(), "{answer:?}");
    assert_ne!(browser.cookie(SESSION).unwrap(), before, "no session is fixed");
    browser.set_cookie(SESSION, &before);
    assert!(!browser.get("/").await.body.contains("signed in as"), "alice's session ended");
    site.stop().await;
}

#[actix_rt::test]
async fn a_provider_is_no_way_around_a_second_factor() {
    let required = TwoFactor {
        required: true,
        ..TwoFactor::default()
    };
    let (provider, site) = site_as(
        |_| (),
        |configuration| {
            let mut trusted = client("trusted", false);
            trusted.limits.two_factor = required;
            configuration.clients.insert(trusted.id.clone(), Arc::new(trusted));
        },
    )
    .await;
    // Not even if it says that it has asked for one.
    let mut claims = ann();
    claims["amr"] = json!(["pwd", "otp", "mfa"]);
    let browser = site.browser();
    let answer = come_as(&provider, &browser, claims).await;
    assert_eq!(answer.location().path(), "/second-factor/setup");
    assert_eq!(browser.cookie(SESSION), None, "there is no session before that");
    site.stop().await;
}
