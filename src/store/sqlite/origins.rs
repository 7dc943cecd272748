//! Sessions that began at upstream providers, and what ended there.

use super::SqliteStore;
use super::value::{Digest, Time};
use crate::oauth::ids::{SessionId, UserId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{EndedRecord, OriginRecord};
use crate::store::{Origins, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

/// `?2` is the session there, `?3` the person; either may be null. What began after `?4` goes on.
const FROM: &str = "SELECT s.id, s.user_id FROM session_origins o JOIN sessions s ON s.id = o.session_id
        WHERE o.provider = ?1 AND o.sid = ?2 AND (?3 IS NULL OR o.subject = ?3) AND o.began_at <= ?4
    UNION ALL
    SELECT s.id, s.user_id FROM session_origins o JOIN sessions s ON s.id = o.session_id
        WHERE o.provider = ?1 AND o.subject = ?3 AND (?2 IS NULL OR o.sid IS NULL) AND o.began_at <= ?4
    LIMIT ?5";

#[async_trait]
impl Origins for SqliteStore {
    async fn note_origin(&self, session: &SessionId, origin: &OriginRecord) -> StoreResult<()> {
        let (session, origin) = (session.clone(), origin.clone());
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO session_origins (session_id, provider, subject, sid, began_at)
                     SELECT id, ?2, ?3, ?4, ?5 FROM sessions WHERE id = ?1
                     ON CONFLICT (session_id) DO UPDATE
                        SET provider = excluded.provider, subject = excluded.subject, sid = excluded.sid, began_at = excluded.began_at",
                )?
                .execute(params![
                    session.as_str(),
                    origin.provider.as_str(),
                    Digest(origin.subject),
                    origin.sid.map(Digest),
                    Time(origin.began_at),
                ])?;
            Ok(())
        })
        .await
    }

    async fn origin(&self, session: &SessionId) -> StoreResult<Option<OriginRecord>> {
        let session = session.clone();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT provider, subject, sid, began_at FROM session_origins WHERE session_id = ?1")?;
            let origin = statement.query_row([session.as_str()], |row| {
                Ok(OriginRecord {
                    provider: UserStoreId::new(row.get::<_, String>(0)?),
                    subject: row.get::<_, Digest>(1)?.0,
                    sid: row.get::<_, Option<Digest>>(2)?.map(|sid| sid.0),
                    began_at: row.get::<_, Time>(3)?.0,
                })
            });
            Ok(origin.optional()?)
        })
        .await
    }

    async fn sessions_from(&self, ended: &EndedRecord, most: u32) -> StoreResult<Vec<(SessionId, UserId)>> {
        let ended = ended.clone();
        self.read(move |connection| {
            let (sid, subject) = (ended.sid.map(Digest), ended.subject.map(Digest));
            let mut statement = connection.prepare_cached(FROM)?;
            let rows = statement.query_map(params![ended.provider.as_str(), sid, subject, Time(ended.at), most], |row| {
                Ok((SessionId::new(row.get::<_, String>(0)?), UserId::new(row.get::<_, String>(1)?)))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn note_departures(&self, keys: &[TokenHash], at: Timestamp, expires_at: Timestamp) -> StoreResult<()> {
        let keys = keys.to_vec();
        self.write(move |connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO upstream_departures (key, at, expires_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (key) DO UPDATE SET at = max(at, excluded.at), expires_at = max(expires_at, excluded.expires_at)",
            )?;
            for key in keys {
                statement.execute(params![Digest(key), Time(at), Time(expires_at)])?;
            }
            Ok(())
        })
        .await
    }

    async fn departed_since(&self, keys: &[TokenHash], since: Timestamp, now: Timestamp) -> StoreResult<bool> {
        let keys = keys.to_vec();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT 1 FROM upstream_departures WHERE key = ?1 AND at >= ?2 AND expires_at > ?3")?;
            for key in keys {
                if statement.exists(params![Digest(key), Time(since), Time(now)])? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await
    }
}
