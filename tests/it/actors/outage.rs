//! The database is away for a while.

use crate::support::platform::{START, TestPlatform, snapshot, user};
use nauthera::actors::authenticator::LoginFault;
use nauthera::actors::config_holder::{Apply, Describe};
use nauthera::store::records::AuditEvent;
use nauthera::store::sqlite::{SqliteOptions, SqliteStore};
use std::sync::Arc;
use std::time::Duration;

/// A database that nobody can write to until the lock goes.
struct Locked(rusqlite::Connection);

impl Locked {
    fn lock(path: &std::path::Path) -> Self {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
        Self(connection)
    }

    fn release(self) {
        self.0.execute_batch("COMMIT").unwrap();
    }
}

async fn start(folder: &tempfile::TempDir) -> (TestPlatform, std::path::PathBuf) {
    let path = folder.path().join("nauthera.db");
    let options = SqliteOptions {
        deadline: Duration::from_millis(50),
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open_with(&path, &options).unwrap();
    (TestPlatform::start_on(Arc::new(store)).await, path)
}

#[actix_rt::test]
async fn declared_users_arrive_when_the_database_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (test, path) = start(&folder).await;
    let locked = Locked::lock(&path);
    let new = snapshot("1", vec![user("alice", Some("correct horse"))]);
    let revision = new.revision.clone();
    let platform = &test.platform;
    platform.config_holder.ask(Apply(new)).await.unwrap().unwrap();
    while platform.config.sync_status().failing.is_none() {
        platform.config_holder.ask(Describe).await.unwrap();
    }
    let users = platform.readiness().into_iter().find(|check| check.name == "users").unwrap();
    assert!(!users.ok && users.why.contains("database"), "{users:?}");
    locked.release();
    platform.config.synced(&revision).await;
    // The tiny deadline may be missed on a busy machine; that is an outage too, and says so.
    loop {
        match platform.authenticator.authenticate("alice", &"correct horse".into(), None).await {
            Ok(alice) => break assert_eq!(alice.user.profile.username, "alice"),
            Err(fault) => assert!(matches!(fault, LoginFault::Unavailable(_)), "{fault:?}"),
        }
    }
    test.stop().await;
}

#[actix_rt::test]
async fn audit_events_wait_for_the_database_and_none_is_lost_or_out_of_order() {
    let folder = tempfile::tempdir().unwrap();
    let (test, path) = start(&folder).await;
    let locked = Locked::lock(&path);
    let audit = &test.platform.audit;
    let event = |number: u64| AuditEvent {
        at: START,
        kind: "test".to_owned(),
        user: None,
        client: None,
        details: serde_json::json!({ "number": number }),
    };
    for number in 0..300 {
        audit.record(event(number));
    }
    // A panic in the middle of it changes nothing.
    audit.gate().poison().await.unwrap_err();
    for number in 300..600 {
        audit.record(event(number));
    }
    locked.release();
    audit.flush().await.unwrap();
    let kept = loop {
        // The tiny deadline may be missed on a busy machine.
        if let Ok(kept) = test.platform.store.recent_audit(10_000).await {
            break kept;
        }
    };
    // A batch whose write was not answered in time, and happened nevertheless, is there twice. Each event's first line counts.
    let mut next = 0;
    for number in kept.iter().rev().map(|event| event.details["number"].as_u64().unwrap()) {
        assert!(number <= next, "{number} came before {next}");
        next = next.max(number + 1);
    }
    assert_eq!(next, 600);
    test.stop().await;
}
