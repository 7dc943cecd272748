//! `nauthera migrate`, as a person runs it, and the role that a server can do with afterwards.

use crate::support::postgres;
use crate::support::process::run;
use nauthera::store::{StoreError, StoreSettings, open};

fn migrate(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run(&[&["migrate"], arguments].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn brings_the_schema_up_to_date_once() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("n.sqlite3").display());
    for url in [postgres::server().fresh_database().await, sqlite] {
        let (code, said, complaints) = migrate(&["--database-url", &url]);
        assert_eq!(code, Some(0), "{complaints}");
        assert!(
            said.starts_with("ran 0001_first_tables\nran 0002_") && said.contains("\nthe schema is up to date: version "),
            "{said}"
        );
        let (code, said, _) = migrate(&["--database-url", &url]);
        assert_eq!(code, Some(0));
        assert!(said.starts_with("the schema was up to date: version "), "{said}");
    }
}

#[test]
fn says_what_is_missing_and_never_the_password() {
    let (code, _, said) = migrate(&[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("--database-url"), "{said}");
    let (code, _, said) = migrate(&["--database-url", "postgres://u:hunter2@127.0.0.1:1/nothing?connect_timeout=2"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("--database-url") && said.contains("cannot be reached") && !said.contains("hunter2"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_may_not_change_the_schema_says_so_only_if_it_has_to() {
    let url = postgres::server().fresh_database_of_rows().await;
    open(&StoreSettings::new(&url)).await.unwrap().ping().await.unwrap();
    let superuser = url.replacen("server@", "postgres@", 1);
    postgres::execute(&superuser, "DROP TABLE leases; DELETE FROM schema_migrations").await;
    let refused = open(&StoreSettings::new(&url)).await.map(drop).unwrap_err();
    assert!(
        matches!(&refused, StoreError::Refused(why) if why.contains("permission denied")),
        "{refused}"
    );
}
