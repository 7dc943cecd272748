//! A database that is gone or does not answer: every act says so within its deadline, and all goes on when it is back.

use super::fixtures::{GRACE, alice, alice_with_grant, at, hash, people, profile, refresh, shop, together};
use super::proxy::{Mode, Proxy};
use crate::support::postgres;
use nauthera::store::sqlite::{SqliteOptions, SqliteStore};
use nauthera::store::{Store, StoreError, StoreSettings, open};
use std::sync::Arc;
use std::time::Duration;

/// Nothing here takes this long, unless it hangs.
const HANGS: Duration = Duration::from_secs(50);

async fn proxied() -> (Proxy, String, Arc<dyn Store>) {
    let server = postgres::server();
    let proxy = Proxy::before(server.port()).await;
    let url = server.fresh_database().await;
    let proxied = url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port));
    let settings = StoreSettings {
        connections: 4,
        ..StoreSettings::new(proxied)
    };
    let store = open(&settings).await.unwrap();
    // Known to answer in time before; an impatient one from now on.
    let impatient = StoreSettings {
        deadline: Duration::from_millis(400),
        ..settings
    };
    drop(store);
    (proxy, url, open(&impatient).await.unwrap())
}

fn unavailable<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
}

async fn comes_back(store: &Arc<dyn Store>) {
    let back = async {
        while store.ping().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(HANGS, back).await.expect("it recovers by itself");
    let calls = (0..20)
        .map(|_| {
            let store = Arc::clone(store);
            async move { store.ping().await }
        })
        .collect();
    for answer in together(calls).await {
        answer.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_is_unavailable_within_the_deadline_and_then_at_once() {
    let (proxy, _, store) = proxied().await;
    let user = alice(&store).await;
    proxy.set(Mode::Frozen);
    let calls = (0..20)
        .map(|_| {
            let (store, user) = (Arc::clone(&store), user.clone());
            async move { tokio::time::timeout(HANGS, store.user(&user)).await.expect("it does not hang") }
        })
        .collect();
    for answer in together(calls).await {
        unavailable(answer);
    }
    let refused = store.user(&user).await.unwrap_err().to_string();
    assert!(refused.contains("a moment ago") || refused.contains("within"), "{refused}");
    unavailable(
        tokio::time::timeout(HANGS, store.put_declared_users(&people(), &[profile("bob")], at(1)))
            .await
            .unwrap(),
    );
    unavailable(tokio::time::timeout(HANGS, store.sweep(at(1), 10)).await.unwrap());
    proxy.set(Mode::Flows);
    comes_back(&store).await;
    assert!(store.user(&user).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_went_away_is_unavailable_and_its_return_is_noticed() {
    let (proxy, _, store) = proxied().await;
    proxy.set(Mode::Closed);
    for _ in 0..10 {
        unavailable(tokio::time::timeout(HANGS, store.ping()).await.expect("it does not hang"));
    }
    proxy.set(Mode::Flows);
    comes_back(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_a_store_does_not_hang_either() {
    let (proxy, _, store) = proxied().await;
    drop(store);
    let settings = StoreSettings {
        deadline: Duration::from_millis(300),
        ..StoreSettings::new(format!("postgres://postgres@127.0.0.1:{}/any", proxy.port))
    };
    for mode in [Mode::Frozen, Mode::Closed] {
        proxy.set(mode);
        unavailable(
            tokio::time::timeout(HANGS, open(&settings))
                .await
                .expect("it does not hang")
                .map(|_| ()),
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_that_were_given_up_leave_no_open_transaction_and_no_used_up_pool() {
    let (_proxy, url, store) = proxied().await;
    let grant = alice_with_grant(&store).await;
    store.add_refresh_token(&refresh(&grant, "r")).await.unwrap();
    store
        .redeem_refresh_token(&hash("r"), &shop(), Some(&refresh(&grant, "r2")), at(1), GRACE)
        .await
        .unwrap();
    for round in 0..200 {
        let (store, grant) = (Arc::clone(&store), grant.clone());
        let act = tokio::spawn(async move {
            let successor = refresh(&grant, &format!("again {round}"));
            store
                .redeem_refresh_token(&hash("r"), &shop(), Some(&successor), at(2), GRACE)
                .await
        });
        for _ in 0..round % 20 {
            tokio::task::yield_now().await;
        }
        act.abort();
        let _ = act.await;
    }
    comes_back(&store).await;
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let gone = async {
        loop {
            let open: i64 = client
                .query_one(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
                    &[],
                )
                .await
                .unwrap()
                .get(0);
            if open == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(HANGS, gone).await.expect("no transaction stays open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sqlite_file_that_another_process_keeps_locked_is_unavailable_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nauthera.db");
    let options = SqliteOptions {
        deadline: Duration::from_millis(300),
        ..SqliteOptions::default()
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_with(&path, &options).unwrap());
    let grant = alice_with_grant(&store).await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    unavailable(store.end_grant(&grant, at(5)).await);
    assert!(store.grant(&grant).await.unwrap().is_some(), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    let back = async { while store.end_grant(&grant, at(6)).await.is_err() {} };
    tokio::time::timeout(HANGS, back).await.expect("it recovers by itself");
    assert!(store.grant(&grant).await.unwrap().unwrap().ended_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sqlite_acknowledged_is_in_the_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nauthera.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path).unwrap());
    let grant = alice_with_grant(&store).await;
    let calls = (0..200)
        .map(|number| {
            let (store, grant) = (Arc::clone(&store), grant.clone());
            async move { store.add_refresh_token(&refresh(&grant, &format!("r{number}"))).await.unwrap() }
        })
        .collect();
    together(calls).await;
    // As after a crash: a copy of the files as they are now, without a goodbye of the store's.
    let copy = tempfile::tempdir().unwrap();
    for name in ["nauthera.db", "nauthera.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let copied: Arc<dyn Store> = Arc::new(SqliteStore::open(copy.path().join("nauthera.db")).unwrap());
    for number in 0..200 {
        assert!(
            copied
                .peek_refresh_token(&hash(&format!("r{number}")), &shop())
                .await
                .unwrap()
                .is_some()
        );
    }
}
