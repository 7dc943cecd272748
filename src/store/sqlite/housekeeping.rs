//! Upkeep.

use super::SqliteStore;
use super::value::Time;
use crate::store::records::Swept;
use crate::store::{Housekeeping, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;
use std::time::Duration;

/// The tables that are swept, each with its key and the time after which a row goes. Grants come after their tokens,
/// so that a batch of them does not take all their tokens along at once.
pub(super) const SWEPT: &[(&str, &str, &str)] = &[
    ("sessions", "id", "expires_at"),
    ("codes", "hash", "forget_at"),
    ("refresh_tokens", "hash", "expires_at"),
    ("grants", "id", "expires_at"),
    ("revoked_tokens", "jti_digest", "expires_at"),
    ("reference_tokens", "hash", "expires_at"),
    ("signing_keys", "kid", "expires_at"),
    ("failed_logins", "key", "expires_at"),
    ("leases", "name", "expires_at"),
    ("audit", "seq", "at"),
];

/// Deletes rows of one table up to a time (`?1`), at most `?2` of them.
pub(super) fn sweep_statement(table: &str, key: &str, column: &str) -> String {
    format!("DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {column} <= ?1 ORDER BY {column} LIMIT ?2)")
}

#[async_trait]
impl Housekeeping for SqliteStore {
    async fn ping(&self) -> StoreResult<()> {
        self.read(|connection| Ok(connection.prepare_cached("SELECT 1")?.query_row([], |_| Ok(()))?))
            .await
    }

    async fn hold_lease(&self, name: &str, holder: &str, ttl: Duration, now: Timestamp) -> StoreResult<bool> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        self.write(move |connection| {
            let until = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
            let held = connection
                .prepare_cached(
                    "INSERT INTO leases (name, holder, expires_at) VALUES (?1, ?2, ?3)
                     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
                        WHERE leases.holder = excluded.holder OR leases.expires_at <= ?4",
                )?
                .execute(params![name, holder, Time(until), Time(now)])?;
            Ok(held == 1)
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, batch: u32) -> StoreResult<Swept> {
        let mut swept = Swept::default();
        for &(table, key, column) in SWEPT {
            let until = match table {
                "audit" => now.saturating_sub(self.audit_retention).unwrap_or(Timestamp::MIN),
                _ => now,
            };
            // An act of its own for each table, so that logins get their turn between.
            let rows = self
                .write(move |connection| {
                    let mut statement = connection.prepare_cached(&sweep_statement(table, key, column))?;
                    Ok(statement.execute(params![Time(until), batch])?)
                })
                .await?;
            swept.0.push((table, u64::try_from(rows).unwrap_or(u64::MAX)));
        }
        Ok(swept)
    }
}
