//! What becomes of a presented refresh token (RFC 9700 §4.14.2).
//!
//! The common case, an unused token and a successor, is one statement. Anything else is decided under a lock on the token's row. Locks are
//! taken in the order token, its successor, grant.

use super::lease::{self, Lease, Parameters};
use super::value::{digest, get, grant, grant_columns, grant_is_live, id, time};
use crate::oauth::opaque::TokenHash;
use crate::store::StoreResult;
use crate::store::records::{GrantRecord, RefreshRecord, RefreshRedemption};
use crate::store::rotation::{RefreshState, RefreshVerdict, decide};
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use std::time::Duration;
use tokio_postgres::Row;

/// Uses an unused token, if it and its grant are live.
const ROTATE: &str = concat!(
    "WITH used AS (
        UPDATE refresh_tokens r SET consumed_at = $1, successor = $4 FROM grants g
        WHERE r.hash = $2 AND r.consumed_at IS NULL AND r.expires_at > $1 AND g.id = r.grant_id AND g.client_id = $3 AND ",
    grant_is_live!(),
    " RETURNING r.grant_id
    ), added AS (
        INSERT INTO refresh_tokens (hash, grant_id, expires_at, retried) SELECT $4, grant_id, $5, false FROM used
    )
    SELECT ",
    grant_columns!(),
    " FROM grants g JOIN used ON used.grant_id = g.id"
);

/// How the token and its family are.
const STATE: &str = concat!(
    "SELECT r.expires_at, r.consumed_at, r.retried, r.successor, t.hash IS NOT NULL AND t.consumed_at IS NULL, ",
    grant_is_live!(),
    ", ",
    grant_columns!(),
    " FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id LEFT JOIN refresh_tokens t ON t.hash = r.successor
    WHERE r.hash = $2 AND g.client_id = $3"
);

const END_GRANT: &str = "UPDATE grants SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";

struct Found {
    state: RefreshState,
    successor: Option<TokenHash>,
    grant: GrantRecord,
}

fn found(row: &Row) -> StoreResult<Found> {
    Ok(Found {
        state: RefreshState {
            expires_at: get(row, 0)?,
            consumed_at: get(row, 1)?,
            retried: get(row, 2)?,
            successor_unused: get(row, 4)?,
            grant_is_live: get(row, 5)?,
        },
        successor: get::<Option<&[u8]>>(row, 3)?.map(|_| digest(row, 3)).transpose()?,
        grant: grant(row, 6)?,
    })
}

/// Presents a token.
pub(super) async fn redeem(
    lease: &mut Lease,
    token: &TokenHash,
    client: &str,
    successor: Option<&RefreshRecord>,
    now: Timestamp,
    grace: Duration,
) -> StoreResult<RefreshRedemption> {
    let hash = token.as_bytes().as_slice();
    let Some(successor) = successor else {
        let Some(row) = lease.query_opt(STATE, &[&now, &hash, &client]).await? else {
            return Ok(RefreshRedemption::Unknown);
        };
        let found = found(&row)?;
        let verdict = decide(&found.state, false, now, grace);
        if verdict == RefreshVerdict::Reused {
            lease.execute(END_GRANT, &[&id(&found.grant.id), &now]).await?;
        }
        return Ok(answer(verdict, found.grant));
    };
    let parameters: Parameters<'_> = &[
        &now,
        &hash,
        &client,
        &successor.hash.as_bytes().as_slice(),
        &time(successor.expires_at),
    ];
    if let Some(row) = lease.query_opt(ROTATE, parameters).await? {
        return Ok(RefreshRedemption::Accepted(Box::new(grant(&row, 0)?)));
    }
    let transaction = lease.begin().await?;
    let outcome = decide_under_lock(&transaction, token, client, successor, now, grace).await?;
    transaction.commit().await.map_err(|error| lease::fault(&error))?;
    lease.settled();
    Ok(outcome)
}

async fn decide_under_lock(
    transaction: &Transaction<'_>,
    token: &TokenHash,
    client: &str,
    successor: &RefreshRecord,
    now: Timestamp,
    grace: Duration,
) -> StoreResult<RefreshRedemption> {
    let hash = token.as_bytes().as_slice();
    // First the lock, then a statement of its own to look: that one sees what whoever had the lock before has written.
    lease::query(transaction, "SELECT 1 FROM refresh_tokens WHERE hash = $1 FOR UPDATE", &[&hash]).await?;
    let rows = lease::query(transaction, STATE, &[&now, &hash, &client]).await?;
    let Some(row) = rows.first() else {
        return Ok(RefreshRedemption::Unknown);
    };
    let found = found(row)?;
    let mut verdict = decide(&found.state, true, now, grace);
    if verdict == RefreshVerdict::Retry {
        // Whoever presents the earlier successor from now on holds a stolen or a lost one; if somebody just did, this is no retry.
        let sql = "UPDATE refresh_tokens SET consumed_at = $2, retried = true WHERE hash = $1 AND consumed_at IS NULL";
        let earlier = found.successor.as_ref().map(|hash| hash.as_bytes().as_slice());
        if lease::execute(transaction, sql, &[&earlier, &now]).await? == 0 {
            verdict = RefreshVerdict::Reused;
        }
    }
    match verdict {
        RefreshVerdict::Rotate | RefreshVerdict::Retry => {
            let added = successor.hash.as_bytes().as_slice();
            let sql = "INSERT INTO refresh_tokens (hash, grant_id, expires_at, retried) VALUES ($1, $2, $3, false)";
            lease::execute(transaction, sql, &[&added, &id(&found.grant.id), &time(successor.expires_at)]).await?;
            let sql = "UPDATE refresh_tokens SET consumed_at = coalesce(consumed_at, $2), successor = $3, retried = $4 WHERE hash = $1";
            lease::execute(transaction, sql, &[&hash, &now, &added, &(verdict == RefreshVerdict::Retry)]).await?;
        }
        RefreshVerdict::Reused => {
            lease::execute(transaction, END_GRANT, &[&id(&found.grant.id), &now]).await?;
        }
        RefreshVerdict::Keep | RefreshVerdict::Expired | RefreshVerdict::Ended => {}
    }
    Ok(answer(verdict, found.grant))
}

fn answer(verdict: RefreshVerdict, grant: GrantRecord) -> RefreshRedemption {
    match verdict {
        RefreshVerdict::Keep | RefreshVerdict::Rotate | RefreshVerdict::Retry => RefreshRedemption::Accepted(Box::new(grant)),
        RefreshVerdict::Reused => RefreshRedemption::Reused(grant.id),
        RefreshVerdict::Expired => RefreshRedemption::Expired,
        RefreshVerdict::Ended => RefreshRedemption::Ended,
    }
}
