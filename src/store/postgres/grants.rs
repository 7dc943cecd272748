//! Grants; the redemption of their refresh tokens is in `refresh_tokens`.

use super::value::{get, grant, grant_columns, id, time};
use super::{PostgresStore, refresh_tokens};
use crate::oauth::ids::{ClientId, GrantId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{GrantRecord, RefreshRecord, RefreshRedemption};
use crate::store::{Grants, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use std::time::Duration;

/// What there is of a client (`$1`) up to a time (`$2`), at most `$3` rows each. Codes first: a grant that one opens meanwhile is then seen.
const END_OF_CLIENT: [&str; 5] = [
    "DELETE FROM codes WHERE hash = ANY(ARRAY(
        SELECT hash FROM codes WHERE client_id = $1 AND consumed_at IS NULL AND created_at <= $2 ORDER BY hash LIMIT $3 FOR UPDATE))",
    "UPDATE grants SET ended_at = $2 WHERE id = ANY(ARRAY(
        SELECT id FROM grants WHERE client_id = $1 AND ended_at IS NULL AND created_at <= $2 ORDER BY id LIMIT $3 FOR UPDATE))",
    "DELETE FROM consents WHERE client_id = $1 AND user_id = ANY(ARRAY(
        SELECT user_id FROM consents WHERE client_id = $1 AND updated_at <= $2 ORDER BY user_id LIMIT $3 FOR UPDATE))",
    "DELETE FROM session_clients WHERE client_id = $1 AND session_id = ANY(ARRAY(
        SELECT session_id FROM session_clients WHERE client_id = $1 AND joined_at <= $2 ORDER BY session_id LIMIT $3 FOR UPDATE))",
    "DELETE FROM logouts WHERE id = ANY(ARRAY(
        SELECT id FROM logouts WHERE client_id = $1 AND joined_at <= $2 ORDER BY id LIMIT $3 FOR UPDATE))",
];

#[async_trait]
impl Grants for PostgresStore {
    async fn grant(&self, grant_id: &GrantId) -> StoreResult<Option<GrantRecord>> {
        self.within(async {
            let sql = concat!("SELECT ", grant_columns!(), " FROM grants g WHERE g.id = $1");
            let row = self.lease().await?.query_opt(sql, &[&id(grant_id)]).await?;
            row.map(|row| grant(&row, 0)).transpose()
        })
        .await
    }

    async fn end_grant(&self, grant_id: &GrantId, now: Timestamp) -> StoreResult<()> {
        self.within(async {
            let sql = "UPDATE grants SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
            self.lease().await?.execute(sql, &[&id(grant_id), &time(now)]).await?;
            Ok(())
        })
        .await
    }

    async fn end_grants_of_client(&self, client: &ClientId, until: Timestamp, batch: u32) -> StoreResult<u64> {
        let mut ended = 0;
        for sql in END_OF_CLIENT {
            ended += self
                .within(async {
                    let mut lease = self.lease().await?;
                    lease.execute(sql, &[&id(client), &time(until), &i64::from(batch)]).await
                })
                .await?;
        }
        Ok(ended)
    }

    async fn add_refresh_token(&self, token: &RefreshRecord) -> StoreResult<()> {
        self.within(async {
            let sql = "INSERT INTO refresh_tokens (hash, grant_id, expires_at, retried) VALUES ($1, $2, $3, false)";
            let mut lease = self.lease().await?;
            lease
                .execute(
                    sql,
                    &[&token.hash.as_bytes().as_slice(), &id(&token.grant), &time(token.expires_at)],
                )
                .await?;
            Ok(())
        })
        .await
    }

    async fn peek_refresh_token(&self, token: &TokenHash, client: &ClientId) -> StoreResult<Option<(RefreshRecord, GrantRecord)>> {
        self.within(async {
            let sql = concat!(
                "SELECT r.expires_at, ",
                grant_columns!(),
                " FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id WHERE r.hash = $1 AND g.client_id = $2"
            );
            let Some(row) = self
                .lease()
                .await?
                .query_opt(sql, &[&token.as_bytes().as_slice(), &id(client)])
                .await?
            else {
                return Ok(None);
            };
            let grant = grant(&row, 1)?;
            let refresh = RefreshRecord {
                hash: *token,
                grant: grant.id.clone(),
                expires_at: get(&row, 0)?,
            };
            Ok(Some((refresh, grant)))
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
        self.within(async {
            let mut lease = self.lease().await?;
            refresh_tokens::redeem(&mut lease, token, &id(client), successor, time(now), grace).await
        })
        .await
    }
}
