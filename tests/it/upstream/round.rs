//! The round of a login, and who somebody is afterwards.

use super::fixture::*;
use super::provider::Provider;
use crate::support::site::*;
use nauthera::config::snapshot::IdentityProviderConfig;
use nauthera::oauth::pkce;
use serde_json::json;

#[actix_rt::test]
async fn logs_in_by_way_of_a_provider_and_is_the_same_person_ever_after() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[])).await;
    assert!(page.body.contains("Continue with The corp"), "{}", page.body);
    let sent = press(&browser, &page).await;
    let request = provider.request(&sent.location());
    assert_eq!(request["redirect_uri"], format!("{}/login/callback/corp", site.origin));
    assert_eq!(
        (request["response_type"].as_str(), request["scope"].as_str()),
        ("code", "openid profile email")
    );
    assert_eq!(request["code_challenge_method"], "S256");
    assert!(pkce::is_challenge(&request["code_challenge"]));

    let answer = browser.get(&provider.approve(&sent.location(), ann())).await;
    assert!(answer.location().as_str().starts_with(CALLBACK), "{answer:?}");
    let tokens = browser.tokens("trusted", &answer.sent("code").unwrap()).await;
    let first = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(first["amr"], json!(["fed"]));
    assert_ne!(first["sub"], "7", "the subject is ours");

    // A new name and address: the same person. The same name of another one: another person.
    let renamed = json!({"sub": "7", "preferred_username": "ann.other", "email": "other@corp.example", "email_verified": true});
    let again = id_token_of(&provider, &site.browser(), renamed).await;
    assert_eq!(again["sub"], first["sub"]);
    let mut namesake = ann();
    namesake["sub"] = "8".into();
    let other = id_token_of(&provider, &site.browser(), namesake).await;
    assert_ne!(other["sub"], first["sub"]);
    site.stop().await;
}

#[actix_rt::test]
async fn what_the_provider_says_of_somebody_reaches_the_client() {
    let provider = Provider::start().await;
    // The ID token leaves most of it to UserInfo.
    provider.behave(|manners| {
        manners.userinfo = Some(
            json!({"sub": "7", "preferred_username": "ann", "email": "ann@corp.example", "email_verified": true,
            "roles": ["writers", "readers"], "name": "Ann Example"}),
        );
    });
    let roles = |corp: &mut IdentityProviderConfig| corp.attributes = [("groups".to_owned(), "roles".to_owned())].into();
    let site = site_at(&provider, roles, |_| ()).await;
    let browser = site.browser();
    let sent = begin_with(&browser, &[("scope", "openid profile email groups")]).await;
    let answer = browser.get(&provider.approve(&sent.location(), json!({"sub": "7"}))).await;
    let tokens = browser.tokens("trusted", &answer.sent("code").unwrap()).await;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let userinfo = browser.get_with("/userinfo", "authorization", &bearer).await;
    let userinfo: serde_json::Value = serde_json::from_str(&userinfo.body).unwrap();
    assert_eq!(userinfo["preferred_username"], "ann");
    assert_eq!(userinfo["name"], "Ann Example");
    assert_eq!(
        (&userinfo["email"], &userinfo["email_verified"]),
        (&json!("ann@corp.example"), &json!(true))
    );
    assert_eq!(userinfo["groups"], json!(["readers", "writers"]));
    site.stop().await;
}

#[actix_rt::test]
async fn a_server_without_user_stores_shows_no_password_form() {
    let (provider, site) = site_as(
        |_| (),
        |configuration| {
            configuration.user_stores.clear();
            configuration.users.clear();
        },
    )
    .await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[])).await;
    assert!(
        !page.body.contains("type=\"password\"") && page.body.contains("Continue with The corp"),
        "{}",
        page.body
    );
    let answer = come_as(&provider, &browser, ann()).await;
    assert!(answer.sent("code").is_some(), "{answer:?}");
    site.stop().await;
}

#[actix_rt::test]
async fn a_login_that_no_application_asked_for_ends_at_home() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let page = browser.get("/login").await;
    let sent = press(&browser, &page).await;
    let answer = browser.get(&provider.approve(&sent.location(), ann())).await;
    assert_eq!(answer.location().path(), "/account");
    let account = browser.get("/account").await;
    assert!(account.status == 200 && account.body.contains("signed in as"), "{}", account.body);
    assert_eq!(
        browser.get("/account/security/new?method=totp").await.status,
        200,
        "a second factor of their own"
    );
    let confirm = browser.get("/login?confirm=yes").await;
    let sent = press(&browser, &confirm).await;
    assert_eq!(sent.sent("max_age").as_deref(), Some("0"), "who confirms proves themselves again");
    site.stop().await;
}

#[actix_rt::test]
async fn the_session_tells_when_they_proved_themselves_at_the_provider() {
    let (provider, site) = site().await;
    let began = crate::support::platform::START.as_second();
    let mut claims = ann();
    claims["auth_time"] = (began - 8 * 3600).into();
    assert_eq!(
        id_token_of(&provider, &site.browser(), claims.clone()).await["auth_time"],
        began - 8 * 3600
    );
    claims["auth_time"] = (began + 30).into();
    assert_eq!(
        id_token_of(&provider, &site.browser(), claims).await["auth_time"],
        began,
        "never in the future"
    );
    assert_eq!(
        id_token_of(&provider, &site.browser(), ann()).await["auth_time"],
        began,
        "unless it says nothing"
    );
    site.stop().await;
}

#[actix_rt::test]
async fn whoever_signs_out_is_offered_to_sign_out_there_too() {
    let (provider, site) = site_with(|corp| corp.logout = true).await;
    let browser = site.browser();
    come_as(&provider, &browser, ann()).await;
    let question = browser.get("/logout").await;
    let page = browser.post("/logout", &[("ticket", &question.ticket())]).await;
    assert_eq!(page.status, 200);
    let shown = page.body.replace("&#x2f;", "/");
    let there = format!("href=\"{}/logout?client_id=nauthera+at+corp\"", provider.issuer);
    assert!(shown.contains(&there), "{shown}");
    assert_eq!(browser.cookie(SESSION), None);

    // Whoever has nothing to do with the provider is offered nothing.
    browser.code().await;
    let question = browser.get("/logout").await;
    let page = browser.post("/logout", &[("ticket", &question.ticket())]).await;
    assert!(!page.body.replace("&#x2f;", "/").contains(&provider.issuer), "{}", page.body);
    site.stop().await;
}

#[actix_rt::test]
async fn people_of_a_provider_that_was_taken_away_are_logged_out() {
    let (provider, site) = site().await;
    let browser = site.browser();
    let answer = come_as(&provider, &browser, ann()).await;
    let tokens = browser.tokens("trusted", &answer.sent("code").unwrap()).await;
    let mut without = (*site.platform.platform.config.current().unwrap()).clone();
    without.identity_providers.clear();
    without.revision.0 = "2".to_owned();
    site.platform.apply(without).await;
    site.platform.clock.advance(jiff::SignedDuration::from_secs(31));
    assert_eq!(browser.get("/").await.body.matches("signed in as").count(), 0);
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "trusted"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let refreshed = browser.post("/token", &fields).await;
    assert!(
        refreshed.status == 400 && refreshed.body.contains("invalid_grant"),
        "{}",
        refreshed.body
    );
    assert!(!browser.get(&authorize(&[])).await.body.contains("The corp"));
    site.stop().await;
}
