//! Sessions that began at upstream providers, and what ended there.

use super::PostgresStore;
use super::value::{digest, get, id, optional_digest, text, time};
use crate::oauth::ids::{SessionId, UserId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{EndedRecord, OriginRecord};
use crate::store::{Origins, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;

/// `$2` is the session there, `$3` the person; either may be null. What began after `$4` goes on.
const FROM: &str = "SELECT s.id, s.user_id FROM session_origins o JOIN sessions s ON s.id = o.session_id
        WHERE o.provider = $1 AND o.sid = $2 AND ($3::bytea IS NULL OR o.subject = $3) AND o.began_at <= $4
    UNION ALL
    SELECT s.id, s.user_id FROM session_origins o JOIN sessions s ON s.id = o.session_id
        WHERE o.provider = $1 AND o.subject = $3 AND ($2::bytea IS NULL OR o.sid IS NULL) AND o.began_at <= $4
    LIMIT $5";

fn bytes(hash: &TokenHash) -> &[u8] {
    hash.as_bytes().as_slice()
}

#[async_trait]
impl Origins for PostgresStore {
    async fn note_origin(&self, session: &SessionId, origin: &OriginRecord) -> StoreResult<()> {
        self.within(async {
            let sql = "INSERT INTO session_origins (session_id, provider, subject, sid, began_at)
                SELECT id, $2, $3, $4, $5 FROM sessions WHERE id = $1
                ON CONFLICT (session_id) DO UPDATE
                    SET provider = excluded.provider, subject = excluded.subject, sid = excluded.sid, began_at = excluded.began_at";
            let (subject, sid) = (bytes(&origin.subject), origin.sid.as_ref().map(bytes));
            let mut lease = self.lease().await?;
            lease
                .execute(sql, &[&id(session), &id(&origin.provider), &subject, &sid, &time(origin.began_at)])
                .await?;
            Ok(())
        })
        .await
    }

    async fn origin(&self, session: &SessionId) -> StoreResult<Option<OriginRecord>> {
        self.within(async {
            let sql = "SELECT provider, subject, sid, began_at FROM session_origins WHERE session_id = $1";
            let row = self.lease().await?.query_opt(sql, &[&id(session)]).await?;
            row.map(|row| {
                Ok(OriginRecord {
                    provider: UserStoreId::new(text(&row, 0)?),
                    subject: digest(&row, 1)?,
                    sid: optional_digest(&row, 2)?,
                    began_at: get(&row, 3)?,
                })
            })
            .transpose()
        })
        .await
    }

    async fn sessions_from(&self, ended: &EndedRecord, most: u32) -> StoreResult<Vec<(SessionId, UserId)>> {
        self.within(async {
            let (subject, sid) = (ended.subject.as_ref().map(bytes), ended.sid.as_ref().map(bytes));
            let mut lease = self.lease().await?;
            let rows = lease
                .query(FROM, &[&id(&ended.provider), &sid, &subject, &time(ended.at), &i64::from(most)])
                .await?;
            rows.iter()
                .map(|row| Ok((SessionId::new(text(row, 0)?), UserId::new(text(row, 1)?))))
                .collect()
        })
        .await
    }

    async fn note_departures(&self, keys: &[TokenHash], at: Timestamp, expires_at: Timestamp) -> StoreResult<()> {
        self.within(async {
            let sql = "INSERT INTO upstream_departures AS d (key, at, expires_at) SELECT key, $2, $3 FROM unnest($1::bytea[]) AS key
                ON CONFLICT (key) DO UPDATE
                    SET at = greatest(d.at, excluded.at), expires_at = greatest(d.expires_at, excluded.expires_at)";
            let keys: Vec<&[u8]> = keys.iter().map(bytes).collect();
            let mut lease = self.lease().await?;
            lease.execute(sql, &[&keys, &time(at), &time(expires_at)]).await?;
            Ok(())
        })
        .await
    }

    async fn departed_since(&self, keys: &[TokenHash], since: Timestamp, now: Timestamp) -> StoreResult<bool> {
        self.within(async {
            let sql = "SELECT 1 FROM upstream_departures WHERE key = ANY($1) AND at >= $2 AND expires_at > $3 LIMIT 1";
            let keys: Vec<&[u8]> = keys.iter().map(bytes).collect();
            let mut lease = self.lease().await?;
            Ok(lease.query_opt(sql, &[&keys, &time(since), &time(now)]).await?.is_some())
        })
        .await
    }
}
