//! The provider says that a session there ended (OpenID Connect Back-Channel Logout).

use super::fixture::*;
use super::provider::{CLIENT_ID, Provider, Signing};
use crate::support::site::*;
use jiff::SignedDuration;
use nauthera::oauth::ids::ClientId;
use nauthera::oauth::two_factor::TwoFactor;
use serde_json::{Value, json};
use std::sync::Arc;

/// Ann, in a session of hers at the provider.
fn ann_in(sid: &str) -> Value {
    let mut claims = ann();
    claims["sid"] = sid.into();
    claims
}

/// A logout token of ann's session `s1`, with other claims (`null`: without).
fn told(provider: &Provider, site: &Site, change: Value) -> String {
    let now = site.platform.platform.clock.now().as_second();
    let mut claims = json!({"iss": provider.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": "once", "sub": "7", "sid": "s1",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}}});
    let fields = claims.as_object_mut().unwrap();
    fields.extend(change.as_object().unwrap().clone());
    fields.retain(|_, value| !value.is_null());
    provider.signed(&claims)
}

/// The provider sends it; what it is answered.
async fn send(site: &Site, token: &str) -> Answer {
    site.browser().post("/logout/upstream/corp", &[("logout_token", token)]).await
}

async fn is_in(browser: &Browser) -> bool {
    match browser.get("/account").await.status {
        200 => true,
        303 => false,
        other => panic!("{other}"),
    }
}

#[actix_rt::test]
async fn the_session_that_ended_there_ends_here_and_no_other() {
    let (provider, site) = site().await;
    let (phone, laptop, bob, alice) = (site.browser(), site.browser(), site.browser(), site.browser());
    let code = come_as(&provider, &phone, ann_in("s1")).await.sent("code").unwrap();
    let tokens = phone.tokens("trusted", &code).await;
    come_as(&provider, &laptop, ann_in("s2")).await;
    come_as(&provider, &bob, json!({"sub": "8", "preferred_username": "bob", "sid": "s3"})).await;
    alice.code().await;
    let answer = send(&site, &told(&provider, &site, json!({}))).await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, "no-store"),
        "{}",
        answer.body
    );
    assert!(!is_in(&phone).await);
    assert!(is_in(&laptop).await && is_in(&bob).await && is_in(&alice).await);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", "trusted"),
    ];
    assert!(phone.post("/token", &fields).await.body.contains("invalid_grant"));
    site.stop().await;
}

#[actix_rt::test]
async fn without_a_session_all_of_theirs_end() {
    let (provider, site) = site().await;
    let (phone, laptop, bob) = (site.browser(), site.browser(), site.browser());
    come_as(&provider, &phone, ann_in("s1")).await;
    come_as(&provider, &laptop, ann()).await;
    come_as(&provider, &bob, json!({"sub": "8", "preferred_username": "bob", "sid": "s3"})).await;
    assert_eq!(send(&site, &told(&provider, &site, json!({"sid": null}))).await.status, 200);
    assert!(!is_in(&phone).await && !is_in(&laptop).await);
    assert!(is_in(&bob).await);
    site.stop().await;
}

/// A second later, by every clock.
fn later(provider: &Provider, site: &Site) {
    site.platform.clock.advance(SignedDuration::from_secs(1));
    provider.later(1);
}

#[actix_rt::test]
async fn a_token_that_comes_again_ends_nothing_that_began_later() {
    let (provider, site) = site().await;
    let browser = site.browser();
    come_as(&provider, &browser, ann_in("s1")).await;
    let tokens = [
        told(&provider, &site, json!({"exp": 1_900_000_000})),
        told(&provider, &site, json!({"sid": null, "exp": 1_900_000_000})),
    ];
    for token in &tokens {
        assert_eq!(send(&site, token).await.status, 200);
    }
    assert!(!is_in(&browser).await);
    // The provider may go on with the same session: it has only told this client.
    later(&provider, &site);
    come_as(&provider, &browser, ann_in("s1")).await;
    for token in &tokens {
        assert_eq!(send(&site, token).await.status, 200);
    }
    assert!(is_in(&browser).await);
    site.platform.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(send(&site, &tokens[0]).await.status, 400, "too old");
    assert!(is_in(&browser).await);
    site.stop().await;
}

#[actix_rt::test]
async fn who_is_on_the_way_here_from_what_ended_does_not_arrive() {
    let required = TwoFactor {
        required: true,
        ..TwoFactor::default()
    };
    let (provider, site) = site_as(
        |_| (),
        |configuration| {
            let trusted = configuration.clients.get_mut(&ClientId::new("trusted")).unwrap();
            Arc::make_mut(trusted).limits.two_factor = required;
        },
    )
    .await;
    for (who, ended, arrives) in [
        (ann_in("s1"), json!({}), false),
        (ann_in("s1"), json!({"sub": null}), false),
        (ann_in("s1"), json!({"sid": null}), false),
        (ann(), json!({}), false),
        (ann(), json!({"sid": null}), false),
        (ann_in("s1"), json!({"sid": "s2"}), true),
        (ann_in("s1"), json!({"sub": "8"}), true),
        (ann_in("s1"), json!({"sub": "8", "sid": null}), true),
    ] {
        let browser = site.browser();
        let setup = come_as(&provider, &browser, who.clone()).await;
        assert_eq!(setup.location().path(), "/second-factor/setup");
        assert_eq!(browser.get(setup.header("location")).await.status, 200);
        assert_eq!(send(&site, &told(&provider, &site, ended.clone())).await.status, 200);
        let page = browser.get(setup.header("location")).await;
        if arrives {
            assert_eq!(page.status, 200, "{who} {ended}: {}", page.body);
        } else {
            assert_refused(&browser, &page, 403, "can no longer be used");
        }
        // Whoever comes anew is let in, by the same session too.
        later(&provider, &site);
        let setup = come_as(&provider, &browser, who).await;
        assert_eq!(browser.get(setup.header("location")).await.status, 200);
        later(&provider, &site);
    }
    site.stop().await;
}

