//! `nauthera serve` on its real settings: PostgreSQL, the environment, JSON logs, an orderly end.

use crate::support::postgres;
use crate::support::process::{Process, copy_of_samples};
use crate::support::site::{Browser, authorize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

struct Served {
    process: Process,
    address: String,
    data: tempfile::TempDir,
    _samples: tempfile::TempDir,
}

/// Starts `serve` with everything but a free port by the environment, and waits until the samples are in force.
fn serve(settings: &[(&str, &str)]) -> Served {
    let (samples, data) = (copy_of_samples(), tempfile::tempdir().unwrap());
    let mut all = vec![
        ("NAUTHERA_LISTEN", "127.0.0.1:0"),
        ("NAUTHERA_MANIFESTS", samples.path().to_str().unwrap()),
        ("NAUTHERA_DATA", data.path().to_str().unwrap()),
        ("NAUTHERA_AUTH_SERVER", "identity/main"),
        ("NAUTHERA_WORKERS", "2"),
    ];
    all.extend_from_slice(settings);
    let mut process = Process::start(&["serve"], &all);
    let line = process.line("its address", |line| line.contains(r#""address":"#));
    let line: serde_json::Value = serde_json::from_str(&line).expect("a log line is one JSON object");
    process.line("that it is ready", |line| line.contains(r#""message":"ready""#));
    Served {
        process,
        address: line["address"].as_str().unwrap().to_owned(),
        data,
        _samples: samples,
    }
}

impl Served {
    fn secret(&self) -> String {
        let path = self.data.path().join("secrets/demo/reporting-client-secret.yaml");
        let secret: serde_json::Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let encoded = secret["data"]["client_secret"].as_str().unwrap();
        String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
    }

    /// A token request, as the bytes of its head and its body.
    fn token_request(&self) -> (String, &'static str) {
        let basic = STANDARD.encode(format!("demo.reporting:{}", self.secret()));
        let body = "grant_type=client_credentials";
        let head = format!(
            "POST /token HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {basic}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        (head, body)
    }

    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

#[tokio::test]
async fn serves_on_postgresql_and_finishes_what_is_under_way_when_it_is_told_to_end() {
    let database = postgres::server().fresh_database().await;
    let mut served = serve(&[
        ("NAUTHERA_DATABASE_URL", &database),
        // Whatever somebody asks for
        ("NAUTHERA_LOG", "info,tokio_postgres=trace"),
    ]);
    assert!(!sqlite_is_there(served.data.path()), "the database is the one that was named");
    let secret = served.secret();

    let (head, body) = served.token_request();
    let (first, rest) = body.split_at(10);
    let mut under_way = TcpStream::connect(&served.address).unwrap();
    under_way.write_all(head.as_bytes()).unwrap();
    under_way.write_all(first.as_bytes()).unwrap();
    // A second connection's answer shows that the workers have taken the first one.
    assert!(served.get("/healthz").unwrap().starts_with("HTTP/1.1 200"));

    served.process.signal("TERM");
    served.process.line("that it shuts down", |line| line.contains("shutting down"));
    under_way.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    under_way.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("access_token"), "{answer}");

    let (status, said) = served.process.ended();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(
        !said.contains(&secret) && !said.contains("postgres://"),
        "secrets stay out of the logs: {said}"
    );
    // The parameters of statements: digests, password hashes, keys that are not sealed
    assert!(!said.contains("parameters") && !said.contains("$argon2"), "{said}");
    for line in said.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "not JSON: {line}");
    }
}

#[test]
fn is_not_ready_while_it_drains_and_serves_on() {
    let served = serve(&[("NAUTHERA_DRAIN_SECONDS", "600")]);
    let until = |status: &str| {
        while !served
            .get("/readyz")
            .is_some_and(|answer| answer.starts_with(&format!("HTTP/1.1 {status}")))
        {}
    };
    until("200");
    served.process.signal("TERM");
    until("503");
    assert!(served.get("/jwks").unwrap().starts_with("HTTP/1.1 200"));
    // Whoever keeps a connection is answered and then sent elsewhere: reading to its end would wait for long otherwise.
    let mut kept = TcpStream::connect(&served.address).unwrap();
    kept.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    write!(kept, "GET /jwks HTTP/1.1\r\nHost: {}\r\n\r\n", served.address).unwrap();
    let mut answer = String::new();
    kept.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
    served.process.signal("INT");
    let (status, said) = served.process.ended();
    assert_eq!(status.code(), Some(0), "{said}");
}

/// How many accounts and addresses have failed logins after one failure of alice from each of two places behind a proxy.
async fn counted_failures(proxies: &str) -> i64 {
    let mut served = serve(&[("NAUTHERA_TRUSTED_PROXIES", proxies)]);
    let origin = format!("http://{}", served.address);
    for forwarded_for in ["6.6.6.6, 203.0.113.7", "6.6.6.6, 203.0.113.8"] {
        let browser = Browser::behind_proxies(&origin, forwarded_for);
        let callback = "http://127.0.0.1:8081/callback";
        let page = browser
            .get(&authorize(&[("client_id", "demo.shop"), ("redirect_uri", callback)]))
            .await;
        let refused = browser.log_in(&page, "alice", "wrong").await;
        assert!(refused.status < 500 && refused.header("location").is_empty(), "{}", refused.body);
    }
    served.process.signal("TERM");
    served.process.line("that it shuts down", |line| line.contains("shutting down"));
    let Served { process, data, .. } = served;
    process.ended();
    let database = rusqlite::Connection::open(data.path().join("nauthera.sqlite3")).unwrap();
    database
        .query_row("SELECT count(*) FROM failed_logins", [], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn addresses_are_those_that_the_trusted_proxies_saw() {
    assert_eq!(counted_failures("0").await, 2, "alice, and the one address that connects");
    assert_eq!(counted_failures("1").await, 3, "alice, and the two addresses that the proxy saw");
    assert_eq!(counted_failures("2").await, 2, "alice, and 6.6.6.6");
    assert_eq!(counted_failures("127.0.0.0/8").await, 3, "as with one proxy: this machine is it");
    assert_eq!(
        counted_failures("192.0.2.0/24").await,
        2,
        "who connects is no proxy, so its word does not count"
    );
}

#[test]
fn a_database_that_is_away_is_an_error_that_names_the_setting() {
    let (samples, data) = (copy_of_samples(), tempfile::tempdir().unwrap());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let process = Process::start(
        &["serve", "--listen", "127.0.0.1:0"],
        &[
            ("NAUTHERA_MANIFESTS", samples.path().to_str().unwrap()),
            ("NAUTHERA_DATA", data.path().to_str().unwrap()),
            ("NAUTHERA_DATABASE_URL", &format!("postgres://someone:hunter2@{free}/nothing")),
        ],
    );
    let (status, said) = process.ended();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("NAUTHERA_DATABASE_URL") && !said.contains("hunter2"), "{said}");
}

#[test]
fn missing_settings_are_named() {
    let (status, said) = Process::start(&["serve"], &[]).ended();
    assert_eq!(status.code(), Some(2));
    assert!(said.contains("--manifests") && said.contains("--data"), "{said}");
}

fn sqlite_is_there(data: &Path) -> bool {
    data.join("nauthera.sqlite3").exists()
}
