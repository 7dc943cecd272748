//! A site that offers a provider, and people who come by way of it.

use super::provider::{CLIENT_ID, CLIENT_SECRET, Provider};
use crate::support::site::{Answer, Browser, SESSION, Site, authorize, payload};
use nauthera::config::snapshot::{IdentityProviderConfig, Linking, Snapshot};
use nauthera::oauth::ids::UserStoreId;
use serde_json::{Value, json};
use std::sync::Arc;

/// The provider as a configuration has it.
pub fn config(name: &str, issuer: &str) -> IdentityProviderConfig {
    IdentityProviderConfig {
        id: UserStoreId::new(format!("idp:identity/{name}")),
        name: name.to_owned(),
        display_name: format!("The {name}"),
        issuer: issuer.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.into(),
        authorities: None,
        scopes: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
        attributes: Default::default(),
        linking: Linking::None,
        allowed_email_domains: Vec::new(),
        logout: false,
    }
}

/// A provider, and a site that offers it as `corp`.
pub async fn site() -> (Provider, Site) {
    site_with(|_| ()).await
}

/// The same, with changes to the provider's settings.
pub async fn site_with(change: impl FnOnce(&mut IdentityProviderConfig)) -> (Provider, Site) {
    site_as(change, |_| ()).await
}

/// The same, with changes to the whole configuration.
pub async fn site_as(change: impl FnOnce(&mut IdentityProviderConfig), more: impl FnOnce(&mut Snapshot)) -> (Provider, Site) {
    let provider = Provider::start().await;
    let site = site_at(&provider, change, more).await;
    (provider, site)
}

/// A site that offers a provider which is there already.
pub async fn site_at(provider: &Provider, change: impl FnOnce(&mut IdentityProviderConfig), more: impl FnOnce(&mut Snapshot)) -> Site {
    let mut corp = config("corp", &provider.issuer);
    change(&mut corp);
    Site::start_with(|configuration| {
        configuration.identity_providers = vec![Arc::new(corp)];
        more(configuration);
    })
    .await
}

/// Ann, as the provider knows her.
pub fn ann() -> Value {
    json!({"sub": "7", "preferred_username": "ann", "name": "Ann Example", "email": "ann@corp.example", "email_verified": true})
}

/// Presses the button of `corp`.
pub async fn press(browser: &Browser, page: &Answer) -> Answer {
    browser.post("/login/upstream/corp", &[("ticket", &page.ticket())]).await
}

/// Begins a login of the client `trusted`, and is sent to the provider.
pub async fn begin(browser: &Browser) -> Answer {
    begin_with(browser, &[]).await
}

/// The same, with changes to the client's request.
pub async fn begin_with(browser: &Browser, changes: &[(&str, &str)]) -> Answer {
    let page = browser.get(&authorize(changes)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    press(browser, &page).await
}

/// Goes the whole way as somebody whom the provider knows so: the answer at the callback.
pub async fn come_as(provider: &Provider, browser: &Browser, claims: Value) -> Answer {
    let sent = begin(browser).await;
    browser.get(&provider.approve(&sent.location(), claims)).await
}

/// The claims of the ID token that the client `trusted` gets for somebody.
pub async fn id_token_of(provider: &Provider, browser: &Browser, claims: Value) -> Value {
    let answer = come_as(provider, browser, claims).await;
    let code = answer.sent("code").unwrap_or_else(|| panic!("no code: {answer:?}"));
    let tokens = browser.tokens("trusted", &code).await;
    payload(tokens["id_token"].as_str().unwrap())
}

/// A page that says that something did not work; nobody is logged in.
pub fn assert_refused(browser: &Browser, answer: &Answer, status: u16, says: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(answer.body.contains(says), "{says}: {}", answer.body);
    assert_eq!(browser.cookie(SESSION), None, "nobody is logged in");
}
