//! Signing keys rest sealed in the database.

use crate::support::platform::{TestPlatform, snapshot};
use nauthera::actors::config_holder::Apply;
use nauthera::actors::key_keeper::Reload;
use nauthera::jose::seal::{Sealer, SealingKeys};
use nauthera::store::Store;
use nauthera::store::records::KeyRecord;
use nauthera::store::sqlite::SqliteStore;
use std::collections::BTreeSet;
use std::sync::Arc;

fn keys(id: &str, byte: u8) -> SealingKeys {
    SealingKeys::new([(id, [byte; 32].as_slice())]).unwrap()
}

async fn start(store: &Arc<dyn Store>, sealer: Option<(&str, u8)>) -> TestPlatform {
    let sealer = sealer.map(|(id, byte)| Sealer::new("identity/main", keys(id, byte)));
    TestPlatform::start_with(Arc::clone(store), sealer).await
}

async fn rows(test: &TestPlatform) -> Vec<KeyRecord> {
    test.platform.store.keys(test.platform.clock.now()).await.unwrap()
}

async fn published(test: &TestPlatform) -> BTreeSet<String> {
    let jwks = serde_json::to_value(test.platform.keys.current().jwks(test.platform.clock.now())).unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[actix_rt::test]
async fn every_key_is_sealed_and_serves_after_a_restart() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let before = start(&store, Some(("kek-1", 1))).await;
    before.apply(snapshot("1", Vec::new())).await;
    let rows = rows(&before).await;
    assert!(rows.len() >= 2, "a key that signs, and one for tickets");
    assert!(rows.iter().all(|row| row.sealed_with.as_deref() == Some("kek-1")));
    let kids = published(&before).await;
    before.stop().await;

    let after = start(&store, Some(("kek-1", 1))).await;
    after.apply(snapshot("1", Vec::new())).await;
    assert_eq!(published(&after).await, kids);
    after.stop().await;
}

#[actix_rt::test]
async fn keys_that_were_in_the_clear_stay_in_use_and_are_sealed_if_that_is_asked_for() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let before = start(&store, None).await;
    before.apply(snapshot("1", Vec::new())).await;
    assert!(rows(&before).await.iter().all(|row| row.sealed_with.is_none()));
    let kids = published(&before).await;
    before.stop().await;

    let sealer = Sealer::new("identity/main", keys("kek-1", 1)).taking_what_is_in_the_clear();
    let after = TestPlatform::start_with(Arc::clone(&store), Some(sealer)).await;
    after.apply(snapshot("1", Vec::new())).await;
    after.platform.key_keeper.ask(Reload).await.unwrap().unwrap();
    assert!(rows(&after).await.iter().all(|row| row.sealed_with.is_some()));
    assert_eq!(published(&after).await, kids);
    after.stop().await;

    // From then on it need not be asked for.
    let again = start(&store, Some(("kek-1", 1))).await;
    again.apply(snapshot("1", Vec::new())).await;
    assert_eq!(published(&again).await, kids);
    again.stop().await;
}

/// Whoever can write to the database, and has not the key-encryption key, must not be able to sign tokens.
#[actix_rt::test]
async fn a_key_that_somebody_put_into_the_database_is_not_taken() {
    let theirs: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let attacker = start(&theirs, None).await;
    attacker.apply(snapshot("1", Vec::new())).await;
    let (planted, kids) = (rows(&attacker).await, published(&attacker).await);
    attacker.stop().await;

    // Before the server's first start, and while it runs
    for running in [false, true] {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
        let test = start(&store, Some(("kek-1", 1))).await;
        if running {
            test.apply(snapshot("1", Vec::new())).await;
        }
        for row in &planted {
            let newest = rows(&test).await.into_iter().rfind(|there| there.purpose == row.purpose);
            let newest = newest.map(|newest| newest.kid);
            assert!(store.add_key(row, newest.as_deref()).await.unwrap());
        }
        test.apply(snapshot("2", Vec::new())).await;
        test.platform.key_keeper.ask(Reload).await.unwrap().unwrap();
        assert!(published(&test).await.is_disjoint(&kids));
        let all = rows(&test).await;
        assert!(planted.iter().all(|row| all.contains(row)), "it is left as it is, and never sealed");
        test.stop().await;
    }
}

#[actix_rt::test]
async fn when_the_sealing_key_is_lost_other_keys_are_made_and_the_old_ones_left_alone() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let before = start(&store, Some(("kek-1", 1))).await;
    before.apply(snapshot("1", Vec::new())).await;
    let (old, kids) = (rows(&before).await, published(&before).await);
    before.stop().await;

    let after = start(&store, Some(("kek-1", 9))).await;
    after.apply(snapshot("1", Vec::new())).await;
    assert!(published(&after).await.is_disjoint(&kids));
    let all = rows(&after).await;
    assert!(old.iter().all(|row| all.contains(row)), "whoever has their key still needs them");
    after.platform.key_keeper.ask(Reload).await.unwrap().unwrap();
    assert_eq!(rows(&after).await.len(), all.len(), "once is enough");
    after.stop().await;

    // Who has the first key goes on with the first keys.
    let first = start(&store, Some(("kek-1", 1))).await;
    first.apply(snapshot("1", Vec::new())).await;
    assert_eq!(published(&first).await, kids);
    assert_eq!(rows(&first).await.len(), all.len());
    first.stop().await;
}

#[actix_rt::test]
async fn without_any_sealing_key_nothing_is_made_beside_what_is_sealed() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let before = start(&store, Some(("kek-1", 1))).await;
    before.apply(snapshot("1", Vec::new())).await;
    let old = rows(&before).await;
    before.stop().await;

    let after = start(&store, None).await;
    after
        .platform
        .config_holder
        .ask(Apply(snapshot("1", Vec::new())))
        .await
        .unwrap()
        .unwrap();
    let fault = after.platform.key_keeper.ask(Reload).await.unwrap().unwrap_err().to_string();
    assert!(fault.contains("--kek"), "{fault}");
    assert_eq!(rows(&after).await, old);
    assert!(after.platform.readiness().iter().any(|check| check.name == "keys" && !check.ok));
    after.stop().await;
}
