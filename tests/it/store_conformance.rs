//! What every store must do: the same cases on SQLite (a file, and memory) and on PostgreSQL.

mod account;
mod audit;
mod codes;
mod configurations;
mod consents;
mod factors;
mod failed_logins;
pub(crate) mod fixtures;
mod grants;
mod hostile_strings;
mod housekeeping;
mod identity_links;
mod keys;
mod local_people;
mod logouts;
mod migrations;
mod notices;
mod origins;
mod outage;
pub(crate) mod proxy;
mod query_plans;
mod refresh_tokens;
mod revocations;
mod sessions;
mod tls;
mod users;

use nauthera::store::Store;
use std::sync::Arc;

/// A fresh, empty store, and what must live as long as it does.
pub(crate) struct Fresh {
    pub store: Arc<dyn Store>,
    _folder: Option<tempfile::TempDir>,
}

impl Fresh {
    pub(crate) async fn sqlite_file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = nauthera::store::sqlite::SqliteStore::open(folder.path().join("nauthera.db")).unwrap();
        Self {
            store: Arc::new(store),
            _folder: Some(folder),
        }
    }

    pub(crate) async fn sqlite_memory() -> Self {
        Self {
            store: Arc::new(nauthera::store::sqlite::SqliteStore::in_memory().unwrap()),
            _folder: None,
        }
    }

    /// As the role of a server that may read and write rows, and nothing else: another one brought the schema up to date.
    pub(crate) async fn postgres() -> Self {
        let url = crate::support::postgres::server().fresh_database_of_rows().await;
        Self {
            store: nauthera::store::open(&nauthera::store::StoreSettings::new(url)).await.unwrap(),
            _folder: None,
        }
    }
}

/// Makes a test of each case on each kind of store.
macro_rules! on_every_store {
    ($($case:ident),+ $(,)?) => {
        on_every_store!(@ sqlite_file: $($case),+);
        on_every_store!(@ sqlite_memory: $($case),+);
        on_every_store!(@ postgres: $($case),+);
    };
    (@ $kind:ident: $($case:ident),+) => {
        mod $kind {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let fresh = crate::store_conformance::Fresh::$kind().await;
                    super::$case(std::sync::Arc::clone(&fresh.store)).await;
                }
            )+
        }
    };
}
pub(crate) use on_every_store;
