//! What people see of their own account.

use super::fixtures::{alice, at, profile, session_of, shop};
use super::on_every_store;
use nauthera::oauth::ids::{ClientId, SessionId, UserId};
use nauthera::oauth::scope::Scopes;
use nauthera::store::Store;
use nauthera::store::records::{AuditEvent, DeviceRecord, SessionRecord};
use std::sync::Arc;

on_every_store!(
    sessions_are_listed_with_what_is_known_of_their_browsers,
    what_is_known_of_a_browser_goes_with_its_session,
    consents_are_listed_by_client,
    everybody_sees_their_own_events,
);

fn device(agent: &str) -> DeviceRecord {
    DeviceRecord {
        agent: agent.to_owned(),
        address: "192.0.2.7".to_owned(),
    }
}

async fn sessions_are_listed_with_what_is_known_of_their_browsers(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let older = session_of(&user, "older");
    let newer = SessionRecord {
        auth_time: at(9),
        ..session_of(&user, "newer")
    };
    let over = SessionRecord {
        expires_at: at(5),
        ..session_of(&user, "over")
    };
    for session in [&older, &newer, &over] {
        assert!(store.open_session(session, None).await.unwrap());
    }
    store.note_device(&older.id, &device("Browser \0 '\"")).await.unwrap();
    store.note_device(&older.id, &device("another \u{1} name")).await.unwrap();
    let listed = store.sessions_of(&user, at(10), 9).await.unwrap();
    assert_eq!(
        listed,
        [(newer.clone(), DeviceRecord::default()), (older, device("another \u{1} name"))]
    );
    assert_eq!(
        store.sessions_of(&user, at(10), 1).await.unwrap(),
        [(newer, DeviceRecord::default())]
    );
    assert!(store.sessions_of(&UserId::new("nobody"), at(10), 9).await.unwrap().is_empty());
}

async fn what_is_known_of_a_browser_goes_with_its_session(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let session = session_of(&user, "s");
    assert!(store.open_session(&session, None).await.unwrap());
    store.note_device(&session.id, &device("a")).await.unwrap();
    store.end_session(&session.id, at(1)).await.unwrap();
    assert!(store.open_session(&session, None).await.unwrap());
    assert_eq!(
        store.sessions_of(&user, at(2), 9).await.unwrap(),
        [(session, DeviceRecord::default())]
    );
    store.note_device(&SessionId::new("gone"), &device("a")).await.unwrap();
}

async fn consents_are_listed_by_client(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let scopes = |text: &str| Scopes::parse(text).unwrap();
    store.give_consent(&user, &shop(), &scopes("openid"), at(1)).await.unwrap();
    store
        .give_consent(&user, &ClientId::new("demo.books"), &scopes("email"), at(2))
        .await
        .unwrap();
    let listed = store.consents_of(&user, 9).await.unwrap();
    let clients: Vec<&str> = listed.iter().map(|(client, _)| client.as_str()).collect();
    assert_eq!(clients, ["demo.books", "demo.shop"]);
    assert_eq!((&listed[0].1.scopes, listed[0].1.given_at), (&scopes("email"), at(2)));
    assert_eq!(store.consents_of(&user, 1).await.unwrap().len(), 1);
    store.withdraw_consent(&user, &shop(), at(3)).await.unwrap();
    assert_eq!(store.consents_of(&user, 9).await.unwrap().len(), 1);
}

async fn everybody_sees_their_own_events(store: Arc<dyn Store>) {
    let users = [profile("alice"), profile("bob")];
    let people = store.put_declared_users(&super::fixtures::people(), &users, at(0)).await.unwrap();
    let event = |user: &UserId, kind: &str| AuditEvent {
        at: at(1),
        kind: kind.to_owned(),
        user: Some(user.clone()),
        client: None,
        details: serde_json::json!({"address": "192.0.2.7"}),
    };
    let (alice, bob) = (&people[0].id, &people[1].id);
    store
        .append_audit(&[event(alice, "a1"), event(bob, "b1"), event(alice, "a2")])
        .await
        .unwrap();
    let kinds = |events: Vec<AuditEvent>| events.into_iter().map(|event| event.kind).collect::<Vec<_>>();
    assert_eq!(kinds(store.audit_of(alice, 9).await.unwrap()), ["a2", "a1"]);
    assert_eq!(kinds(store.audit_of(alice, 1).await.unwrap()), ["a2"]);
    assert_eq!(kinds(store.audit_of(bob, 9).await.unwrap()), ["b1"]);
}
