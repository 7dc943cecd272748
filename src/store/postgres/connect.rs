//! Opens connections, on the runtime that outlives the HTTP workers.

use super::super::StoreResult;
use super::schema::Schema;
use super::tls::{self, TlsPolicy};
use deadpool_postgres::Connect;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Error, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What rustls makes of a socket.
type TlsStream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// How this store connects.
#[derive(Clone)]
pub(super) struct Connector {
    tls: MakeRustlsConnect,
    /// Where sockets are polled
    runtime: Handle,
    /// The server ends a statement by then: nobody waits for it any more
    deadline: Duration,
    /// Where names are looked for
    schema: Option<Schema>,
}

impl Connector {
    pub(super) fn new(policy: &TlsPolicy, deadline: Duration, schema: Option<Schema>) -> StoreResult<Self> {
        Ok(Self {
            tls: MakeRustlsConnect::new(tls::client_config(policy)?),
            runtime: Handle::current(),
            deadline,
            schema,
        })
    }

    /// The schema that was asked for.
    pub(super) const fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    /// How long an act may take.
    pub(super) const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// A connection that somebody has to drive.
    pub(super) async fn dial(&self, config: &Config) -> Result<(Client, Connection<Socket, TlsStream>), Error> {
        config.connect(self.tls.clone()).await
    }

    /// Settings of a fresh connection. `limited` statements end with the store's deadline.
    pub(super) async fn prepare(&self, client: &Client, limited: bool) -> Result<(), Error> {
        let timeout = if limited { self.deadline.as_millis() } else { 0 };
        let mut settings =
            format!("SET statement_timeout = {timeout}; SET idle_in_transaction_session_timeout = 60000; SET TIME ZONE 'UTC'");
        if let Some(schema) = &self.schema {
            // Not `public` besides: another server's tables may be there.
            settings.push_str(&format!("; SET search_path = {}", schema.quoted()));
        }
        client.batch_execute(&settings).await
    }

    /// A connection and the task that drives it.
    pub(super) async fn open(&self, config: &Config, limited: bool) -> Result<(Client, JoinHandle<()>), Error> {
        let (client, connection) = self.dial(config).await?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(error = %super::lease::fault(&error), "a connection to PostgreSQL ended");
            }
        });
        if let Err(error) = self.prepare(&client, limited).await {
            driver.abort();
            return Err(error);
        }
        Ok((client, driver))
    }
}

impl Connect for Connector {
    fn connect(&self, config: &Config) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        let (connector, config) = (self.clone(), config.clone());
        // A socket belongs to the runtime that opens it. If the caller gives up, the attempt ends with its task.
        let attempt = AbortOnDrop(self.runtime.spawn(async move { connector.open(&config, true).await }));
        Box::pin(async move {
            let mut attempt = attempt;
            match (&mut attempt.0).await {
                Ok(outcome) => outcome,
                // The runtime is being shut down: there will be no connection, and the caller's deadline says so.
                Err(_) => std::future::pending().await,
            }
        })
    }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
