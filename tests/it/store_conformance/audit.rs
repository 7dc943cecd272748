use super::fixtures::{at, shop};
use super::on_every_store;
use nauthera::oauth::ids::UserId;
use nauthera::store::Store;
use nauthera::store::records::AuditEvent;
use serde_json::json;
use std::sync::Arc;

on_every_store!(keeps_events_in_order_and_shows_the_newest_first, appending_nothing_is_fine);

fn event(number: i64) -> AuditEvent {
    AuditEvent {
        at: at(number),
        kind: "login.succeeded".to_owned(),
        user: (number % 2 == 0).then(|| UserId::new("a user that may be gone by now")),
        client: (number % 3 == 0).then(shop),
        details: json!({"number": number, "agent": "quote ' \" \u{0} ☃"}),
    }
}

async fn keeps_events_in_order_and_shows_the_newest_first(store: Arc<dyn Store>) {
    let events: Vec<_> = (0..1000).map(event).collect();
    store.append_audit(&events[..2]).await.unwrap();
    store.append_audit(&events[2..]).await.unwrap();
    let recent = store.recent_audit(3).await.unwrap();
    assert_eq!(recent, [event(999), event(998), event(997)]);
    let all = store.recent_audit(u32::MAX).await.unwrap();
    assert_eq!(all, events.into_iter().rev().collect::<Vec<_>>());
    assert_eq!(store.recent_audit(0).await.unwrap(), []);
}

async fn appending_nothing_is_fine(store: Arc<dyn Store>) {
    store.append_audit(&[]).await.unwrap();
    assert_eq!(store.recent_audit(5).await.unwrap(), []);
}
