//! Grants and their refresh families.

use super::SqliteStore;
use super::value::{Digest, GRANT, GRANT_IS_LIVE, Time, grant};
use crate::oauth::ids::{ClientId, GrantId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{GrantRecord, RefreshRecord, RefreshRedemption};
use crate::store::rotation::{RefreshState, RefreshVerdict, decide};
use crate::store::{Grants, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::time::Duration;

/// What there is of a client (`?1`) up to a time (`?2`), at most `?3` rows each.
const END_OF_CLIENT: [&str; 5] = [
    "DELETE FROM codes WHERE hash IN
        (SELECT hash FROM codes WHERE client_id = ?1 AND consumed_at IS NULL AND created_at <= ?2 LIMIT ?3)",
    "UPDATE grants SET ended_at = ?2 WHERE id IN
        (SELECT id FROM grants WHERE client_id = ?1 AND ended_at IS NULL AND created_at <= ?2 LIMIT ?3)",
    "DELETE FROM consents WHERE client_id = ?1 AND user_id IN
        (SELECT user_id FROM consents WHERE client_id = ?1 AND updated_at <= ?2 LIMIT ?3)",
    "DELETE FROM session_clients WHERE client_id = ?1 AND session_id IN
        (SELECT session_id FROM session_clients WHERE client_id = ?1 AND joined_at <= ?2 LIMIT ?3)",
    "DELETE FROM logouts WHERE id IN (SELECT id FROM logouts WHERE client_id = ?1 AND joined_at <= ?2 LIMIT ?3)",
];

#[async_trait]
impl Grants for SqliteStore {
    async fn grant(&self, id: &GrantId) -> StoreResult<Option<GrantRecord>> {
        let id = id.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&format!("SELECT {GRANT} FROM grants g WHERE g.id = ?1"))?;
            Ok(statement.query_row([id.as_str()], |row| grant(row, 0)).optional()?)
        })
        .await
    }

    async fn end_grant(&self, id: &GrantId, now: Timestamp) -> StoreResult<()> {
        let id = id.clone();
        self.write(move |connection| end(connection, &id, now)).await
    }

    async fn end_grants_of_client(&self, client: &ClientId, until: Timestamp, batch: u32) -> StoreResult<u64> {
        let mut ended = 0;
        for sql in END_OF_CLIENT {
            let client = client.clone();
            // An act of its own for each table, so that logins get their turn between.
            let rows = self
                .write(move |connection| {
                    let mut statement = connection.prepare_cached(sql)?;
                    Ok(statement.execute(params![client.as_str(), Time(until), batch])?)
                })
                .await?;
            ended += u64::try_from(rows).unwrap_or(u64::MAX);
        }
        Ok(ended)
    }

    async fn add_refresh_token(&self, token: &RefreshRecord) -> StoreResult<()> {
        let token = token.clone();
        self.write(move |connection| add(connection, &token)).await
    }

    async fn peek_refresh_token(&self, token: &TokenHash, client: &ClientId) -> StoreResult<Option<(RefreshRecord, GrantRecord)>> {
        let (token, client) = (*token, client.clone());
        self.read(move |connection| {
            let sql = format!(
                "SELECT r.expires_at, {GRANT} FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id
                 WHERE r.hash = ?1 AND g.client_id = ?2"
            );
            let found = connection
                .prepare_cached(&sql)?
                .query_row(params![Digest(token), client.as_str()], |row| {
                    let grant = grant(row, 1)?;
                    let refresh = RefreshRecord {
                        hash: token,
                        grant: grant.id.clone(),
                        expires_at: row.get::<_, Time>(0)?.0,
                    };
                    Ok((refresh, grant))
                });
            Ok(found.optional()?)
        })
        .await
    }

    async fn redeem_refresh_token(
        &self,
        token: &TokenHash,
        client: &ClientId,
        successor: Option<&RefreshRecord>,
        now: Timestamp,
        grace: Duration,
    ) -> StoreResult<RefreshRedemption> {
        let (token, client, successor) = (*token, client.clone(), successor.cloned());
        self.write(move |connection| redeem(connection, token, &client, successor.as_ref(), now, grace))
            .await
    }
}

