//! Finds out what an access token of ours says, and whether it still holds.

use super::Services;
use crate::actors::fault::Fault;
use crate::config::snapshot::Snapshot;
use crate::jose::key_ring::Expiry;
use crate::jose::{Timed, TokenType};
use crate::oauth::claims::AccessTokenClaims;
use crate::oauth::opaque::TokenHash;
use jiff::Timestamp;
use std::time::Duration;

impl Timed for AccessTokenClaims {
    fn issuer(&self) -> &str {
        &self.iss
    }

    fn expires_at(&self) -> i64 {
        self.exp
    }
}

impl Services {
    /// The claims of an access token that this server issued, that has not expired, whose client still exists, and that nothing has ended.
    /// `None` for everything else: who presents a token learns no more.
    pub(super) async fn live_access_token(
        &self,
        token: &str,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Option<AccessTokenClaims>, Fault> {
        let Some(claims) = self.access_token(token, snapshot, now).await? else {
            return Ok(None);
        };
        if !snapshot.clients.contains_key(&claims.client_id) {
            return Ok(None);
        }
        let live = self.store.token_is_live(&claims.jti, claims.grant_id.as_ref(), now).await?;
        Ok(live.then_some(claims))
    }

    /// The claims of an access token that this server issued and that has not expired; it may have been revoked.
    pub(super) async fn access_token(&self, token: &str, snapshot: &Snapshot, now: Timestamp) -> Result<Option<AccessTokenClaims>, Fault> {
        if token.contains('.') {
            // Its own clock wrote the times, so there is no skew to forgive
            let read = self
                .keys
                .current()
                .verify(token, TokenType::Access, &snapshot.issuer, Expiry::At(now), Duration::ZERO);
            return Ok(read
                .inspect_err(|reason| tracing::debug!(%reason, "an access token was refused"))
                .ok());
        }
        let Some(kept) = self.reads.reference_token(&TokenHash::of(token), now).await? else {
            return Ok(None);
        };
        let claims: AccessTokenClaims = serde_json::from_value(kept).map_err(|error| Fault::Internal(error.to_string()))?;
        Ok((claims.iss == snapshot.issuer && claims.exp > now.as_second()).then_some(claims))
    }
}
