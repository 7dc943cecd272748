//! Login sessions. A session that ended is a row that is gone.

use super::SqliteStore;
use super::value::{Digest, Json, Time};
use crate::oauth::ids::{SessionId, UserId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{DeviceRecord, PasswordRecord, SessionRecord};
use crate::store::{Sessions, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

const LIVE: &str = "SELECT s.id, s.token, s.user_id, s.auth_time, s.amr, s.created_at, s.expires_at
    FROM sessions s JOIN users u ON u.id = s.user_id AND u.disabled = 0";

fn session(row: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    Ok(SessionRecord {
        id: SessionId::new(row.get::<_, String>(0)?),
        token: row.get::<_, Digest>(1)?.0,
        user: UserId::new(row.get::<_, String>(2)?),
        auth_time: row.get::<_, Time>(3)?.0,
        amr: row.get::<_, Json<Vec<String>>>(4)?.0,
        created_at: row.get::<_, Time>(5)?.0,
        expires_at: row.get::<_, Time>(6)?.0,
    })
}

#[async_trait]
impl Sessions for SqliteStore {
    async fn open_session(&self, session: &SessionRecord, password: Option<&PasswordRecord>) -> StoreResult<bool> {
        let (session, password) = (session.clone(), password.cloned());
        self.write(move |connection| {
            let (hash, changed_at) = password.map(|password| (password.hash, Time(password.changed_at))).unzip();
            let opened = connection
                .prepare_cached(
                    "INSERT INTO sessions (id, token, user_id, auth_time, amr, created_at, expires_at)
                     SELECT ?1, ?2, id, ?4, ?5, ?6, ?7 FROM users WHERE id = ?3 AND disabled = 0
                        AND (?8 IS NULL OR EXISTS (SELECT 1 FROM passwords WHERE user_id = ?3 AND hash = ?8 AND changed_at = ?9))",
                )?
                .execute(params![
                    session.id.as_str(),
                    Digest(session.token),
                    session.user.as_str(),
                    Time(session.auth_time),
                    Json(&session.amr),
                    Time(session.created_at),
                    Time(session.expires_at),
                    hash,
                    changed_at,
                ])?;
            Ok(opened == 1)
        })
        .await
    }

    async fn session_by_token(&self, token: &TokenHash, now: Timestamp) -> StoreResult<Option<SessionRecord>> {
        let token = *token;
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&format!("{LIVE} WHERE s.token = ?1 AND s.expires_at > ?2"))?;
            Ok(statement.query_row(params![Digest(token), Time(now)], session).optional()?)
        })
        .await
    }

    async fn session(&self, id: &SessionId, now: Timestamp) -> StoreResult<Option<SessionRecord>> {
        let id = id.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&format!("{LIVE} WHERE s.id = ?1 AND s.expires_at > ?2"))?;
            Ok(statement.query_row(params![id.as_str(), Time(now)], session).optional()?)
        })
        .await
    }

    async fn renew_session(&self, session: &SessionRecord, now: Timestamp) -> StoreResult<bool> {
        let session = session.clone();
        self.write(move |connection| {
            let renewed = connection
                .prepare_cached(
                    "UPDATE sessions SET token = ?3, auth_time = ?4, amr = ?5, expires_at = ?6
                     WHERE id = ?1 AND user_id = ?2 AND expires_at > ?7
                        AND EXISTS (SELECT 1 FROM users u WHERE u.id = ?2 AND u.disabled = 0)",
                )?
                .execute(params![
                    session.id.as_str(),
                    session.user.as_str(),
                    Digest(session.token),
                    Time(session.auth_time),
                    Json(&session.amr),
                    Time(session.expires_at),
                    Time(now),
                ])?;
            Ok(renewed == 1)
        })
        .await
    }

    async fn note_device(&self, session: &SessionId, device: &DeviceRecord) -> StoreResult<()> {
        let (session, device) = (session.clone(), device.clone());
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO session_devices (session_id, agent, address) SELECT id, ?2, ?3 FROM sessions WHERE id = ?1
                     ON CONFLICT (session_id) DO UPDATE SET agent = excluded.agent, address = excluded.address",
                )?
                .execute(params![session.as_str(), device.agent, device.address])?;
            Ok(())
        })
        .await
    }

    async fn sessions_of(&self, user: &UserId, now: Timestamp, most: u32) -> StoreResult<Vec<(SessionRecord, DeviceRecord)>> {
        let user = user.clone();
        self.read(move |connection| {
            let sql = "SELECT s.id, s.token, s.user_id, s.auth_time, s.amr, s.created_at, s.expires_at, coalesce(d.agent, ''), coalesce(d.address, '')
                FROM sessions s LEFT JOIN session_devices d ON d.session_id = s.id
                WHERE s.user_id = ?1 AND s.expires_at > ?2 ORDER BY s.auth_time DESC, s.id LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![user.as_str(), Time(now), most], |row| {
                let device = DeviceRecord {
                    agent: row.get(7)?,
                    address: row.get(8)?,
                };
                Ok((session(row)?, device))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn end_session(&self, id: &SessionId, now: Timestamp) -> StoreResult<()> {
        let id = id.clone();
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM sessions WHERE id = ?1")?
                .execute([id.as_str()])?;
            connection
                .prepare_cached("UPDATE grants SET ended_at = ?2 WHERE session_id = ?1 AND offline = 0 AND ended_at IS NULL")?
                .execute(params![id.as_str(), Time(now)])?;
            Ok(())
        })
        .await
    }
}
