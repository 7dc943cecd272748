//! Upkeep.

use super::PostgresStore;
use super::value::{guarded, time};
use crate::store::records::Swept;
use crate::store::sweep::{SWEPT, SweptTable};
use crate::store::{Heard, Housekeeping, Notices, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use std::time::Duration;
use tokio::sync::watch;

/// Deletes rows of one table up to a time (`$1`), at most `$2` of them. Rows that somebody uses just now wait for the next sweep. For the
/// statement alone it says that it sweeps, so that other servers are not told (`0006_what_changed.sql`).
fn sweep_statement(SweptTable { table, key, column }: &SweptTable) -> String {
    format!(
        "DELETE FROM {table} WHERE {key} = ANY(ARRAY(
            SELECT {key} FROM {table} WHERE {column} <= $1 ORDER BY {column} LIMIT $2 FOR UPDATE SKIP LOCKED))
         AND (SELECT set_config('nauthera.sweeps', 'yes', true)) = 'yes'"
    )
}

#[async_trait]
impl Housekeeping for PostgresStore {
    async fn ping(&self) -> StoreResult<()> {
        self.within(async {
            self.lease().await?.query("SELECT 1", &[]).await?;
            Ok(())
        })
        .await
    }

    fn notices(&self) -> watch::Receiver<Notices> {
        self.listener.notices()
    }

    fn heard(&self) -> Heard {
        self.listener.heard()
    }

    async fn hold_lease(&self, name: &str, holder: &str, ttl: Duration, now: Timestamp) -> StoreResult<bool> {
        self.within(async {
            let sql = "INSERT INTO leases AS l (name, holder, expires_at) VALUES ($1, $2, $3)
                ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
                    WHERE l.holder = excluded.holder OR l.expires_at <= $4";
            let until = time(now.saturating_add(ttl).unwrap_or(Timestamp::MAX));
            let mut lease = self.lease().await?;
            let held = lease.execute(sql, &[&guarded(name), &guarded(holder), &until, &time(now)]).await?;
            Ok(held == 1)
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, batch: u32) -> StoreResult<Swept> {
        let mut swept = Swept::default();
        for table in SWEPT {
            let until = time(table.until(now, self.audit_retention));
            let rows = self
                .within(async {
                    let mut lease = self.lease().await?;
                    lease.execute(&sweep_statement(table), &[&until, &i64::from(batch)]).await
                })
                .await?;
            swept.0.push((table.table, rows));
        }
        Ok(swept)
    }
}
