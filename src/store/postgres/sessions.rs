//! Login sessions. A session that ended is a row that is gone.

use super::PostgresStore;
use super::value::{digest, get, guarded, id, json, text, time};
use crate::oauth::ids::{SessionId, UserId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{DeviceRecord, PasswordRecord, SessionRecord};
use crate::store::{Sessions, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

macro_rules! live_session {
    () => {
        "SELECT s.id, s.token, s.user_id, s.auth_time, s.amr, s.created_at, s.expires_at
         FROM sessions s JOIN users u ON u.id = s.user_id AND NOT u.disabled"
    };
}

// The locks: a person who is disabled meanwhile, and a password that changes, either end this session or have none begin.
const OPEN: &str = "INSERT INTO sessions (id, token, user_id, auth_time, amr, created_at, expires_at) SELECT $1, $2, $3, $4, $5, $6, $7
    FROM (SELECT 1 FROM users WHERE id = $3 AND NOT disabled FOR SHARE) AS usable";
const OPEN_BY_PASSWORD: &str = "INSERT INTO sessions (id, token, user_id, auth_time, amr, created_at, expires_at)
    SELECT $1, $2, $3, $4, $5, $6, $7
    FROM (SELECT user_id FROM passwords WHERE user_id = $3 AND hash = $8 AND changed_at = $9 FOR SHARE) AS proved,
        LATERAL (SELECT 1 FROM users WHERE id = proved.user_id AND NOT disabled FOR SHARE) AS usable";

fn session(row: &Row) -> StoreResult<SessionRecord> {
    Ok(SessionRecord {
        id: SessionId::new(text(row, 0)?),
        token: digest(row, 1)?,
        user: UserId::new(text(row, 2)?),
        auth_time: get(row, 3)?,
        amr: json(row, 4)?,
        created_at: get(row, 5)?,
        expires_at: get(row, 6)?,
    })
}

#[async_trait]
impl Sessions for PostgresStore {
    async fn open_session(&self, session: &SessionRecord, password: Option<&PasswordRecord>) -> StoreResult<bool> {
        let (id, user) = (id(&session.id), id(&session.user));
        let (token, amr) = (session.token.as_bytes().as_slice(), Json(&session.amr));
        let times = [session.auth_time, session.created_at, session.expires_at].map(time);
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&id, &token, &user, &times[0], &amr, &times[1], &times[2]];
        let proved = password.map(|password| (guarded(&password.hash), time(password.changed_at)));
        if let Some((hash, changed_at)) = &proved {
            values.extend([hash as &(dyn ToSql + Sync), changed_at]);
        }
        self.within(async {
            let sql = if password.is_some() { OPEN_BY_PASSWORD } else { OPEN };
            Ok(self.lease().await?.execute(sql, &values).await? == 1)
        })
        .await
    }

    async fn session_by_token(&self, token: &TokenHash, now: Timestamp) -> StoreResult<Option<SessionRecord>> {
        self.within(async {
            let sql = concat!(live_session!(), " WHERE s.token = $1 AND s.expires_at > $2");
            let row = self
                .lease()
                .await?
                .query_opt(sql, &[&token.as_bytes().as_slice(), &time(now)])
                .await?;
            row.as_ref().map(session).transpose()
        })
        .await
    }

    async fn session(&self, session_id: &SessionId, now: Timestamp) -> StoreResult<Option<SessionRecord>> {
        self.within(async {
            let sql = concat!(live_session!(), " WHERE s.id = $1 AND s.expires_at > $2");
            let row = self.lease().await?.query_opt(sql, &[&id(session_id), &time(now)]).await?;
            row.as_ref().map(session).transpose()
        })
        .await
    }

    async fn renew_session(&self, session: &SessionRecord, now: Timestamp) -> StoreResult<bool> {
        self.within(async {
            let sql = "UPDATE sessions SET token = $3, auth_time = $4, amr = $5, expires_at = $6
                WHERE id = $1 AND user_id = $2 AND expires_at > $7
                    AND EXISTS (SELECT 1 FROM users u WHERE u.id = $2 AND NOT u.disabled)";
            let mut lease = self.lease().await?;
            let renewed = lease
                .execute(
                    sql,
                    &[
                        &id(&session.id),
                        &id(&session.user),
                        &session.token.as_bytes().as_slice(),
                        &time(session.auth_time),
                        &Json(&session.amr),
                        &time(session.expires_at),
                        &time(now),
                    ],
                )
                .await?;
            Ok(renewed == 1)
        })
        .await
    }

    async fn note_device(&self, session: &SessionId, device: &DeviceRecord) -> StoreResult<()> {
        self.within(async {
            let sql = "INSERT INTO session_devices (session_id, agent, address) SELECT id, $2, $3 FROM sessions WHERE id = $1
                ON CONFLICT (session_id) DO UPDATE SET agent = excluded.agent, address = excluded.address";
            let mut lease = self.lease().await?;
            lease
                .execute(sql, &[&id(session), &guarded(&device.agent), &guarded(&device.address)])
                .await?;
            Ok(())
        })
        .await
    }

    async fn sessions_of(&self, user: &UserId, now: Timestamp, most: u32) -> StoreResult<Vec<(SessionRecord, DeviceRecord)>> {
        self.within(async {
            let sql = "SELECT s.id, s.token, s.user_id, s.auth_time, s.amr, s.created_at, s.expires_at, coalesce(d.agent, ''), coalesce(d.address, '')
                FROM sessions s LEFT JOIN session_devices d ON d.session_id = s.id
                WHERE s.user_id = $1 AND s.expires_at > $2 ORDER BY s.auth_time DESC, s.id COLLATE \"C\" LIMIT $3";
            let mut lease = self.lease().await?;
            let mut sessions = Vec::new();
            for row in lease.query(sql, &[&id(user), &time(now), &i64::from(most)]).await? {
                let device = DeviceRecord {
                    agent: text(&row, 7)?,
                    address: text(&row, 8)?,
                };
                sessions.push((session(&row)?, device));
            }
            Ok(sessions)
        })
        .await
    }

    async fn end_session(&self, session_id: &SessionId, now: Timestamp) -> StoreResult<()> {
        self.within(async {
            // A code that is redeemed at the same moment opens a grant of a session that is not there: it is not live either.
            // The session first, as all who end sessions have it: so that none of two waits for the other.
            let sql = "WITH gone AS (DELETE FROM sessions WHERE id = $1 RETURNING 1)
                UPDATE grants SET ended_at = $2 WHERE (SELECT count(*) FROM gone) >= 0 AND id IN
                    (SELECT id FROM grants WHERE session_id = $1 AND NOT offline AND ended_at IS NULL ORDER BY id FOR UPDATE)";
            self.lease().await?.execute(sql, &[&id(session_id), &time(now)]).await?;
            Ok(())
        })
        .await
    }
}
