//! Somebody of a directory goes through a browser, to tokens with their groups.

use super::fixture::{LDAP, config, store, tree};
use crate::support::site::{Site, authorize, payload};
use crate::support::slapd::{self, PASSWORD, SUFFIX};
use nauthera::config::snapshot::{RoleConfig, UserStoreConfig, UserStoreKind};
use nauthera::oauth::cel::Expression;
use nauthera::oauth::claim_rules::{ClaimPlace, ClaimRule, ClaimSource};
use nauthera::oauth::ids::UserStoreId;
use serde_json::json;
use std::sync::Arc;

/// Goes through login and consent, to tokens.
async fn tokens_of(site: &Site, username: &str, scope: &str) -> serde_json::Value {
    let browser = site.browser();
    let login = browser.get(&authorize(&[("scope", scope), ("prompt", "consent")])).await;
    let consent = browser.log_in(&login, username, PASSWORD).await;
    let page = browser.get(consent.header("location")).await;
    let answer = browser.post("/consent", &[("ticket", &page.ticket()), ("decision", "allow")]).await;
    browser.tokens("trusted", &answer.sent("code").unwrap()).await
}

#[actix_rt::test]
async fn groups_roles_attributes_and_expressions_are_where_the_mapper_says() {
    use ClaimPlace::{AccessToken, IdToken, Userinfo};
    let server = slapd::start(&tree());
    let site = Site::start_with(|snapshot| {
        let mut config = config(&[&server]);
        config.attributes = [
            ("department", "departmentNumber"),
            ("phones", "telephoneNumber"),
            ("portrait", "audio"),
            ("room", "roomNumber"),
        ]
        .map(|(name, attribute)| (name.to_owned(), attribute.to_owned()))
        .into();
        snapshot.user_stores.insert(
            0,
            Arc::new(UserStoreConfig {
                id: UserStoreId::new(LDAP),
                kind: UserStoreKind::Ldap(Box::new(config)),
            }),
        );
        snapshot.roles = vec![Arc::new(RoleConfig {
            store: UserStoreId::new(LDAP),
            name: "buyer".to_owned(),
            groups: ["staff".to_owned()].into(),
            users: Default::default(),
        })];
        let rule = |name: &str, source: ClaimSource, places: &[ClaimPlace]| {
            Arc::new(ClaimRule {
                name: name.to_owned(),
                source,
                places: places.iter().copied().collect(),
                mapper: "identity/mapper".to_owned(),
            })
        };
        let further = |name: &str| ClaimSource::Further(name.to_owned());
        let cel = |text: &str| ClaimSource::Cel(Expression::compile(text).unwrap());
        snapshot.claim_rules = vec![
            rule("teams", ClaimSource::Groups, &[AccessToken]),
            rule("roles", ClaimSource::Roles, &[IdToken, Userinfo]),
            rule("dept", further("department"), &[IdToken, AccessToken, Userinfo]),
            rule("phones", further("phones"), &[Userinfo]),
            rule("portrait", further("portrait"), &[IdToken, AccessToken, Userinfo]),
            rule("room", further("room"), &[IdToken, AccessToken, Userinfo]),
            rule(
                "badge",
                cel("user.roles.join(',') + '@' + user.attributes.department + (has(user.attributes.room) ? '!' : '')"),
                &[IdToken, AccessToken, Userinfo],
            ),
        ];
    })
    .await;
    let tokens = tokens_of(&site, "alice", "openid").await;
    let further = |claims: &serde_json::Value| {
        let names = ["teams", "roles", "dept", "phones", "portrait", "room", "badge"];
        let seen = names.iter().filter_map(|name| Some((*name, claims.get(*name)?.clone())));
        seen.collect::<std::collections::BTreeMap<_, _>>()
    };
    let (dept, badge) = (("dept", json!("Sales")), ("badge", json!("buyer@Sales")));
    let teams = json!(["engineering", "loop", "platform, \"core\"", "staff"]);
    let access = payload(tokens["access_token"].as_str().unwrap());
    assert_eq!(further(&access), [("teams", teams), dept.clone(), badge.clone()].into());
    let id = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(further(&id), [("roles", json!(["buyer"])), dept.clone(), badge.clone()].into());
    let userinfo = reqwest::Client::new()
        .get(format!("{}/userinfo", site.origin))
        .bearer_auth(tokens["access_token"].as_str().unwrap());
    let userinfo: serde_json::Value = userinfo.send().await.unwrap().json().await.unwrap();
    let phones = ("phones", json!(["+1 1", "+1 2"]));
    assert_eq!(further(&userinfo), [("roles", json!(["buyer"])), dept, phones, badge].into());
    site.stop().await;
}

#[actix_rt::test]
async fn groups_are_in_tokens_and_a_refresh_token_ends_with_its_person() {
    let server = slapd::start(&tree());
    let directory = store(LDAP, &[&server]);
    let site = Site::start_with(|snapshot| {
        snapshot.user_stores.insert(0, directory);
        // Somebody of the same name is in the server's own database: the directory comes first.
    })
    .await;
    let tokens = tokens_of(&site, "alice", "openid profile email groups offline_access").await;
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
