//! Single access tokens: revoked ones, and the claims of opaque ones.

use super::SqliteStore;
use super::value::{Digest, GRANT_IS_LIVE, Json, Time};
use crate::oauth::ids::GrantId;
use crate::oauth::opaque::TokenHash;
use crate::store::{Revocations, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

#[async_trait]
impl Revocations for SqliteStore {
    async fn revoke_token(&self, jti: &str, expires_at: Timestamp) -> StoreResult<()> {
        let jti = TokenHash::of(jti);
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO revoked_tokens (jti_digest, expires_at) VALUES (?1, ?2)
                     ON CONFLICT (jti_digest) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)",
                )?
                .execute(params![Digest(jti), Time(expires_at)])?;
            Ok(())
        })
        .await
    }

    async fn token_is_live(&self, jti: &str, grant: Option<&GrantId>, now: Timestamp) -> StoreResult<bool> {
        let (jti, grant) = (TokenHash::of(jti), grant.map(|grant| grant.as_str().to_owned()));
        self.read(move |connection| {
            let sql = format!(
                "SELECT NOT EXISTS (SELECT 1 FROM revoked_tokens WHERE jti_digest = ?2)
                    AND (?3 IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.id = ?3 AND {GRANT_IS_LIVE}))"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_row(params![Time(now), Digest(jti), grant], |row| row.get(0))?)
        })
        .await
    }

    async fn put_reference_token(&self, token: &TokenHash, claims: &serde_json::Value, expires_at: Timestamp) -> StoreResult<()> {
        let (token, claims) = (*token, claims.clone());
        self.write(move |connection| {
            connection
                .prepare_cached("INSERT INTO reference_tokens (hash, claims, expires_at) VALUES (?1, ?2, ?3)")?
                .execute(params![Digest(token), Json(&claims), Time(expires_at)])?;
            Ok(())
        })
        .await
    }

    async fn reference_token(&self, token: &TokenHash, now: Timestamp) -> StoreResult<Option<serde_json::Value>> {
        let token = *token;
        self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT claims FROM reference_tokens WHERE hash = ?1 AND expires_at > ?2")?;
            let claims = statement.query_row(params![Digest(token), Time(now)], |row| row.get::<_, Json<_>>(0));
            Ok(claims.optional()?.map(|claims| claims.0))
        })
        .await
    }
}
