//! The store for production, and for several replicas.
//!
//! Each act is one statement where one can do it, else a READ COMMITTED transaction that takes its locks in one order. Nothing is sent
//! twice, but for transactions that the server says it rolled back (a deadlock). An act has a deadline; a connection whose answer
//! nobody waited for is closed, never reused.

mod audit;
mod breaker;
mod codes;
mod configurations;
mod connect;
mod consents;
mod examine;
mod factors;
mod failed_logins;
mod grants;
mod housekeeping;
mod keys;
mod lease;
mod listener;
mod local_people;
mod logouts;
mod migrate;
mod origins;
mod refresh_tokens;
mod revocations;
mod schema;
mod sessions;
mod tls;
mod url;
mod users;
mod value;

use super::{Examination, Migrated, StoreError, StoreResult};
use breaker::Breaker;
use connect::Connector;
use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use lease::Lease;
use listener::Listener;
pub use schema::Schema;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
pub use tls::ClientFiles;
use tokio_postgres::Config;

/// How long bringing the schema up to date, or taking over all declared users, may last.
const LONG: Duration = Duration::from_secs(60);

/// Settings of the store.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// An act that was not answered by then is [`StoreError::Unavailable`]
    pub deadline: Duration,
    /// Most connections at a time
    pub connections: usize,
    /// PEM file of authorities, instead of the system's
    pub ca_file: Option<PathBuf>,
    /// The certificate by which this server proves who it is; read anew for each connection
    pub client_files: Option<ClientFiles>,
    /// Where the tables are, and nothing else is looked for; `None`: where the role's own `search_path` says
    pub schema: Option<Schema>,
    /// How long the audit trail is kept
    pub audit_retention: Duration,
}

/// How the database of a URL is reached.
fn connector(url: &str, options: &PostgresOptions) -> StoreResult<(Connector, Config)> {
    let parsed = url::parse(url, options.ca_file.as_deref(), options.client_files.as_ref())?;
    let connector = Connector::new(&parsed.tls, options.deadline, options.schema.clone())?;
    Ok((connector, parsed.config))
}

/// A store in a PostgreSQL database.
#[derive(Clone)]
pub struct PostgresStore {
    pool: Pool,
    breaker: Arc<Breaker>,
    listener: Listener,
    deadline: Duration,
    audit_retention: Duration,
}

impl PostgresStore {
    /// Brings the schema up to date, and no more. Needs the right to create tables in it, and to create it if it is not there.
    ///
    /// # Errors
    /// As [`super::open`].
    pub async fn migrate(url: &str, options: &PostgresOptions) -> StoreResult<Migrated> {
        let (connector, config) = connector(url, options)?;
        migrate::run(&connector, &config).await
    }

    /// Looks at the database without changing it.
    ///
    /// # Errors
    /// As [`super::open`].
    pub async fn examine(url: &str, options: &PostgresOptions) -> StoreResult<Examination> {
        let (connector, config) = connector(url, options)?;
        examine::run(&connector, &config).await
    }

    /// Connects, and brings the schema up to date. The connections are driven on the runtime that this is called on.
    ///
    /// # Errors
    /// As [`super::open`].
    pub async fn open(url: &str, options: &PostgresOptions) -> StoreResult<Self> {
        let (connector, config) = connector(url, options)?;
        migrate::run(&connector, &config).await?;
        let listener = Listener::start(connector.clone(), config.clone());
        let manager_config = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let pool = Pool::builder(Manager::from_connect(config, connector, manager_config))
            .max_size(options.connections.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(options.deadline))
            .create_timeout(Some(options.deadline))
            .recycle_timeout(Some(options.deadline))
            .build()
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        Ok(Self {
            pool,
            breaker: Arc::new(Breaker::new(options.deadline)),
            listener,
            deadline: options.deadline,
            audit_retention: options.audit_retention,
        })
    }

    /// A connection of its own for one act.
    async fn lease(&self) -> StoreResult<Lease> {
        let object = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => lease::fault(&error),
            PoolError::Timeout(_) => StoreError::Unavailable(format!("no connection was free within {:?}", self.deadline)),
            other => StoreError::Unavailable(other.to_string()),
        })?;
        Ok(Lease::new(object))
    }

    /// An act within the usual deadline; refused at once while the server does not answer.
    async fn within<T>(&self, act: impl Future<Output = StoreResult<T>> + Send) -> StoreResult<T> {
        if !self.breaker.lets_through(Instant::now()) {
            return Err(StoreError::Unavailable("it did not answer a moment ago".to_owned()));
        }
        let outcome = self.at_most(self.deadline, act).await;
        match &outcome {
            Err(StoreError::Unavailable(_)) => self.breaker.failed(Instant::now()),
            _ => self.breaker.answered(),
        }
        outcome
    }

    /// An act within a deadline.
    async fn at_most<T>(&self, deadline: Duration, act: impl Future<Output = StoreResult<T>> + Send) -> StoreResult<T> {
        tokio::time::timeout(deadline, act)
            .await
            .map_err(|_| StoreError::Unavailable(format!("it did not answer within {deadline:?}")))?
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}
