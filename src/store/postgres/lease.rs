//! A connection for one act, and what the server's errors mean.

use crate::store::{StoreError, StoreResult};
use deadpool_postgres::{Object, Transaction};
use std::error::Error as _;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

/// Parameters of a statement.
pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection that goes back to the pool only if nothing is under way on it: an act that was given up leaves none behind that
/// is busy, or in the middle of a transaction.
pub(super) struct Lease {
    object: Option<Object>,
    idle: bool,
}

impl Lease {
    pub(super) fn new(object: Object) -> Self {
        Self {
            object: Some(object),
            idle: true,
        }
    }

    fn object(&mut self) -> StoreResult<&mut Object> {
        self.object
            .as_mut()
            .ok_or_else(|| StoreError::Unavailable("the connection is gone".to_owned()))
    }

    /// All rows.
    pub(super) async fn query(&mut self, sql: &str, parameters: Parameters<'_>) -> StoreResult<Vec<Row>> {
        self.idle = false;
        let object = self.object()?;
        let outcome = async {
            let statement = object.prepare_cached(sql).await?;
            object.query(&statement, parameters).await
        }
        .await;
        self.idle = outcome.as_ref().map_or_else(leaves_connection_usable, |_| true);
        outcome.map_err(|error| fault(&error))
    }

    /// The first row.
    pub(super) async fn query_opt(&mut self, sql: &str, parameters: Parameters<'_>) -> StoreResult<Option<Row>> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    /// How many rows changed.
    pub(super) async fn execute(&mut self, sql: &str, parameters: Parameters<'_>) -> StoreResult<u64> {
        self.idle = false;
        let object = self.object()?;
        let outcome = async {
            let statement = object.prepare_cached(sql).await?;
            object.execute(&statement, parameters).await
        }
        .await;
        self.idle = outcome.as_ref().map_or_else(leaves_connection_usable, |_| true);
        outcome.map_err(|error| fault(&error))
    }

    /// Begins a transaction. Until [`Lease::settled`], the connection will not be used again.
    pub(super) async fn begin(&mut self) -> StoreResult<Transaction<'_>> {
        self.idle = false;
        self.object()?.transaction().await.map_err(|error| fault(&error))
    }

    /// The transaction was committed or rolled back, and the server said so.
    pub(super) fn settled(&mut self) {
        self.idle = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.object.take().filter(|_| !self.idle) {
            drop(Object::take(object));
        }
    }
}

/// All rows, within a transaction.
pub(super) async fn query(transaction: &Transaction<'_>, sql: &str, parameters: Parameters<'_>) -> StoreResult<Vec<Row>> {
    let rows = async {
        let statement = transaction.prepare_cached(sql).await?;
        transaction.query(&statement, parameters).await
    };
    rows.await.map_err(|error| fault(&error))
}

/// How many rows changed, within a transaction.
pub(super) async fn execute(transaction: &Transaction<'_>, sql: &str, parameters: Parameters<'_>) -> StoreResult<u64> {
    let changed = async {
        let statement = transaction.prepare_cached(sql).await?;
        transaction.execute(&statement, parameters).await
    };
    changed.await.map_err(|error| fault(&error))
}

/// A refused value or a lost race says nothing about the connection. Anything else may: a new one costs little.
fn leaves_connection_usable(error: &tokio_postgres::Error) -> bool {
    error
        .code()
        .is_some_and(|code| code.code().starts_with("22") || code.code().starts_with("23") || code.code().starts_with("40"))
}

/// What an error means. The server's `DETAIL` is left out: it quotes values.
pub(super) fn fault(error: &tokio_postgres::Error) -> StoreError {
    let Some(refusal) = error.as_db_error() else {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        let text = format!("{error}{cause}");
        let of_values = text.starts_with("error deserializing") || text.starts_with("invalid column");
        return if of_values {
            StoreError::Corrupt(text)
        } else {
            StoreError::Unavailable(text)
        };
    };
    let text = format!("{} ({})", refusal.message(), refusal.code().code());
    let code = refusal.code();
    // Connection trouble, a password that is just being changed, resources, shutdown; rolled back for another's sake; a standby that only reads; too many connections.
    let passing = ["08", "28", "40", "53", "57", "58"]
        .iter()
        .any(|class| code.code().starts_with(class));
    if passing || [SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::LOCK_NOT_AVAILABLE].contains(code) {
        StoreError::Unavailable(text)
    } else {
        StoreError::Refused(text)
    }
}
