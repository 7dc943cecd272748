//! What an operator sent is kept, and in force again at the next start.

use crate::support::platform::{TestPlatform, service, snapshot, user};
use nauthera::actors::config_holder::{Ack, Apply, ApplyAt, NotRestored, Refused, Restore, Restored};
use nauthera::config::revision;
use nauthera::config::snapshot::{Position, Snapshot};
use nauthera::jose::seal::{Sealer, SealingKeys};
use nauthera::store::Store;
use nauthera::store::sqlite::{SqliteOptions, SqliteStore};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SERVER: &str = "identity/main";

fn keys(keys: &[(&str, u8)]) -> SealingKeys {
    let bytes: Vec<(&str, [u8; 32])> = keys.iter().map(|(id, byte)| (*id, [*byte; 32])).collect();
    SealingKeys::new(bytes.iter().map(|(id, key)| (*id, key.as_slice()))).unwrap()
}

fn sealer() -> Sealer {
    Sealer::new(SERVER, keys(&[("2026-01", 1)]))
}

async fn start(store: &Arc<dyn Store>) -> TestPlatform {
    TestPlatform::start_with(Arc::clone(store), Some(sealer())).await
}

fn memory() -> Arc<dyn Store> {
    Arc::new(SqliteStore::in_memory().unwrap())
}

/// A configuration that differs from others by its one client.
fn with_client(id: &str) -> Snapshot {
    let mut snapshot = snapshot("", vec![user("alice", Some("correct horse"))]);
    let client = Arc::new(service(id, "s"));
    snapshot.clients.insert(client.id.clone(), client);
    snapshot.revision = revision::of(&snapshot);
    snapshot
}

fn nth(sequence: u64) -> Position {
    Position { fence: 1, sequence }
}

async fn send(test: &TestPlatform, snapshot: &Snapshot, position: Position) -> Result<Ack, Refused> {
    let apply = ApplyAt {
        snapshot: Arc::new(snapshot.clone()),
        base: None,
        position,
    };
    test.platform.config_holder.ask(apply).await.unwrap()
}

async fn restore(test: &TestPlatform) -> Result<Restored, NotRestored> {
    test.platform.config_holder.ask(Restore).await.unwrap()
}

fn in_force(test: &TestPlatform) -> Option<String> {
    test.platform.config.current().map(|snapshot| snapshot.revision.0.clone())
}

/// How often it was counted that something was kept, or restored, with this outcome.
fn counted(test: &TestPlatform, what: &str, outcome: &str) -> u64 {
    let text = test.platform.metrics.render().unwrap();
    let line = format!(r#"nauthera_snapshot_{what}_total{{outcome="{outcome}"}} "#);
    let count = text.lines().find_map(|counted| counted.strip_prefix(&line));
    count.map_or(0, |count| count.parse().unwrap())
}

async fn kept_at(store: &Arc<dyn Store>) -> (u64, String) {
    let standing = store.configuration_standing(SERVER).await.unwrap().unwrap();
    (standing.sequence, standing.key_id)
}

#[actix_rt::test]
async fn what_was_sent_is_in_force_again_after_a_restart_and_nothing_older_is_taken() {
    let store = memory();
    let before = start(&store).await;
    let sent = with_client("team-a.one");
    send(&before, &sent, nth(7)).await.unwrap();
    before.platform.config.kept().await;
    before.stop().await;

    let after = start(&store).await;
    assert_eq!(in_force(&after), None);
    assert_eq!(restore(&after).await, Ok(Restored::InForce(nth(7))));
    assert_eq!(in_force(&after), Some(sent.revision.0.clone()));
    after.platform.config.synced(&sent.revision).await;
    assert_eq!(after.platform.config.position(), nth(7));
    assert_eq!(
        send(&after, &with_client("team-a.older"), nth(6)).await,
        Err(Refused::Superseded(nth(7)))
    );
    let again = Ack {
        revision: sent.revision.clone(),
        changed: false,
    };
    assert_eq!(send(&after, &sent, nth(7)).await, Ok(again), "the operator sends it once more");
    assert!(send(&after, &with_client("team-a.two"), nth(8)).await.unwrap().changed);
    assert_eq!(restore(&after).await, Ok(Restored::NotNeeded));
    after.stop().await;
}

#[actix_rt::test]
async fn an_orderly_end_keeps_what_came_last() {
    let store = memory();
    let test = start(&store).await;
    send(&test, &with_client("team-a.one"), nth(1)).await.unwrap();
    test.stop().await;
    assert_eq!(kept_at(&store).await.0, 1);
}

#[actix_rt::test]
async fn what_came_from_manifests_is_not_kept() {
    let store = memory();
    let test = start(&store).await;
    test.platform
        .config_holder
        .ask(Apply(with_client("team-a.one")))
        .await
        .unwrap()
        .unwrap();
    test.stop().await;
    assert_eq!(store.configuration(SERVER).await.unwrap(), None);
    let after = start(&store).await;
    assert_eq!(restore(&after).await, Ok(Restored::Nothing));
    after.stop().await;
}

#[actix_rt::test]
async fn a_replica_that_lags_behind_does_not_undo_what_another_kept() {
    let store = memory();
    let (ahead, behind) = (start(&store).await, start(&store).await);
    send(&ahead, &with_client("team-a.new"), nth(2)).await.unwrap();
    ahead.platform.config.kept().await;
    send(&behind, &with_client("team-a.old"), nth(1)).await.unwrap();
    behind.platform.config.kept().await;
    assert_eq!(kept_at(&store).await.0, 2);
    ahead.stop().await;
    behind.stop().await;
}

/// Writes of configurations in this test binary, by the stores that count them.
static WRITES: AtomicU64 = AtomicU64::new(0);

fn counting(path: &std::path::Path) -> Arc<dyn Store> {
    let options = SqliteOptions {
        on_statement: Some(|sql| {
            if sql.starts_with("INSERT INTO configurations") {
                WRITES.fetch_add(1, Ordering::Relaxed);
            }
        }),
        ..SqliteOptions::default()
    };
    Arc::new(SqliteStore::open_with(path, &options).unwrap())
}

#[actix_rt::test]
async fn a_burst_is_one_write_and_of_replicas_with_the_same_configuration_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let store = counting(&folder.path().join("nauthera.db"));
    let (one, two) = (start(&store).await, start(&store).await);
    let began = Instant::now();
    for sequence in 1..=100 {
        let snapshot = with_client(&format!("team-a.{sequence}"));
        send(&one, &snapshot, nth(sequence)).await.unwrap();
        send(&two, &snapshot, nth(sequence)).await.unwrap();
    }
    one.platform.config.kept().await;
    let most = 2 + 2 * began.elapsed().as_secs();
    assert!(WRITES.load(Ordering::Relaxed) <= most, "at most one a second and replica");
    assert_eq!(kept_at(&store).await.0, 100);
    let written = WRITES.load(Ordering::Relaxed);
    two.platform.config.kept().await;
    assert_eq!(WRITES.load(Ordering::Relaxed), written, "the other finds it there");
    assert!(counted(&one, "kept", "kept") >= 1 && counted(&two, "kept", "present") >= 1);
    assert_eq!(counted(&one, "kept", "failed") + counted(&two, "kept", "failed"), 0);
    one.stop().await;
    two.stop().await;
}

