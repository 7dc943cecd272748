//! `nauthera user`, as people run it who have no Kubernetes.

mod acts;
mod listing;
mod replicas;

use crate::support::postgres;
use crate::support::process;
use nauthera::oauth::ids::UserStoreId;
use nauthera::store::records::{Person, UserProfile};
use nauthera::store::{Store, StoreSettings, open};
use std::sync::Arc;

/// A database of either kind.
struct Place {
    url: String,
    store: Arc<dyn Store>,
    _folder: Option<tempfile::TempDir>,
}

impl Place {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("n.sqlite3").display());
        Self::at(url, Some(folder)).await
    }

    async fn postgres() -> Self {
        Self::at(postgres::server().fresh_database().await, None).await
    }

    async fn at(url: String, folder: Option<tempfile::TempDir>) -> Self {
        let store = open(&StoreSettings::new(&url)).await.unwrap();
        Self {
            url,
            store,
            _folder: folder,
        }
    }

    /// Runs `nauthera user …`: the exit code, and all that it said.
    fn user(&self, arguments: &[&str]) -> (Option<i32>, String) {
        self.user_given(arguments, "")
    }

    /// The same, with something at its standard input.
    fn user_given(&self, arguments: &[&str], input: &str) -> (Option<i32>, String) {
        let all = [&["user"], arguments, &["--database-url", &self.url]].concat();
        let output = process::run_given(&all, input);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), said)
    }

    /// Runs it, and it does what it should.
    fn does(&self, arguments: &[&str]) -> String {
        let (code, said) = self.user(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        said
    }

    /// Runs it, and it refuses.
    fn refuses(&self, arguments: &[&str]) -> String {
        let (code, said) = self.user(arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {said}");
        said
    }

    async fn person(&self, username: &str) -> Person {
        let user = self.store.user_by_name(&people(), username).await.unwrap().unwrap();
        self.store.person(&user.id).await.unwrap().unwrap()
    }

    /// A manifest declares them, and nobody else.
    async fn declare(&self, username: &str) -> Person {
        let profile = UserProfile {
            username: username.to_owned(),
            ..UserProfile::default()
        };
        let now = jiff::Timestamp::now();
        self.store.put_declared_users(&people(), &[profile], now).await.unwrap();
        self.person(username).await
    }
}

const STORE: &str = "identity/people";

fn people() -> UserStoreId {
    UserStoreId::new(STORE)
}

/// The password that was told.
fn told(said: &str) -> String {
    let line = said.lines().find(|line| line.contains("One-time password")).unwrap();
    line.split_whitespace().last().unwrap().to_owned()
}

/// Makes a test of each case on each kind of database.
macro_rules! on_each_database {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(crate::user_command::Place::sqlite().await).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(crate::user_command::Place::postgres().await).await;
                }
            )+
        }
    };
}
use on_each_database;