#[actix_rt::test]
async fn however_many_sessions_began_there_all_end() {
    let (provider, site) = site().await;
    let mut browsers = Vec::new();
    for _ in 0..103 {
        let browser = site.browser();
        come_as(&provider, &browser, ann_in("s1")).await;
        browsers.push(browser);
    }
    assert_eq!(send(&site, &told(&provider, &site, json!({}))).await.status, 200);
    for browser in &browsers {
        assert!(!is_in(browser).await);
    }
    site.stop().await;
}

#[actix_rt::test]
async fn what_is_not_a_logout_token_of_the_provider_ends_nothing() {
    let (provider, site) = site().await;
    let browser = site.browser();
    come_as(&provider, &browser, ann_in("s1")).await;
    let id_token_like = json!({"events": null, "nonce": "n"});
    for change in [
        id_token_like,
        json!({"events": null}),
        json!({"nonce": "n"}),
        json!({"iss": "https://other.example"}),
        json!({"aud": "another client"}),
        json!({"exp": 1}),
        json!({"sub": null, "sid": null}),
        json!({"jti": null}),
    ] {
        let answer = send(&site, &told(&provider, &site, change.clone())).await;
        assert!(
            answer.status == 400 && answer.body.contains("invalid_request"),
            "{change}: {}",
            answer.body
        );
    }
    for signing in [
        Signing::None,
        Signing::ClientSecret,
        Signing::PublicKeyAsSecret,
        Signing::Stranger,
        Signing::UnknownKey,
        Signing::KeyInHeader,
    ] {
        provider.behave(|manners| manners.signing = signing);
        let answer = send(&site, &told(&provider, &site, json!({}))).await;
        assert!(matches!(answer.status, 400 | 503), "{signing:?}: {}", answer.body);
    }
    provider.behave(|manners| manners.signing = Signing::Honest);
    let elsewhere = site.browser();
    let good = told(&provider, &site, json!({}));
    let answer = elsewhere.post("/logout/upstream/partner", &[("logout_token", &good)]).await;
    assert_eq!(answer.status, 400, "no such provider: {}", answer.body);
    assert_eq!(elsewhere.post("/logout/upstream/corp", &[("token", &good)]).await.status, 400);
    assert_eq!(elsewhere.get("/logout/upstream/corp").await.status, 405);
    // Of another session of hers, and of somebody else with the same session.
    for change in [json!({"sid": "s2"}), json!({"sub": "8", "jti": "another"})] {
        assert_eq!(send(&site, &told(&provider, &site, change)).await.status, 200);
    }
    assert!(is_in(&browser).await);
    site.stop().await;
}

#[actix_rt::test]
async fn a_provider_whose_keys_cannot_be_read_is_told_to_come_again() {
    for (status, body) in [(503, ""), (404, ""), (200, "<html>We are away</html>")] {
        let provider = Provider::start().await;
        provider.behave(|manners| drop(manners.says.insert("/jwks", (status, body.to_owned()))));
        let site = site_at(&provider, |_| (), |_| ()).await;
        let answer = send(&site, &told(&provider, &site, json!({}))).await;
        assert!(
            answer.status == 503 && !answer.header("retry-after").is_empty(),
            "{status}: {}",
            answer.body
        );
        site.stop().await;
    }
}

#[actix_rt::test]
async fn an_invented_key_costs_no_login_its_look_for_a_new_one() {
    let (provider, site) = site().await;
    let browser = site.browser();
    come_as(&provider, &browser, ann_in("s1")).await;
    provider.behave(|manners| manners.signing = Signing::UnknownKey);
    assert_eq!(
        send(&site, &told(&provider, &site, json!({}))).await.status,
        400,
        "it was looked for"
    );
    assert_eq!(
        send(&site, &told(&provider, &site, json!({}))).await.status,
        503,
        "nobody can tell just now"
    );
    provider.behave(|manners| manners.signing = Signing::Honest);
    provider.rotate();
    let other = site.browser();
    assert!(come_as(&provider, &other, ann_in("s2")).await.sent("code").is_some());
    site.stop().await;
}

#[actix_rt::test]
async fn a_key_that_is_new_at_the_provider_signs_a_logout_too() {
    let (provider, site) = site().await;
    let browser = site.browser();
    come_as(&provider, &browser, ann_in("s1")).await;
    provider.rotate();
    assert_eq!(send(&site, &told(&provider, &site, json!({}))).await.status, 200);
    assert!(!is_in(&browser).await);
    site.stop().await;
}