#[actix_rt::test]
async fn what_cannot_be_opened_is_said_and_replaced_by_what_the_operator_sends() {
    let store = memory();
    let before = start(&store).await;
    let sent = with_client("team-a.one");
    send(&before, &sent, nth(1)).await.unwrap();
    before.stop().await;

    // The same id, and another key: somebody made the Secret anew.
    let other = Sealer::new(SERVER, keys(&[("2026-01", 9)]));
    let after = TestPlatform::start_with(Arc::clone(&store), Some(other.clone())).await;
    let Err(NotRestored::Unusable(reason)) = restore(&after).await else {
        panic!("it was opened")
    };
    assert!(reason.contains("2026-01"), "{reason}");
    assert_eq!(counted(&after, "restored", "unusable"), 1);
    let checks = after.platform.readiness();
    let why = &checks.iter().find(|check| check.name == "configuration").unwrap().why;
    assert!(why.contains(&reason) && why.contains("operator"), "{why}");

    // At the position at which the old one is kept
    send(&after, &sent, nth(1)).await.unwrap();
    after.stop().await;
    let again = TestPlatform::start_with(Arc::clone(&store), Some(other)).await;
    assert_eq!(restore(&again).await, Ok(Restored::InForce(nth(1))));
    assert_eq!(counted(&again, "restored", "in_force"), 1);
    again.stop().await;
}

/// Somebody who can write to the database, and has no key, can make a row that nobody opens and that says to be the latest.
#[actix_rt::test]
async fn a_record_that_does_not_open_and_is_in_the_way_is_said_and_not_taken_for_one_that_is_kept() {
    let store = memory();
    let before = start(&store).await;
    let sent = with_client("team-a.one");
    send(&before, &sent, nth(1)).await.unwrap();
    before.stop().await;
    let mut forged = store.configuration(SERVER).await.unwrap().unwrap();
    forged.standing.fence = u64::try_from(i64::MAX).unwrap();
    assert!(store.put_configuration(&forged).await.unwrap());

    let after = start(&store).await;
    assert!(matches!(restore(&after).await, Err(NotRestored::Unusable(_))));
    assert!(
        send(&after, &sent, nth(1)).await.unwrap().changed,
        "the replica serves all the same"
    );
    while counted(&after, "kept", "failed") == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(counted(&after, "kept", "kept") + counted(&after, "kept", "present"), 0);
    // An orderly end waits for what is to be kept, and this is not going to be.
    after.platform.shutdown(Duration::from_millis(200)).await;
}

