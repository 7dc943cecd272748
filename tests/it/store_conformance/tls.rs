//! `sslmode` and `sslrootcert` mean what libpq means by them. The server's certificate is for `localhost`, not for its address.

use crate::support::postgres;
use nauthera::store::postgres::ClientFiles;
use nauthera::store::{StoreError, StoreSettings, open};
use std::path::PathBuf;

struct Case {
    /// Holds the files of the authorities
    _folder: tempfile::TempDir,
    right: PathBuf,
    wrong: PathBuf,
    database: String,
}

async fn case() -> Case {
    let server = postgres::server();
    let folder = tempfile::tempdir().unwrap();
    let (right, wrong) = (folder.path().join("right.pem"), folder.path().join("wrong.pem"));
    std::fs::write(&right, server.authority()).unwrap();
    std::fs::write(&wrong, postgres::authority().as_ref().pem()).unwrap();
    let url = server.fresh_database().await;
    Case {
        _folder: folder,
        right,
        wrong,
        database: url.rsplit('/').next().unwrap().to_owned(),
    }
}

impl Case {
    /// Opens the store at a host with these parameters; tells whether its connections are encrypted.
    async fn encrypted(&self, host: &str, parameters: &str) -> Result<bool, StoreError> {
        let server = postgres::server();
        let parameters = parameters
            .replace("RIGHT", self.right.to_str().unwrap())
            .replace("WRONG", self.wrong.to_str().unwrap());
        let url = format!("postgres://postgres@{host}:{}/{}?{parameters}", server.port(), self.database);
        let store = open(&StoreSettings::new(url)).await?;
        store.ping().await?;
        let (client, connection) = tokio_postgres::connect(&server.url(&self.database), tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        let rows = client
            .query(
                "SELECT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
                 WHERE a.datname = current_database() AND a.application_name = 'nauthera'",
                &[],
            )
            .await
            .unwrap();
        assert!(!rows.is_empty(), "the store is connected");
        Ok(rows.iter().all(|row| row.get(0)))
    }

    async fn refused(&self, host: &str, parameters: &str) {
        let outcome = self.encrypted(host, parameters).await;
        assert!(
            matches!(outcome, Err(StoreError::Unavailable(_))),
            "{host} {parameters}: {outcome:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn encrypts_unless_it_is_told_not_to() {
    for (parameters, encrypted) in [
        ("sslmode=disable", false),
        ("", true),
        ("sslmode=prefer", true),
        ("sslmode=require", true),
    ] {
        assert_eq!(
            case().await.encrypted("127.0.0.1", parameters).await.unwrap(),
            encrypted,
            "{parameters}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verifies_the_chain_and_the_name_when_it_is_asked_to() {
    let case = case().await;
    assert!(case.encrypted("localhost", "sslmode=verify-full&sslrootcert=RIGHT").await.unwrap());
    assert!(case.encrypted("127.0.0.1", "sslmode=verify-ca&sslrootcert=RIGHT").await.unwrap());
    assert!(case.encrypted("127.0.0.1", "sslmode=require&sslrootcert=RIGHT").await.unwrap());
    case.refused("127.0.0.1", "sslmode=verify-full&sslrootcert=RIGHT").await;
    for mode in ["verify-full", "verify-ca", "require"] {
        case.refused("localhost", &format!("sslmode={mode}&sslrootcert=WRONG")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authorities_file_that_cannot_be_read_is_named() {
    let settings = StoreSettings {
        ca_file: Some("/missing/authorities.pem".into()),
        ..StoreSettings::new("postgres://postgres@localhost:1/any?sslmode=verify-full")
    };
    match open(&settings).await {
        Err(StoreError::Refused(text)) => assert!(text.contains("/missing/authorities.pem"), "{text}"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_in_by_password_and_does_not_repeat_a_wrong_one() {
    let case = case().await;
    let server = postgres::server();
    let sql = format!(
        "CREATE ROLE needs_password LOGIN PASSWORD 'right one'; ALTER DATABASE {} OWNER TO needs_password",
        case.database
    );
    server.administer(&sql).await;
    let url = |password: &str| {
        format!(
            "postgres://needs_password:{password}@localhost:{}/{}?sslmode=require",
            server.port(),
            case.database
        )
    };
    open(&StoreSettings::new(url("right%20one"))).await.unwrap().ping().await.unwrap();
    let error = match open(&StoreSettings::new(url("hunter2"))).await {
        Err(error) => format!("{error} {error:?}"),
        Ok(_) => panic!("it was opened"),
    };
    assert!(error.contains("password") && !error.contains("hunter2"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_in_by_a_certificate_which_may_be_renewed() {
    let case = case().await;
    let server = postgres::server();
    let name = &case.database;
    server
        .administer(&format!(
            "DO $$ BEGIN CREATE ROLE by_certificate LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; ALTER DATABASE {name} OWNER TO by_certificate"
        ))
        .await;
    let folder = tempfile::tempdir().unwrap();
    let files = ClientFiles {
        certificate: folder.path().join("tls.crt"),
        key: folder.path().join("tls.key"),
    };
    let renew = |role: &str| {
        let (certificate, key) = server.client(role);
        std::fs::write(&files.certificate, certificate).unwrap();
        std::fs::write(&files.key, key).unwrap();
    };
    let url = format!("postgres://by_certificate@localhost:{}/{name}", server.port());
    let settings = |client_files| StoreSettings {
        ca_file: Some(case.right.clone()),
        client_files,
        ..StoreSettings::new(url.clone())
    };
    let refusal = |outcome: Result<_, StoreError>| outcome.map(drop).unwrap_err().to_string();

    let unnamed = refusal(open(&settings(None)).await);
    assert!(unnamed.contains("certificate"), "{unnamed}");
    let missing = refusal(open(&settings(Some(files.clone()))).await);
    assert!(missing.contains("tls.crt"), "{missing}");
    renew("somebody_else");
    let other = refusal(open(&settings(Some(files.clone()))).await);
    assert!(other.contains("certificate authentication failed"), "{other}");

    renew("by_certificate");
    let store = open(&settings(Some(files.clone()))).await.unwrap();
    store.ping().await.unwrap();
    let by_url = format!("{url}?sslcert={}&sslkey={}", files.certificate.display(), files.key.display());
    let by_url = StoreSettings {
        ca_file: Some(case.right.clone()),
        ..StoreSettings::new(by_url)
    };
    open(&by_url).await.unwrap().ping().await.unwrap();

    // Another certificate from now on: that new connections take it shows in that this one is refused.
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    let until = async |wanted: fn(Result<(), StoreError>) -> bool| {
        server.administer(&end).await;
        let comes = async {
            while !wanted(store.ping().await) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), comes).await.unwrap();
    };
    renew("somebody_else");
    until(|answer| answer.is_err_and(|error| error.to_string().contains("certificate authentication failed"))).await;
    renew("by_certificate");
    until(|answer| answer.is_ok()).await;
    // A file that is half-written changes nothing.
    std::fs::write(&files.key, "-----BEGIN").unwrap();
    until(|answer| answer.is_ok()).await;
}
