//! Whether somebody whom a provider knows may be somebody whom a UserStore knows. Alice has a verified address here: `alice@example.org`.

use super::fixture::*;
use super::provider::Provider;
use crate::support::platform::user;
use crate::support::site::*;
use nauthera::config::snapshot::Linking;
use serde_json::{Value, json};

/// Alice's subject, by her password.
async fn alice(site: &Site) -> Value {
    let browser = site.browser();
    let code = browser.code().await.sent("code").unwrap();
    payload(browser.tokens("trusted", &code).await["id_token"].as_str().unwrap())["sub"].clone()
}

fn with_email(subject: &str, email: &str, verified: Value) -> Value {
    json!({"sub": subject, "preferred_username": "alice", "email": email, "email_verified": verified})
}

async fn subject(provider: &Provider, site: &Site, claims: Value) -> Value {
    id_token_of(provider, &site.browser(), claims).await["sub"].clone()
}

#[actix_rt::test]
async fn nobody_takes_over_an_account_unless_the_platform_team_wants_it() {
    let (provider, site) = site().await;
    let alice = alice(&site).await;
    assert_ne!(
        subject(&provider, &site, with_email("7", "alice@example.org", json!(true))).await,
        alice
    );
    site.stop().await;
}

#[actix_rt::test]
async fn whoever_has_the_same_verified_address_is_the_same_user_and_stays_so() {
    let (provider, site) = site_with(|corp| corp.linking = Linking::VerifiedEmail).await;
    let alice = alice(&site).await;
    assert_eq!(
        subject(&provider, &site, with_email("7", "Alice@Example.org", json!(true))).await,
        alice
    );
    // By the provider's id of them from then on: their address there may change, and belong to somebody else.
    assert_eq!(
        subject(&provider, &site, with_email("7", "other@corp.example", json!(false))).await,
        alice
    );
    assert_ne!(
        subject(&provider, &site, with_email("8", "other@corp.example", json!(true))).await,
        alice
    );
    site.stop().await;
}

