//! What a server is told of what others change.

use super::fixtures::{alice_logged_in, at, key, people};
use super::proxy::{Mode, Proxy};
use crate::support::postgres;
use nauthera::store::sqlite::SqliteStore;
use nauthera::store::{Housekeeping, Notices, Store, StoreSettings, open};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Nothing here takes this long, unless it never happens.
const NEVER: Duration = Duration::from_secs(30);

async fn opened(url: &str, schema: Option<&str>) -> Arc<dyn Store> {
    let settings = StoreSettings {
        connections: 2,
        schema: schema.map(str::to_owned),
        ..StoreSettings::new(url)
    };
    open(&settings).await.unwrap()
}

async fn comes(notices: &mut watch::Receiver<Notices>, what: &str, is_it: impl FnMut(&Notices) -> bool) -> Notices {
    let waited = tokio::time::timeout(NEVER, notices.wait_for(is_it)).await;
    *waited.unwrap_or_else(|_| panic!("no notice: {what}")).unwrap()
}

async fn listens(store: &Arc<dyn Store>) -> (watch::Receiver<Notices>, Notices) {
    let mut notices = store.notices();
    let now = comes(&mut notices, "listening", |notices| notices.told).await;
    (notices, now)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_hears_what_another_ends_and_which_keys_it_makes() {
    let url = postgres::server().fresh_database().await;
    let (here, there) = (opened(&url, None).await, opened(&url, None).await);
    let session = alice_logged_in(&there).await;
    let (mut notices, before) = listens(&here).await;

    there.end_session(&session.id, at(1)).await.unwrap();
    let after = comes(&mut notices, "the end of a session", |now| now.sessions > before.sessions).await;
    assert_eq!(after.keys, before.keys);

    let session = alice_logged_in(&there).await;
    there.put_declared_users(&people(), &[], at(2)).await.unwrap();
    assert_eq!(here.session(&session.id, at(3)).await.unwrap(), None, "disabled");
    comes(&mut notices, "a disabled user", |now| now.sessions > after.sessions).await;

    assert!(there.add_key(&key("first", "ES256", 0), None).await.unwrap());
    let made = comes(&mut notices, "a key", |now| now.keys > before.keys).await;
    there.retire_key("first", at(20), at(30)).await.unwrap();
    comes(&mut notices, "a retired key", |now| now.keys > made.keys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_nothing_is_not_told_and_neither_is_what_happens_in_another_schema() {
    let url = postgres::server().fresh_database().await;
    let (here, other) = (opened(&url, Some("one")).await, opened(&url, Some("two")).await);
    let session = alice_logged_in(&other).await;
    let (mut notices, before) = listens(&here).await;
    other.end_session(&session.id, at(1)).await.unwrap();
    here.end_session(&session.id, at(1)).await.unwrap();
    alice_logged_in(&here).await;
    here.sweep(at(1001), 10).await.unwrap();
    assert_eq!(here.session(&session.id, at(1)).await.unwrap(), None, "it was swept");
    // Notices come in the order of the acts: with this one, all before it would have come.
    assert!(here.add_key(&key("last", "ES256", 0), None).await.unwrap());
    let after = comes(&mut notices, "a key", |now| now.keys > before.keys).await;
    assert_eq!(after.sessions, before.sessions);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_cut_is_noticed_and_what_was_missed_counts_as_changed() {
    let server = postgres::server();
    let proxy = Proxy::before(server.port()).await;
    let url = server.fresh_database().await;
    let there = opened(&url, None).await;
    let here = opened(&url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port)), None).await;
    let session = alice_logged_in(&there).await;
    let (mut notices, before) = listens(&here).await;
    for mode in [Mode::Frozen, Mode::Closed] {
        proxy.set(mode);
        comes(&mut notices, "the cut", |now| !now.told).await;
        there.end_session(&session.id, at(1)).await.unwrap();
        proxy.set(Mode::Flows);
        let again = comes(&mut notices, "listening again", |now| now.told).await;
        assert!(again.sessions > before.sessions && again.keys > before.keys, "{again:?}");
    }
}

#[test]
fn a_file_has_one_server_which_nobody_tells_anything() {
    let store = SqliteStore::in_memory().unwrap();
    assert_eq!(*store.notices().borrow(), Notices::default());
}
