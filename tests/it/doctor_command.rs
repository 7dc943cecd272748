//! `nauthera doctor`, as a person runs it before a server is started.

use crate::support::postgres;
use crate::support::process::run;
use std::path::Path;

fn doctor(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let place = ["doctor", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let output = run(&[&place, arguments].concat());
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

/// The verdict on one thing.
fn verdict<'a>(said: &'a str, subject: &str) -> &'a str {
    let line = said
        .lines()
        .find(|line| line.get(6..).is_some_and(|rest| rest.starts_with(subject)));
    line.unwrap_or_else(|| panic!("nothing of {subject}: {said}"))
        .split(' ')
        .next()
        .unwrap()
}

fn samples() -> String {
    format!("{}/k8s/samples", env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_a_server_needs_is_looked_at_and_left_as_it_is() {
    let (data, kek) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(kek.path().join("2026-01"), [7; 32]).unwrap();
    let (server, url) = (postgres::server(), postgres::server().fresh_database_of_rows().await);
    let authority = data.path().join("authority.pem");
    std::fs::write(&authority, server.authority()).unwrap();
    let url = url.replace("127.0.0.1", "localhost");
    let (samples, kek) = (samples(), kek.path().to_str().unwrap().to_owned());
    let flags = [
        ["--manifests", &samples],
        ["--kek", &kek],
        ["--auth-server", "identity/main"],
        ["--database-url", &url],
        ["--database-ca", authority.to_str().unwrap()],
    ];
    let (code, said) = doctor(data.path(), flags.as_flattened());
    assert_eq!(code, Some(0), "{said}");
    for subject in ["listen", "data", "manifests", "sealing", "https", "database", "schema", "clock"] {
        assert_eq!(verdict(&said, subject), "ok", "{subject}: {said}");
    }
    assert!(said.ends_with("all is well\n"), "{said}");
    let left: Vec<_> = std::fs::read_dir(data.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["authority.pem"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_keep_a_server_from_its_work_is_told_with_a_way_out() {
    let data = tempfile::tempdir().unwrap();
    let samples = samples();
    let with = |url: &str| {
        let flags = [
            ["--manifests", &samples],
            ["--auth-server", "identity/main"],
            ["--database-url", url],
        ];
        doctor(data.path(), flags.as_flattened())
    };

    let (code, said) = with("postgres://u:hunter2@127.0.0.1:1/nothing?connect_timeout=2");
    assert_eq!(code, Some(1));
    assert!(
        verdict(&said, "database") == "mend" && said.contains("cannot be reached") && !said.contains("hunter2"),
        "{said}"
    );

    let url = postgres::server().fresh_database_of_rows().await;
    let superuser = url.replacen("server@", "postgres@", 1);
    let spoil = async |sql: &str| postgres::execute(&superuser, sql).await;
    spoil("REVOKE DELETE ON sessions FROM server; REVOKE SELECT ON users FROM server").await;
    let (code, said) = with(&url);
    assert_eq!((code, verdict(&said, "rights")), (Some(1), "mend"));
    assert!(said.contains("sessions, users"), "{said}");

    spoil("DROP TABLE schema_migrations").await;
    let (code, said) = with(&url);
    assert_eq!((code, verdict(&said, "schema")), (Some(1), "mend"));
    assert!(said.contains("nauthera migrate"), "{said}");

    spoil("CREATE TABLE schema_migrations (version integer, checksum text); INSERT INTO schema_migrations VALUES (9000, 'x')").await;
    spoil("GRANT SELECT ON schema_migrations TO server").await;
    let (code, said) = with(&url);
    assert_eq!((code, verdict(&said, "database")), (Some(1), "mend"));
    assert!(said.contains("9000"), "{said}");
}