#[actix_rt::test]
async fn an_address_that_the_provider_has_not_verified_opens_no_account() {
    let (provider, site) = site_with(|corp| corp.linking = Linking::VerifiedEmail).await;
    let alice = alice(&site).await;
    for (number, verified) in [json!(false), Value::Null, json!("true"), json!(1), json!([true])]
        .into_iter()
        .enumerate()
    {
        let claims = with_email(&format!("attacker-{number}"), "alice@example.org", verified.clone());
        assert_ne!(subject(&provider, &site, claims).await, alice, "{verified}");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn what_userinfo_verifies_is_its_own_address_and_not_the_tokens() {
    let provider = Provider::start().await;
    provider.behave(|manners| {
        manners.userinfo = Some(json!({"sub": "attacker", "email": "attacker@corp.example", "email_verified": true, "name": "x"}));
    });
    let site = site_at(&provider, |corp| corp.linking = Linking::VerifiedEmail, |_| ()).await;
    let alice = alice(&site).await;
    let claims = json!({"sub": "attacker", "email": "alice@example.org"});
    assert_ne!(subject(&provider, &site, claims).await, alice);
    site.stop().await;
}

#[actix_rt::test]
async fn an_account_whose_own_address_is_not_verified_is_linked_to_nobody() {
    let (provider, site) = site_as(
        |corp| corp.linking = Linking::VerifiedEmail,
        |configuration| {
            let mut alice = user(USERNAME, Some(PASSWORD));
            alice.email_verified = false;
            configuration.users = vec![alice.into()];
        },
    )
    .await;
    // Else somebody could lay claim to an address here, and wait for its owner to come by way of the provider.
    let alice = alice(&site).await;
    assert_ne!(
        subject(&provider, &site, with_email("7", "alice@example.org", json!(true))).await,
        alice
    );
    site.stop().await;
}

#[actix_rt::test]
async fn an_address_that_several_users_have_names_none_of_them() {
    let (provider, site) = site_as(
        |corp| corp.linking = Linking::VerifiedEmail,
        |configuration| {
            let mut shared = user("shared", Some(PASSWORD));
            shared.email = Some("alice@example.org".to_owned());
            configuration.users.push(shared.into());
        },
    )
    .await;
    let alice = alice(&site).await;
    assert_ne!(
        subject(&provider, &site, with_email("7", "alice@example.org", json!(true))).await,
        alice
    );
    site.stop().await;
}

#[actix_rt::test]
async fn a_disabled_user_does_not_come_in_by_another_door() {
    let (provider, site) = site_as(
        |corp| corp.linking = Linking::VerifiedEmail,
        |configuration| {
            let mut eve = user("eve", Some(PASSWORD));
            eve.disabled = true;
            configuration.users.push(eve.into());
        },
    )
    .await;
    let browser = site.browser();
    let answer = come_as(&provider, &browser, with_email("7", "eve@example.org", json!(true))).await;
    assert_refused(&browser, &answer, 403, "may not sign in here");

    // Nor whoever was disabled after they were linked.
    let bob = with_email("8", "bob@example.org", json!(true));
    assert!(come_as(&provider, &site.browser(), bob.clone()).await.sent("code").is_some());
    let mut next = (*site.platform.platform.config.current().unwrap()).clone();
    let mut disabled = user("bob", Some(PASSWORD));
    disabled.disabled = true;
    next.users = vec![user(USERNAME, Some(PASSWORD)).into(), disabled.into()];
    next.revision.0 = "2".to_owned();
    site.platform.apply(next).await;
    let browser = site.browser();
    assert_refused(&browser, &come_as(&provider, &browser, bob).await, 403, "may not sign in here");
    site.stop().await;
}

#[actix_rt::test]
async fn who_was_somebody_of_their_own_stays_so() {
    let (provider, site) = site().await;
    let claims = with_email("7", "alice@example.org", json!(true));
    let own = subject(&provider, &site, claims.clone()).await;
    let mut next = (*site.platform.platform.config.current().unwrap()).clone();
    let mut corp = (*next.identity_providers[0]).clone();
    corp.linking = Linking::VerifiedEmail;
    next.identity_providers = vec![corp.into()];
    next.revision.0 = "2".to_owned();
    site.platform.apply(next).await;
    assert_eq!(subject(&provider, &site, claims).await, own);
    site.stop().await;
}

#[actix_rt::test]
async fn a_link_counts_only_while_linking_is_wanted() {
    let (provider, site) = site_with(|corp| corp.linking = Linking::VerifiedEmail).await;
    let alice = alice(&site).await;
    let claims = with_email("7", "alice@example.org", json!(true));
    assert_eq!(subject(&provider, &site, claims.clone()).await, alice);
    let mut next = (*site.platform.platform.config.current().unwrap()).clone();
    let mut corp = (*next.identity_providers[0]).clone();
    corp.linking = Linking::None;
    next.identity_providers = vec![corp.into()];
    next.revision.0 = "2".to_owned();
    site.platform.apply(next).await;
    assert_ne!(subject(&provider, &site, claims).await, alice);
    site.stop().await;
}

#[actix_rt::test]
async fn only_people_of_allowed_domains_come_in() {
    let (provider, site) = site_with(|corp| corp.allowed_email_domains = vec!["corp.example".to_owned()]).await;
    assert!(come_as(&provider, &site.browser(), ann()).await.sent("code").is_some());
    for (email, verified) in [
        ("ann@corp.example", json!(false)),
        ("ann@evil-corp.example", json!(true)),
        ("ann@corp.example.evil.example", json!(true)),
        ("", json!(true)),
    ] {
        let browser = site.browser();
        let answer = come_as(&provider, &browser, with_email("9", email, verified)).await;
        assert_refused(&browser, &answer, 403, "may not sign in here");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn a_subject_of_another_issuer_is_another_person() {
    // Somebody edits issuerUrl: the same number there is somebody else.
    let (provider, site) = site().await;
    let first = subject(&provider, &site, ann()).await;
    let other = Provider::start().await;
    let mut next = (*site.platform.platform.config.current().unwrap()).clone();
    next.identity_providers = vec![config("corp", &other.issuer).into()];
    next.revision.0 = "2".to_owned();
    site.platform.apply(next).await;
    assert_ne!(subject(&other, &site, ann()).await, first);
    site.stop().await;
}
