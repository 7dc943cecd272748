//! Failed logins: one row a key, so that an attacker cannot make the table grow by trying again.

use super::PostgresStore;
use super::value::{get, time};
use crate::oauth::opaque::TokenHash;
use crate::store::records::FailedLogins;
use crate::store::{FAILED_LOGINS_REMEMBERED, FailedLoginCounts, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use std::time::Duration;
use tokio_postgres::Row;

fn counted(row: Option<&Row>) -> StoreResult<FailedLogins> {
    let Some(row) = row else {
        return Ok(FailedLogins::default());
    };
    Ok(FailedLogins {
        count: u32::try_from(get::<i64>(row, 0)?).unwrap_or(u32::MAX),
        last: get(row, 1)?,
    })
}

/// Failures up to this time no longer count.
fn before(now: Timestamp, window: Duration) -> Timestamp {
    time(now.saturating_sub(window).unwrap_or(Timestamp::MIN))
}

#[async_trait]
impl FailedLoginCounts for PostgresStore {
    async fn count_failed_login(&self, key: &TokenHash, now: Timestamp, window: Duration) -> StoreResult<FailedLogins> {
        self.within(async {
            let sql = "INSERT INTO failed_logins AS f (key, failures, expires_at) VALUES ($1, ARRAY[$2::timestamptz], $3)
                ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at, failures = ARRAY(
                    SELECT at FROM unnest(f.failures || excluded.failures) AS at WHERE at > $4 ORDER BY at DESC LIMIT $5)
                RETURNING cardinality(failures)::bigint, (SELECT max(at) FROM unnest(failures) AS at)";
            let expires_at = time(now.saturating_add(window).unwrap_or(Timestamp::MAX));
            let most = i64::try_from(FAILED_LOGINS_REMEMBERED).unwrap_or(i64::MAX);
            let mut lease = self.lease().await?;
            let row = lease
                .query_opt(
                    sql,
                    &[&key.as_bytes().as_slice(), &time(now), &expires_at, &before(now, window), &most],
                )
                .await?;
            counted(row.as_ref())
        })
        .await
    }

    async fn failed_logins(&self, key: &TokenHash, now: Timestamp, window: Duration) -> StoreResult<FailedLogins> {
        self.within(async {
            let sql = "SELECT count(at), max(at) FROM failed_logins f, unnest(f.failures) AS at WHERE f.key = $1 AND at > $2";
            let mut lease = self.lease().await?;
            let row = lease.query_opt(sql, &[&key.as_bytes().as_slice(), &before(now, window)]).await?;
            counted(row.as_ref())
        })
        .await
    }

    async fn clear_failed_logins(&self, key: &TokenHash) -> StoreResult<()> {
        self.within(async {
            let sql = "DELETE FROM failed_logins WHERE key = $1";
            self.lease().await?.execute(sql, &[&key.as_bytes().as_slice()]).await?;
            Ok(())
        })
        .await
    }
}
