//! The database is away: what needs no row goes on, the rest says so at once.

use super::fixture::{Server, code_form};
use nauthera::store::sqlite::{SqliteOptions, SqliteStore};
use std::sync::Arc;
use std::time::Duration;

#[actix_rt::test]
async fn client_credentials_go_on_and_codes_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nauthera.db");
    let options = SqliteOptions {
        deadline: Duration::from_secs(2),
        ..SqliteOptions::default()
    };
    let server = Server::start_on(Arc::new(SqliteStore::open_with(&path, &options).unwrap())).await;
    let code = server.code("web", "openid").await;

    let lock = rusqlite::Connection::open(&path).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let token = server.client_credentials("reporting", "orders:read").await;
    assert!(!token.is_empty());
    server.send(server.request("GET", "/jwks")).await.ok();
    server.send(server.request("GET", "/.well-known/openid-configuration")).await.ok();
    let waiting = server.token("web", &code_form(&code)).await;
    waiting.refused(503, "temporarily_unavailable");
    assert_eq!(waiting.headers["retry-after"], "1");
    lock.execute_batch("COMMIT").unwrap();
    server.stop().await;
}
