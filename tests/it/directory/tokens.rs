//! Somebody of a directory goes through a browser, to tokens with their groups.

use super::fixture::{LDAP, store, tree};
use crate::support::site::{Site, authorize, payload};
use crate::support::slapd::{self, PASSWORD, SUFFIX};
use serde_json::json;

#[actix_rt::test]
async fn groups_are_in_tokens_and_a_refresh_token_ends_with_its_person() {
    let server = slapd::start(&tree());
    let directory = store(LDAP, &[&server]);
    let site = Site::start_with(|snapshot| {
        snapshot.user_stores.insert(0, directory);
        // Somebody of the same name is in the server's own database: the directory comes first.
    })
    .await;
    let browser = site.browser();
    let login = browser
        .get(&authorize(&[
            ("scope", "openid profile email groups offline_access"),
            ("prompt", "consent"),
        ]))
        .await;
    let consent = browser.log_in(&login, "alice", PASSWORD).await;
    let page = browser.get(consent.header("location")).await;
    let answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "allow")]).await;
    let tokens = browser.tokens("trusted", &answer.sent("code").unwrap()).await;
    let groups = json!(["engineering", "loop", "platform, \"core\"", "staff"]);
    for token in ["id_token", "access_token"] {
        assert_eq!(payload(tokens[token].as_str().unwrap())["groups"], groups, "{token}");
    }
    let http = reqwest::Client::new();
    let userinfo = http
        .get(format!("{}/userinfo", site.origin))
        .bearer_auth(tokens["access_token"].as_str().unwrap());
    let userinfo: serde_json::Value = userinfo.send().await.unwrap().json().await.unwrap();
    assert_eq!((&userinfo["groups"], &userinfo["given_name"]), (&groups, &json!("Alice")));

    let refresh = async |token: &str| -> serde_json::Value {
        let form = [("grant_type", "refresh_token"), ("client_id", "trusted"), ("refresh_token", token)];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = http
            .post(format!("{}/token", site.origin))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        request.send().await.unwrap().json().await.unwrap()
    };
    let second = refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert!(second["refresh_token"].is_string(), "{second}");
    server
        .admin()
        .await
        .delete(&format!("uid=alice,ou=people,{SUFFIX}"))
        .await
        .unwrap()
        .success()
        .unwrap();
    site.platform.clock.advance(jiff::SignedDuration::from_secs(60));
    let third = refresh(second["refresh_token"].as_str().unwrap()).await;
    assert_eq!(third["error"], "invalid_grant", "{third}");
    site.stop().await;
}
