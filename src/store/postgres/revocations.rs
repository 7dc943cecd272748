//! Single access tokens: revoked ones, and the claims of opaque ones.

use super::PostgresStore;
use super::value::{get, grant_is_live, id, json, time};
use crate::oauth::ids::GrantId;
use crate::oauth::opaque::TokenHash;
use crate::store::{Revocations, StoreError, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::types::Json;

#[async_trait]
impl Revocations for PostgresStore {
    async fn revoke_token(&self, jti: &str, expires_at: Timestamp) -> StoreResult<()> {
        self.within(async {
            let sql = "INSERT INTO revoked_tokens AS t (jti_digest, expires_at) VALUES ($1, $2)
                ON CONFLICT (jti_digest) DO UPDATE SET expires_at = greatest(t.expires_at, excluded.expires_at)";
            let jti = TokenHash::of(jti);
            self.lease()
                .await?
                .execute(sql, &[&jti.as_bytes().as_slice(), &time(expires_at)])
                .await?;
            Ok(())
        })
        .await
    }

    async fn token_is_live(&self, jti: &str, grant: Option<&GrantId>, now: Timestamp) -> StoreResult<bool> {
        self.within(async {
            let sql = concat!(
                "SELECT NOT EXISTS (SELECT 1 FROM revoked_tokens WHERE jti_digest = $2)
                    AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.id = $3 AND ",
                grant_is_live!(),
                "))"
            );
            let jti = TokenHash::of(jti);
            let row = self
                .lease()
                .await?
                .query_opt(sql, &[&time(now), &jti.as_bytes().as_slice(), &grant.map(id)])
                .await?;
            let row = row.ok_or_else(|| StoreError::Corrupt("a question had no answer".to_owned()))?;
            get(&row, 0)
        })
        .await
    }

    async fn put_reference_token(&self, token: &TokenHash, claims: &serde_json::Value, expires_at: Timestamp) -> StoreResult<()> {
        self.within(async {
            let sql = "INSERT INTO reference_tokens (hash, claims, expires_at) VALUES ($1, $2, $3)";
            let mut lease = self.lease().await?;
            lease
                .execute(sql, &[&token.as_bytes().as_slice(), &Json(claims), &time(expires_at)])
                .await?;
            Ok(())
        })
        .await
    }

    async fn reference_token(&self, token: &TokenHash, now: Timestamp) -> StoreResult<Option<serde_json::Value>> {
        self.within(async {
            let sql = "SELECT claims FROM reference_tokens WHERE hash = $1 AND expires_at > $2";
            let row = self
                .lease()
                .await?
                .query_opt(sql, &[&token.as_bytes().as_slice(), &time(now)])
                .await?;
            row.map(|row| json(&row, 0)).transpose()
        })
        .await
    }
}
