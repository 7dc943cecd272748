//! Who is told, of what, and how it is said.

use super::relying_party::RelyingParty;
use super::{at_trusted, log_out, site_with, tell};
use crate::support::site::*;
use nauthera::oauth::client::Client;
use nauthera::oauth::ids::ClientId;
use std::sync::Arc;

#[actix_rt::test]
async fn a_logout_is_told_by_a_token_that_the_published_keys_verify() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    let tokens = at_trusted(&browser).await;
    let id_token = payload(tokens["id_token"].as_str().unwrap());
    log_out(&browser).await;
    let told = party.next().await;
    assert_eq!(
        (told.method.as_str(), told.path.as_str(), told.content_type.as_str()),
        ("POST", "/backchannel?tenant=a", "application/x-www-form-urlencoded")
    );
    assert_eq!(told.form.len(), 1);

    let header = jsonwebtoken::decode_header(told.token()).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&browser.get("/jwks").await.body).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(jwks.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(header.alg);
    validation.set_audience(&["trusted"]);
    validation.set_issuer(&[&site.origin]);
    // The server's clock stands still somewhere else.
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<serde_json::Value>(told.token(), &key, &validation)
        .unwrap()
        .claims;
    assert_eq!((&claims["sid"], &claims["sub"]), (&id_token["sid"], &id_token["sub"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
    assert_eq!(
        claims["events"],
        serde_json::json!({"http://schemas.openid.net/event/backchannel-logout": {}})
    );
    assert!(claims.get("nonce").is_none() && !claims["jti"].as_str().unwrap().is_empty());
    site.stop().await;
}

#[actix_rt::test]
async fn nobody_is_told_who_did_not_ask_or_was_not_there() {
    let (asked, never_visited) = (RelyingParty::start().await, RelyingParty::start().await);
    let site = Site::start_with(|snapshot| {
        tell(snapshot, "trusted", &asked);
        let other = Client {
            id: ClientId::new("other"),
            ..Client::clone(&snapshot.clients[&ClientId::new("trusted")])
        };
        snapshot.clients.insert(other.id.clone(), Arc::new(other));
        tell(snapshot, "other", &never_visited);
    })
    .await;
    let (browser, without_openid) = (site.browser(), site.browser());
    let tokens = at_trusted(&browser).await;
    // No ID token, no session that the client knows of.
    let page = without_openid.get(&authorize(&[("scope", "orders:read")])).await;
    let code = without_openid.log_in(&page, USERNAME, PASSWORD).await.sent("code").unwrap();
    without_openid.tokens("trusted", &code).await;
    log_out(&without_openid).await;
    log_out(&browser).await;
    let told = asked.next().await.claims();
    assert_eq!(told["sid"], payload(tokens["id_token"].as_str().unwrap())["sid"]);
    let platform = &site.platform.platform;
    platform.logouts.gate().ping().await.unwrap();
    let now = platform.clock.now();
    let rest = platform.store.claim_logouts(now, now, 10, &[]).await.unwrap();
    assert!(rest.iter().all(|logout| logout.client.as_str() == "trusted"), "{rest:?}");
    assert_eq!((asked.so_far().await.len(), never_visited.so_far().await.len()), (0, 0));
    site.stop().await;
}

#[actix_rt::test]
async fn a_device_that_is_signed_out_has_no_refresh_token_and_its_applications_are_told() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let (phone, laptop) = (site.browser(), site.browser());
    let on_phone = at_trusted(&phone).await;
    let on_laptop = at_trusted(&laptop).await;
    let sid = |tokens: &serde_json::Value| payload(tokens["id_token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned();

    let page = laptop.get("/account/sessions").await;
    let fields = [("ticket", page.ticket()), ("session", sid(&on_phone))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(laptop.post("/account/sessions", &fields).await.status, 303);
    assert_eq!(party.next().await.claims()["sid"].as_str().unwrap(), sid(&on_phone));

    let refresh = async |tokens: &serde_json::Value| {
        let token = tokens["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "trusted")];
        site.browser().post("/token", &fields).await
    };
    let refused = refresh(&on_phone).await;
    assert!(refused.status == 400 && refused.body.contains("invalid_grant"), "{}", refused.body);
    assert_eq!(refresh(&on_laptop).await.status, 200);
    assert_eq!(party.so_far().await.len(), 0, "the laptop stays");
    site.stop().await;
}

#[actix_rt::test]
async fn a_consent_that_is_withdrawn_signs_out_of_that_application() {
    let party = RelyingParty::start().await;
    let site = Site::start_with(|snapshot| {
        tell(snapshot, "shop", &party);
        tell(snapshot, "trusted", &party);
    })
    .await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[("client_id", "shop")])).await;
    let question = browser.log_in(&page, USERNAME, PASSWORD).await;
    let question = browser.get(&question.location()[url::Position::BeforePath..]).await;
    let code = browser
        .post("/consent", &[("ticket", &question.ticket()), ("decision", "allow")])
        .await;
    browser.tokens("shop", &code.sent("code").unwrap()).await;
    let code = browser.get(&authorize(&[])).await.sent("code").unwrap();
    browser.tokens("trusted", &code).await;

    let page = browser.get("/account/applications").await;
    let fields = [("ticket", page.ticket()), ("client", "shop".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(browser.post("/account/applications", &fields).await.status, 303);
    assert_eq!(party.next().await.claims()["aud"], "shop");
    assert_eq!(browser.get("/account").await.status, 200, "the session at the server goes on");
    log_out(&browser).await;
    assert_eq!(party.next().await.claims()["aud"], "trusted", "and the shop is not told twice");
    site.stop().await;
}

#[actix_rt::test]
async fn logging_in_as_somebody_else_ends_the_session_before() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    let tokens = at_trusted(&browser).await;
    let page = browser.get(&authorize(&[("prompt", "login")])).await;
    browser.log_in(&page, "bob", PASSWORD).await;
    let told = party.next().await.claims();
    assert_eq!(told["sid"], payload(tokens["id_token"].as_str().unwrap())["sid"]);
    site.stop().await;
}

#[actix_rt::test]
async fn discovery_says_so() {
    let site = Site::start().await;
    let document: serde_json::Value = serde_json::from_str(&site.browser().get("/.well-known/openid-configuration").await.body).unwrap();
    assert_eq!(document["backchannel_logout_supported"], true);
    assert_eq!(document["backchannel_logout_session_supported"], true);
    site.stop().await;
}

/// Logs alice in through `trusted` with offline access, and allows it if she is asked; the code.
async fn offline_code(browser: &Browser) -> String {
    let page = browser.get(&authorize(&[("scope", "openid offline_access")])).await;
    let mut answer = browser.log_in(&page, USERNAME, PASSWORD).await;
    if answer.location().path() == "/consent" {
        let page = browser.get(answer.header("location")).await;
        answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "allow")]).await;
    }
    answer.sent("code").unwrap()
}

#[actix_rt::test]
async fn no_client_has_an_id_token_of_a_session_that_has_ended() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    let code = offline_code(&browser).await;
    log_out(&browser).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", "trusted"),
        ("code_verifier", VERIFIER),
    ];
    // With offline access the code holds; the session that an ID token would be of does not.
    let refused = browser.post("/token", &fields).await;
    assert!(refused.status == 400 && refused.body.contains("signed out"), "{}", refused.body);
    site.stop().await;
}

#[actix_rt::test]
async fn offline_access_goes_on_without_an_id_token() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    let tokens = browser.tokens("trusted", &offline_code(&browser).await).await;
    let refresh = async |token: &serde_json::Value| -> serde_json::Value {
        let token = token["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "trusted")];
        let answer = site.browser().post("/token", &fields).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    };
    let before = refresh(&tokens).await;
    assert!(before["id_token"].is_string());
    log_out(&browser).await;
    party.next().await;
    let after = refresh(&before).await;
    assert!(after["access_token"].is_string() && after.get("id_token").is_none(), "{after}");
    site.stop().await;
}
