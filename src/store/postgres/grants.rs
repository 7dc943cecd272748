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