#[actix_rt::test]
async fn a_later_record_whose_key_comes_a_moment_after_is_not_in_the_way() {
    let store = memory();
    let newer = TestPlatform::start_with(Arc::clone(&store), Some(Sealer::new(SERVER, keys(&[("2026-02", 2)])))).await;
    send(&newer, &with_client("team-a.new"), nth(2)).await.unwrap();
    newer.stop().await;

    let sealer = sealer();
    let behind = TestPlatform::start_with(Arc::clone(&store), Some(sealer.clone())).await;
    assert!(matches!(restore(&behind).await, Err(NotRestored::Unusable(_))));
    send(&behind, &with_client("team-a.old"), nth(1)).await.unwrap();
    sealer.replace(keys(&[("2026-01", 1), ("2026-02", 2)]));
    behind.platform.config.kept().await;
    assert!(counted(&behind, "kept", "present") >= 1);
    assert_eq!(kept_at(&store).await, (2, "2026-02".to_owned()));
    behind.stop().await;
}

#[actix_rt::test]
async fn a_newer_key_seals_what_is_kept_anew() {
    let store = memory();
    let sealer = sealer();
    let test = TestPlatform::start_with(Arc::clone(&store), Some(sealer.clone())).await;
    send(&test, &with_client("team-a.one"), nth(1)).await.unwrap();
    test.platform.config.kept().await;
    assert_eq!(kept_at(&store).await, (1, "2026-01".to_owned()));
    sealer.replace(keys(&[("2026-01", 1), ("2026-02", 2)]));
    while kept_at(&store).await.1 != "2026-02" {}
    test.stop().await;
    let only_new = Sealer::new(SERVER, keys(&[("2026-02", 2)]));
    let after = TestPlatform::start_with(Arc::clone(&store), Some(only_new)).await;
    assert_eq!(restore(&after).await, Ok(Restored::InForce(nth(1))));
    after.stop().await;
}

#[actix_rt::test]
async fn it_is_kept_when_the_database_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nauthera.db");
    let options = SqliteOptions {
        deadline: Duration::from_millis(50),
        ..SqliteOptions::default()
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_with(&path, &options).unwrap());
    let test = start(&store).await;
    let locked = rusqlite::Connection::open(&path).unwrap();
    locked.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let sent = with_client("team-a.one");
    assert!(
        send(&test, &sent, nth(1)).await.unwrap().changed,
        "the operator need not wait for it"
    );
    while counted(&test, "kept", "failed") == 0 {
        tokio::task::yield_now().await;
    }
    locked.execute_batch("COMMIT").unwrap();
    test.platform.config.kept().await;
    assert_eq!(kept_at(&store).await.0, 1);
    assert_eq!(counted(&test, "kept", "kept"), 1);
    test.stop().await;
}

#[actix_rt::test]
async fn a_holder_that_died_keeps_on_after_its_restart() {
    let store = memory();
    let test = start(&store).await;
    send(&test, &with_client("team-a.one"), nth(1)).await.unwrap();
    test.platform.config_holder.poison().await.unwrap_err();
    send(&test, &with_client("team-a.two"), nth(2)).await.unwrap();
    test.platform.config.kept().await;
    assert_eq!(kept_at(&store).await.0, 2);
    test.stop().await;
}

#[actix_rt::test]
async fn an_auth_server_that_was_made_anew_may_have_another_issuer_than_the_one_that_is_remembered() {
    let store = memory();
    let before = start(&store).await;
    send(&before, &with_client("team-a.one"), nth(1)).await.unwrap();
    before.stop().await;

    let after = start(&store).await;
    restore(&after).await.unwrap();
    let mut anew = with_client("team-a.one");
    anew.issuer = "https://anew.example.org".to_owned();
    anew.revision = revision::of(&anew);
    assert!(send(&after, &anew, nth(2)).await.unwrap().changed);
    let back = send(&after, &with_client("team-a.one"), nth(3)).await;
    let Err(Refused::Nack(nack)) = back else {
        panic!("{back:?}: from then on it is as ever")
    };
    assert_eq!((nack.reasons[0].kind, nack.reasons[0].name.as_str()), ("AuthServer", SERVER));
    after.stop().await;
}

#[actix_rt::test]
async fn a_refusal_names_the_resource_that_is_to_blame() {
    let test = start(&memory()).await;
    let mut bad = with_client("team-a.one");
    bad.user_stores.clear();
    let client = Arc::clone(bad.clients.values().next().unwrap());
    bad.clients.insert(nauthera::oauth::ids::ClientId::new("team-a.two"), client);
    let Err(Refused::Nack(nack)) = send(&test, &bad, nth(1)).await else {
        panic!("it was taken")
    };
    let mut named: Vec<(&str, &str)> = nack.reasons.iter().map(|fault| (fault.kind, fault.name.as_str())).collect();
    named.sort_unstable();
    assert_eq!(named, [("AuthClient", "team-a/service"), ("User", "alice")]);
    test.stop().await;
}
