//! Failed logins: one row a key, so that an attacker cannot make the table grow by trying again.

use super::SqliteStore;
use super::value::{Digest, Json, Time};
use crate::oauth::opaque::TokenHash;
use crate::store::records::FailedLogins;
use crate::store::{FAILED_LOGINS_REMEMBERED, FailedLoginCounts, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::time::Duration;

fn within(connection: &Connection, key: TokenHash, now: Timestamp, window: Duration) -> StoreResult<Vec<i64>> {
    let failures: Option<Json<Vec<i64>>> = connection
        .prepare_cached("SELECT failures FROM failed_logins WHERE key = ?1")?
        .query_row([Digest(key)], |row| row.get(0))
        .optional()?;
    let since = now.saturating_sub(window).unwrap_or(Timestamp::MIN).as_microsecond();
    let mut failures = failures.map_or_else(Vec::new, |failures| failures.0);
    failures.retain(|at| *at > since);
    Ok(failures)
}

fn counted(failures: &[i64]) -> FailedLogins {
    FailedLogins {
        count: u32::try_from(failures.len()).unwrap_or(u32::MAX),
        last: failures.iter().max().and_then(|at| Timestamp::from_microsecond(*at).ok()),
    }
}

#[async_trait]
impl FailedLoginCounts for SqliteStore {
    async fn count_failed_login(&self, key: &TokenHash, now: Timestamp, window: Duration) -> StoreResult<FailedLogins> {
        let key = *key;
        self.write(move |connection| {
            let mut failures = within(connection, key, now, window)?;
            failures.push(now.as_microsecond());
            failures.sort_unstable();
            failures.drain(..failures.len().saturating_sub(FAILED_LOGINS_REMEMBERED));
            connection
                .prepare_cached(
                    "INSERT INTO failed_logins (key, failures, expires_at) VALUES (?1, ?2, ?3)
                     ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, expires_at = excluded.expires_at",
                )?
                .execute(params![
                    Digest(key),
                    Json(&failures),
                    Time(now.saturating_add(window).unwrap_or(Timestamp::MAX))
                ])?;
            Ok(counted(&failures))
        })
        .await
    }

    async fn failed_logins(&self, key: &TokenHash, now: Timestamp, window: Duration) -> StoreResult<FailedLogins> {
        let key = *key;
        self.read(move |connection| Ok(counted(&within(connection, key, now, window)?)))
            .await
    }

    async fn clear_failed_logins(&self, key: &TokenHash) -> StoreResult<()> {
        let key = *key;
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM failed_logins WHERE key = ?1")?
                .execute([Digest(key)])?;
            Ok(())
        })
        .await
    }
}
