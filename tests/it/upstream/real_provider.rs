//! Another Nauthera as the provider: everything between the two is real.

use super::fixture::*;
use crate::support::site::*;
use nauthera::oauth::client::{Client, ClientSecret, ClientType};
use nauthera::oauth::grant_type::ClientAuthMethod;
use nauthera::oauth::opaque::TokenHash;
use std::sync::Arc;

const SECRET: &str = "a secret between two servers: 100% + more";

fn downstream(redirect_uri: &str) -> Arc<Client> {
    let mut downstream = client("downstream", true);
    downstream.client_type = ClientType::Confidential;
    downstream.auth_method = ClientAuthMethod::ClientSecretBasic;
    downstream.secrets = vec![ClientSecret {
        hash: TokenHash::of(SECRET),
        not_after: None,
    }];
    downstream.redirect_uris = vec![redirect_uri.to_owned()];
    downstream.backchannel_logout_uri = redirect_uri
        .strip_suffix("/login/callback/corp")
        .map(|origin| format!("{origin}/logout/upstream/corp"));
    Arc::new(downstream)
}

#[actix_rt::test]
async fn a_person_of_one_nauthera_logs_in_at_another() {
    // Its discovery says how its clients prove themselves, so there has to be one before the other server reads it.
    let before = downstream("https://not.yet.example/");
    let corp = Site::start_with(|configuration| drop(configuration.clients.insert(before.id.clone(), before))).await;
    let mut provider = config("corp", &corp.origin);
    provider.client_id = "downstream".to_owned();
    provider.client_secret = SECRET.into();
    let site = Site::start_with(|configuration| configuration.identity_providers = vec![Arc::new(provider)]).await;
    let mut configuration = (*corp.platform.platform.config.current().unwrap()).clone();
    let downstream = downstream(&format!("{}/login/callback/corp", site.origin));
    configuration.clients.insert(downstream.id.clone(), downstream);
    configuration.revision.0 = "2".to_owned();
    corp.platform.apply(configuration).await;

    // The application sends the browser to one server, which sends it to the other, where alice logs in and allows it.
    let (browser, at_corp) = (site.browser(), corp.browser());
    let sent = begin_with(&browser, &[("max_age", "600"), ("scope", "openid profile email")]).await;
    let path = |url: &url::Url| format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let page = at_corp.get(&path(&sent.location())).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let consent = at_corp.log_in(&page, USERNAME, PASSWORD).await;
    let page = at_corp.get(consent.header("location")).await;
    let back = at_corp.post("/consent", &[("ticket", &page.ticket()), ("decision", "allow")]).await;
    assert_eq!(back.sent("iss").as_deref(), Some(corp.origin.as_str()));

    let answer = browser.get(&path(&back.location())).await;
    let tokens = browser
        .tokens("trusted", &answer.sent("code").unwrap_or_else(|| panic!("{answer:?}")))
        .await;
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(
        (&claims["iss"], &claims["amr"]),
        (&site.origin.as_str().into(), &serde_json::json!(["fed"]))
    );
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let userinfo = browser.get_with("/userinfo", "authorization", &bearer).await;
    assert!(userinfo.body.contains("alice@example.org"), "{}", userinfo.body);

    // She signs out at the other server: it tells this one, where her session ends too.
    assert_eq!(browser.get("/account").await.status, 200);
    let page = at_corp.get("/logout").await;
    at_corp.post("/logout", &[("ticket", &page.ticket())]).await;
    let signed_out = async {
        while browser.get("/account").await.status == 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), signed_out)
        .await
        .expect("the session ends here too");
    site.stop().await;
    corp.stop().await;
}
