//! Who is told that a session ended. What has to be told is written where a session's row goes: `0013_logouts.sql`.

use super::PostgresStore;
use super::value::{get, id, text, time};
use crate::oauth::ids::{ClientId, SessionId, UserId};
use crate::store::records::LogoutRecord;
use crate::store::{Logouts, StoreError, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;

fn count(attempts: i32) -> StoreResult<u32> {
    u32::try_from(attempts).map_err(|_| StoreError::Corrupt("a logout was tried less than never".to_owned()))
}

#[async_trait]
impl Logouts for PostgresStore {
    async fn join_session(&self, session: &SessionId, client: &ClientId, now: Timestamp) -> StoreResult<bool> {
        self.within(async {
            // Who is there already costs no write. The lock: a session that ends meanwhile either takes the new row along or is gone.
            let sql = "WITH known AS (SELECT 1 FROM session_clients WHERE session_id = $1 AND client_id = $2),
                added AS (
                    INSERT INTO session_clients (session_id, client_id, joined_at)
                    SELECT id, $2, $3 FROM sessions WHERE id = $1 AND expires_at > $3 AND NOT EXISTS (SELECT 1 FROM known) FOR KEY SHARE
                    ON CONFLICT (session_id, client_id) DO UPDATE SET client_id = excluded.client_id
                    RETURNING 1
                )
                SELECT EXISTS (SELECT 1 FROM known) OR EXISTS (SELECT 1 FROM added)";
            let mut lease = self.lease().await?;
            let row = lease.query_opt(sql, &[&id(session), &id(client), &time(now)]).await?;
            row.map_or(Ok(false), |row| get(&row, 0))
        })
        .await
    }

    async fn claim_logouts(&self, now: Timestamp, until: Timestamp, most: u32, except: &[ClientId]) -> StoreResult<Vec<LogoutRecord>> {
        self.within(async {
            let sql = "UPDATE logouts SET due_at = $2, attempts = attempts + 1 WHERE id = ANY(ARRAY(
                    SELECT id FROM logouts WHERE due_at <= $1 AND client_id <> ALL($4) ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED))
                RETURNING id, session_id, user_id, client_id, attempts";
            let except: Vec<String> = except.iter().map(id).collect();
            let mut lease = self.lease().await?;
            let rows = lease.query(sql, &[&time(now), &time(until), &i64::from(most), &except]).await?;
            rows.iter()
                .map(|row| {
                    Ok(LogoutRecord {
                        id: text(row, 0)?,
                        session: SessionId::new(text(row, 1)?),
                        user: UserId::new(text(row, 2)?),
                        client: ClientId::new(text(row, 3)?),
                        attempts: count(get(row, 4)?)?,
                    })
                })
                .collect()
        })
        .await
    }

    async fn postpone_logout(&self, logout: &LogoutRecord, due_at: Timestamp) -> StoreResult<()> {
        self.within(async {
            let sql = "UPDATE logouts SET due_at = $2 WHERE id = $1 AND attempts = $3";
            let attempts = i32::try_from(logout.attempts).unwrap_or(i32::MAX);
            let mut lease = self.lease().await?;
            lease.execute(sql, &[&logout.id, &time(due_at), &attempts]).await?;
            Ok(())
        })
        .await
    }

    async fn finish_logout(&self, logout: &LogoutRecord) -> StoreResult<()> {
        self.within(async {
            let mut lease = self.lease().await?;
            lease.execute("DELETE FROM logouts WHERE id = $1", &[&logout.id]).await?;
            Ok(())
        })
        .await
    }
}
