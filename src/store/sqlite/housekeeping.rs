//! Upkeep.

use super::SqliteStore;
use super::value::Time;
use crate::store::records::Swept;
use crate::store::sweep::{SWEPT, SweptTable};
use crate::store::{Heard, Housekeeping, Notices, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;
use std::time::Duration;
use tokio::sync::watch;

/// Deletes rows of one table up to a time (`?1`), at most `?2` of them.
fn sweep_statement(SweptTable { table, key, column }: &SweptTable) -> String {
    format!("DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {column} <= ?1 ORDER BY {column}, {key} LIMIT ?2)")
}

#[async_trait]
impl Housekeeping for SqliteStore {
    async fn ping(&self) -> StoreResult<()> {
        self.read(|connection| Ok(connection.prepare_cached("SELECT 1")?.query_row([], |_| Ok(()))?))
            .await
    }

    fn notices(&self) -> watch::Receiver<Notices> {
        self.notices.subscribe()
    }

    fn heard(&self) -> Heard {
        Heard::default()
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
        for table in SWEPT {
            let until = table.until(now, self.audit_retention);
            // An act of its own for each table, so that logins get their turn between.
            let rows = self
                .write(move |connection| {
                    if table.table == "sessions" {
                        // What expired is told to nobody (`0011_logouts.sql`).
                        let sql = "DELETE FROM session_clients WHERE session_id IN
                            (SELECT id FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at, id LIMIT ?2)";
                        connection.prepare_cached(sql)?.execute(params![Time(until), batch])?;
                    }
                    let mut statement = connection.prepare_cached(&sweep_statement(table))?;
                    Ok(statement.execute(params![Time(until), batch])?)
                })
                .await?;
            swept.0.push((table.table, u64::try_from(rows).unwrap_or(u64::MAX)));
        }
        Ok(swept)
    }
}
