//! From settings to a store.

use super::postgres::{ClientFiles, PostgresOptions, PostgresStore, Schema};
use super::sqlite::{SqliteOptions, SqliteStore};
use super::{DEFAULT_AUDIT_RETENTION, DEFAULT_DEADLINE, Examination, Migrated, Store, StoreError, StoreResult};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where the store is, and how patient we are with it. `Debug` does not show the URL: it may hold a password.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…` (docs/storage.md lists what it may hold)
    pub url: SecretString,
    /// An act that was not answered by then is [`StoreError::Unavailable`]
    pub deadline: Duration,
    /// Most connections to PostgreSQL at a time
    pub connections: usize,
    /// PEM file of the authorities that may have issued the certificate of PostgreSQL, instead of the system's
    pub ca_file: Option<PathBuf>,
    /// The certificate by which this server proves to PostgreSQL who it is; read anew for each connection
    pub client_files: Option<ClientFiles>,
    /// The schema of the PostgreSQL database, made if it is missing: so several servers share a database. `None`: the role's own
    pub schema: Option<String>,
    /// How long the audit trail is kept
    pub audit_retention: Duration,
}

impl StoreSettings {
    /// The usual settings for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: SecretString::from(url.into()),
            deadline: DEFAULT_DEADLINE,
            connections: 16,
            ca_file: None,
            client_files: None,
            schema: None,
            audit_retention: DEFAULT_AUDIT_RETENTION,
        }
    }
}

/// What a URL names.
enum Place<'a> {
    Sqlite(PathBuf, SqliteOptions),
    Postgres(&'a str, PostgresOptions),
}

impl StoreSettings {
    fn place(&self) -> StoreResult<Place<'_>> {
        let url = self.url.expose_secret();
        if let Some(path) = url.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            if self.schema.is_some() {
                return Err(StoreError::Refused(
                    "a schema can be named for PostgreSQL only, and this is SQLite".to_owned(),
                ));
            }
            let options = SqliteOptions {
                deadline: self.deadline,
                audit_retention: self.audit_retention,
                ..SqliteOptions::default()
            };
            return Ok(Place::Sqlite(path.into(), options));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PostgresOptions {
                deadline: self.deadline,
                connections: self.connections,
                ca_file: self.ca_file.clone(),
                client_files: self.client_files.clone(),
                schema: self.schema.as_deref().map(Schema::new).transpose()?,
                audit_retention: self.audit_retention,
            };
            return Ok(Place::Postgres(url, options));
        }
        Err(StoreError::Refused(
            "the store's URL must begin with `sqlite:` or `postgres://`".to_owned(),
        ))
    }
}

/// Opens the store and brings its schema up to date. Call it on a tokio runtime that lives as long as the process: the connections
/// to PostgreSQL are driven there, whoever uses them.
///
/// # Errors
/// [`StoreError::Refused`] if the URL is not understood, [`StoreError::Unavailable`] if the database cannot be reached,
/// [`StoreError::Corrupt`] if its schema is of a newer release or was changed.
pub async fn open(settings: &StoreSettings) -> StoreResult<Arc<dyn Store>> {
    Ok(match settings.place()? {
        Place::Sqlite(path, options) => Arc::new(blocking(move || SqliteStore::open_with(path, &options)).await?),
        Place::Postgres(url, options) => Arc::new(PostgresStore::open(url, &options).await?),
    })
}

/// Brings the store's schema up to date, and no more: for a role that may create tables, so that the server's needs not.
///
/// # Errors
/// As [`open`].
pub async fn migrate(settings: &StoreSettings) -> StoreResult<Migrated> {
    match settings.place()? {
        Place::Sqlite(path, _) => blocking(move || SqliteStore::migrate(path)).await,
        Place::Postgres(url, options) => PostgresStore::migrate(url, &options).await,
    }
}

/// Looks at the store without changing it.
///
/// # Errors
/// As [`open`].
pub async fn examine(settings: &StoreSettings) -> StoreResult<Examination> {
    match settings.place()? {
        Place::Sqlite(path, _) => blocking(move || SqliteStore::examine(path)).await,
        Place::Postgres(url, options) => PostgresStore::examine(url, &options).await,
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> StoreResult<T> + Send + 'static) -> StoreResult<T> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|error| StoreError::Unavailable(error.to_string()))?
}
