//! Who is told that a session ended. What has to be told is written where a session's row goes: `0011_logouts.sql`.

use super::SqliteStore;
use super::value::{Json, Time};
use crate::oauth::ids::{ClientId, SessionId, UserId};
use crate::store::records::LogoutRecord;
use crate::store::{Logouts, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};

#[async_trait]
impl Logouts for SqliteStore {
    async fn join_session(&self, session: &SessionId, client: &ClientId, now: Timestamp) -> StoreResult<bool> {
        let (session, client) = (session.clone(), client.clone());
        let known = |connection: &Connection, session: &SessionId, client: &ClientId| {
            let sql = "SELECT EXISTS (SELECT 1 FROM session_clients WHERE session_id = ?1 AND client_id = ?2)";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row([session.as_str(), client.as_str()], |row| row.get(0))?)
        };
        let ids = (session.clone(), client.clone());
        // Who is there already costs no write.
        if self.read(move |connection| known(connection, &ids.0, &ids.1)).await? {
            return Ok(true);
        }
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO session_clients (session_id, client_id, joined_at) SELECT id, ?2, ?3 FROM sessions WHERE id = ?1 AND expires_at > ?3
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![session.as_str(), client.as_str(), Time(now)])?;
            known(connection, &session, &client)
        })
        .await
    }

    async fn claim_logouts(&self, now: Timestamp, until: Timestamp, most: u32, except: &[ClientId]) -> StoreResult<Vec<LogoutRecord>> {
        let except: Vec<String> = except.iter().map(|client| client.as_str().to_owned()).collect();
        self.write(move |connection| {
            let mut statement = connection.prepare_cached(
                "UPDATE logouts SET due_at = ?2, attempts = attempts + 1 WHERE id IN (
                    SELECT id FROM logouts WHERE due_at <= ?1 AND client_id NOT IN (SELECT value FROM json_each(?4)) ORDER BY due_at LIMIT ?3)
                 RETURNING id, session_id, user_id, client_id, attempts",
            )?;
            let rows = statement.query_map(params![Time(now), Time(until), most, Json(&except)], |row| {
                Ok(LogoutRecord {
                    id: row.get(0)?,
                    session: SessionId::new(row.get::<_, String>(1)?),
                    user: UserId::new(row.get::<_, String>(2)?),
                    client: ClientId::new(row.get::<_, String>(3)?),
                    attempts: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn postpone_logout(&self, logout: &LogoutRecord, due_at: Timestamp) -> StoreResult<()> {
        let logout = logout.clone();
        self.write(move |connection| {
            connection
                .prepare_cached("UPDATE logouts SET due_at = ?2 WHERE id = ?1 AND attempts = ?3")?
                .execute(params![logout.id, Time(due_at), logout.attempts])?;
            Ok(())
        })
        .await
    }

    async fn finish_logout(&self, logout: &LogoutRecord) -> StoreResult<()> {
        let id = logout.id.clone();
        self.write(move |connection| {
            connection.prepare_cached("DELETE FROM logouts WHERE id = ?1")?.execute([id])?;
            Ok(())
        })
        .await
    }
}
