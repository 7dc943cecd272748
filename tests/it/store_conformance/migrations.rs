//! What is true of a store's schema, and of a file that is opened again.

use super::fixtures::{GRACE, alice_with_grant, at, hash, refresh, shop, together};
use crate::support::postgres;
use nauthera::store::records::RefreshRedemption;
use nauthera::store::sqlite::SqliteStore;
use nauthera::store::{Store, StoreError, StoreSettings, open};
use std::sync::Arc;

/// The URLs of two empty databases, and the folder that one of them is in.
async fn empty_databases() -> (tempfile::TempDir, [String; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("nauthera.db").display());
    (folder, [sqlite, postgres::server().fresh_database().await])
}

async fn execute(url: &str, sql: &str) {
    match url.strip_prefix("sqlite:") {
        Some(path) => rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap(),
        None => postgres::execute(url, sql).await,
    }
}

async fn refusal(url: &str) -> StoreError {
    match open(&StoreSettings::new(url)).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_processes_migrate_at_once() {
    let (_folder, urls) = empty_databases().await;
    for url in urls {
        let calls = (0..8)
            .map(|_| {
                let url = url.clone();
                async move { open(&StoreSettings::new(url)).await.map(|_| ()) }
            })
            .collect();
        for result in together(calls).await {
            result.unwrap();
        }
    }
}

#[tokio::test]
async fn keeps_everything_when_it_is_opened_again() {
    let (_folder, urls) = empty_databases().await;
    for url in urls {
        let store = open(&StoreSettings::new(&url)).await.unwrap();
        let grant = alice_with_grant(&store).await;
        store.add_refresh_token(&refresh(&grant, "r1")).await.unwrap();
        store
            .redeem_refresh_token(&hash("r1"), &shop(), Some(&refresh(&grant, "r2")), at(1), GRACE)
            .await
            .unwrap();
        drop(store);
        let store = open(&StoreSettings::new(&url)).await.unwrap();
        let outcome = store
            .redeem_refresh_token(&hash("r2"), &shop(), Some(&refresh(&grant, "r3")), at(2), GRACE)
            .await
            .unwrap();
        assert!(matches!(outcome, RefreshRedemption::Accepted(_)), "{outcome:?}");
    }
}

#[tokio::test]
async fn refuses_a_schema_of_a_newer_release() {
    let (_folder, urls) = empty_databases().await;
    for url in urls {
        open(&StoreSettings::new(&url)).await.unwrap();
        execute(
            &url,
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (9000, 'later', 'x')",
        )
        .await;
        let error = refusal(&url).await;
        assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
        assert!(error.to_string().contains("version 9000"), "{error}");
    }
}

#[tokio::test]
async fn refuses_a_migration_that_was_changed() {
    let (_folder, urls) = empty_databases().await;
    for url in urls {
        open(&StoreSettings::new(&url)).await.unwrap();
        execute(&url, "UPDATE schema_migrations SET checksum = 'other' WHERE version = 1").await;
        let error = refusal(&url).await.to_string();
        assert!(error.contains("0001_first_tables"), "{error}");
    }
}

#[tokio::test]
async fn refuses_a_file_that_is_no_database_and_a_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(
        &path,
        "these are my notes, and they are longer than a header of a database, which has a hundred bytes or so",
    )
    .unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Corrupt(_))));
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("these are my notes"));
    let error = SqliteStore::open(folder.path().join("missing/nauthera.db")).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(error.to_string().contains("missing/nauthera.db"), "{error}");
}

#[tokio::test]
async fn a_file_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.path().join("nauthera.db")).unwrap());
    alice_with_grant(&store).await;
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        seen += 1;
    }
    assert!(seen >= 2, "the database and its log");
}

#[tokio::test]
async fn says_what_a_url_may_be_and_never_shows_a_password() {
    for url in [
        "mysql://u:hunter2@h/d",
        "nonsense",
        "sqlite:",
        "",
        "postgres://u:hunter2@h:notaport/d",
        "postgres://u:hunter2@h/d?sslmode=perhaps",
    ] {
        let error = refusal(url).await;
        let shown = format!("{error} {error:?} {:?}", StoreSettings::new(url));
        assert!(matches!(error, StoreError::Refused(_)), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
