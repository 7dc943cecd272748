//! The claims that ClaimMappers add, in every place where they appear.

use super::fixture::{ACCESS_TOKEN, EXCHANGE, Server, claims, clients, configuration};
use crate::support::platform::STAFF;
use nauthera::config::snapshot::RoleConfig;
use nauthera::oauth::cel::Expression;
use nauthera::oauth::claim_rules::{ClaimPlace, ClaimRule, ClaimSource, PersonAttribute};
use nauthera::oauth::ids::UserStoreId;
use serde_json::{Value, json};
use std::sync::Arc;

fn rule(name: &str, source: ClaimSource, places: &[ClaimPlace]) -> Arc<ClaimRule> {
    Arc::new(ClaimRule {
        name: name.to_owned(),
        source,
        places: places.iter().copied().collect(),
        mapper: "identity/mapper".to_owned(),
    })
}

/// Members of `staff` are buyers; `web` may hand its tokens on.
async fn server() -> Server {
    use ClaimPlace::{AccessToken, IdToken, Userinfo};
    let server = Server::start().await;
    let mut snapshot = configuration("2", clients());
    snapshot.roles = vec![Arc::new(RoleConfig {
        store: UserStoreId::new(STAFF),
        name: "buyer".to_owned(),
        groups: ["staff".to_owned()].into(),
        users: Default::default(),
    })];
    snapshot.claim_rules = vec![
        rule("roles", ClaimSource::Roles, &[AccessToken, Userinfo]),
        rule("email", ClaimSource::Attribute(PersonAttribute::Username), &[IdToken]),
        rule("tenant", ClaimSource::Static(json!({"id": 7})), &[AccessToken, IdToken]),
    ];
    server.test.apply(snapshot).await;
    server
}

#[actix_rt::test]
async fn a_persons_tokens_and_userinfo_carry_them() {
    let server = server().await;
    let answer = server.login("web", "openid email").await.ok();
    let access = claims(&answer.text("access_token"));
    assert_eq!((&access["roles"], &access["tenant"]), (&json!(["buyer"]), &json!({"id": 7})));
    let id = claims(&answer.text("id_token"));
    assert_eq!((&id["tenant"], &id["roles"]), (&json!({"id": 7}), &Value::Null));
    assert_eq!(id["email"], "alice", "in the place of the scope's own claim");
    let seen = server.userinfo(&answer.text("access_token")).await.ok().body;
    assert_eq!((&seen["roles"], &seen["email"]), (&json!(["buyer"]), &json!("alice@example.org")));
    assert_eq!(seen.get("tenant"), None);
    server.stop().await;
}

#[actix_rt::test]
async fn a_local_users_attributes_and_expressions_are_where_the_mapper_says_and_nowhere_else() {
    use ClaimPlace::{AccessToken, IdToken, Userinfo};
    let server = Server::start().await;
    let mut snapshot = configuration("2", clients());
    let alice = Arc::get_mut(&mut snapshot.users[0]).unwrap();
    alice.attributes = [
        ("department".to_owned(), vec!["Sales".to_owned()]),
        ("phones".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
    ]
    .into();
    let cel = |text: &str| ClaimSource::Cel(Expression::compile(text).unwrap());
    snapshot.claim_rules = vec![
        rule("dept", ClaimSource::Further("department".to_owned()), &[AccessToken, Userinfo]),
        rule("phones", ClaimSource::Further("phones".to_owned()), &[IdToken]),
        rule(
            "badge",
            cel("user.attributes.department + ':' + user.groups.join(',') + '@' + client.id"),
            &[IdToken, AccessToken, Userinfo],
        ),
        rule("room", cel("user.attributes.room"), &[IdToken, AccessToken, Userinfo]),
        rule("groups", cel("user.groups.map(g, 'x:' + g)"), &[AccessToken]),
        rule("email_verified", cel("'yes'"), &[Userinfo]),
    ];
    server.test.apply(snapshot).await;
    let answer = server.login("web", "openid email groups").await.ok();
    let further = |claims: &Value| {
        let names = ["dept", "phones", "badge", "room", "groups", "email_verified"];
        let seen = names.iter().filter_map(|name| Some((*name, claims.get(*name)?.clone())));
        seen.collect::<std::collections::BTreeMap<_, _>>()
    };
    let badge = json!("Sales:staff@web");
    assert_eq!(
        further(&claims(&answer.text("access_token"))),
        [("badge", badge.clone()), ("dept", json!("Sales")), ("groups", json!(["x:staff"]))].into()
    );
    assert_eq!(
        further(&claims(&answer.text("id_token"))),
        [
            ("badge", badge.clone()),
            ("phones", json!(["1", "2"])),
            ("groups", json!(["staff"])),
            ("email_verified", json!(true))
        ]
        .into()
    );
    let seen = server.userinfo(&answer.text("access_token")).await.ok().body;
    assert_eq!(
        further(&seen),
        [("badge", badge), ("dept", json!("Sales")), ("groups", json!(["staff"]))].into(),
        "a claim of the standard that would be of another type is left out, the scope's own too"
    );
    server.stop().await;
}

#[actix_rt::test]
async fn a_service_gets_fixed_values_and_introspection_shows_them() {
    let server = server().await;
    let token = server.client_credentials("reporting", "orders:read").await;
    let seen = claims(&token);
    assert_eq!((&seen["tenant"], seen.get("roles")), (&json!({"id": 7}), None));
    let opaque = server.client_credentials("opaque", "orders:read").await;
    let told = server.post("/introspect", "opaque", &[("token", &opaque)]).await.ok().body;
    assert_eq!((&told["active"], &told["tenant"]), (&json!(true), &json!({"id": 7})));
    server.stop().await;
}

#[actix_rt::test]
async fn an_exchanged_token_carries_those_of_its_subject() {
    let server = server().await;
    let mut snapshot = configuration("3", clients());
    let rules = [rule("roles", ClaimSource::Roles, &[ClaimPlace::AccessToken])];
    snapshot.claim_rules = rules.to_vec();
    let web = snapshot.clients.values_mut().find(|client| client.id.as_str() == "web").unwrap();
    Arc::get_mut(web).unwrap().audiences = vec![super::fixture::ORDERS.to_owned()];
    let role = RoleConfig {
        store: UserStoreId::new(STAFF),
        name: "buyer".to_owned(),
        groups: Default::default(),
        users: ["alice".to_owned()].into(),
    };
    snapshot.roles = vec![Arc::new(role)];
    server.test.apply(snapshot).await;
    let subject = server.login("web", "openid orders:read").await.ok().text("access_token");
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", subject.as_str()),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    let exchanged = server.token("orders", &form).await.ok();
    assert_eq!(claims(&exchanged.text("access_token"))["roles"], json!(["buyer"]));
    server.stop().await;
}