fn end(connection: &Connection, id: &GrantId, now: Timestamp) -> StoreResult<()> {
    connection
        .prepare_cached("UPDATE grants SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL")?
        .execute(params![id.as_str(), Time(now)])?;
    Ok(())
}

fn add(connection: &Connection, token: &RefreshRecord) -> StoreResult<()> {
    connection
        .prepare_cached("INSERT INTO refresh_tokens (hash, grant_id, expires_at, retried) VALUES (?1, ?2, ?3, 0)")?
        .execute(params![Digest(token.hash), token.grant.as_str(), Time(token.expires_at)])?;
    Ok(())
}

/// The writer is alone, so what is read here still holds when it is changed.
fn redeem(
    connection: &Connection,
    token: TokenHash,
    client: &ClientId,
    successor: Option<&RefreshRecord>,
    now: Timestamp,
    grace: Duration,
) -> StoreResult<RefreshRedemption> {
    let sql = format!(
        "SELECT r.expires_at, r.consumed_at, r.retried, r.successor, t.hash IS NOT NULL AND t.consumed_at IS NULL, {GRANT_IS_LIVE}, {GRANT}
         FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id LEFT JOIN refresh_tokens t ON t.hash = r.successor
         WHERE r.hash = ?2 AND g.client_id = ?3"
    );
    let found = connection
        .prepare_cached(&sql)?
        .query_row(params![Time(now), Digest(token), client.as_str()], |row| {
            let state = RefreshState {
                expires_at: row.get::<_, Time>(0)?.0,
                consumed_at: row.get::<_, Option<Time>>(1)?.map(|time| time.0),
                retried: row.get(2)?,
                successor_unused: row.get(4)?,
                grant_is_live: row.get(5)?,
            };
            Ok((state, row.get::<_, Option<Digest>>(3)?, grant(row, 6)?))
        })
        .optional()?;
    let Some((state, earlier, grant)) = found else {
        return Ok(RefreshRedemption::Unknown);
    };
    let verdict = decide(&state, successor.is_some(), now, grace);
    match (verdict, successor) {
        (RefreshVerdict::Rotate, Some(successor)) => replace(connection, token, successor, &grant.id, now, false)?,
        (RefreshVerdict::Retry, Some(successor)) => {
            // Whoever presents the earlier successor now holds a stolen or a lost one.
            connection
                .prepare_cached("UPDATE refresh_tokens SET consumed_at = ?2, retried = 1 WHERE hash = ?1")?
                .execute(params![earlier, Time(now)])?;
            replace(connection, token, successor, &grant.id, now, true)?;
        }
        (RefreshVerdict::Reused, _) => end(connection, &grant.id, now)?,
        _ => {}
    }
    Ok(match verdict {
        RefreshVerdict::Keep | RefreshVerdict::Rotate | RefreshVerdict::Retry => RefreshRedemption::Accepted(Box::new(grant)),
        RefreshVerdict::Reused => RefreshRedemption::Reused(grant.id),
        RefreshVerdict::Expired => RefreshRedemption::Expired,
        RefreshVerdict::Ended => RefreshRedemption::Ended,
    })
}

/// Puts the successor in the token's place. The successor belongs to the token's family, whatever its record says.
fn replace(
    connection: &Connection,
    token: TokenHash,
    successor: &RefreshRecord,
    family: &GrantId,
    now: Timestamp,
    retried: bool,
) -> StoreResult<()> {
    let successor = RefreshRecord {
        grant: family.clone(),
        ..successor.clone()
    };
    add(connection, &successor)?;
    connection
        .prepare_cached("UPDATE refresh_tokens SET consumed_at = coalesce(consumed_at, ?2), successor = ?3, retried = ?4 WHERE hash = ?1")?
        .execute(params![Digest(token), Time(now), Digest(successor.hash), retried])?;
    Ok(())
}
