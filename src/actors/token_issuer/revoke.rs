//! Revokes tokens (RFC 7009): a refresh token ends its grant and all that came of it, an access token ends by itself.
//!
//! A client can only give back what is its own. For every other token the answer is the same as for one that does not exist.

use super::Services;
use super::introspect::presented_token;
use super::messages::Revoke;
use crate::actors::fault::Fault;
use crate::oauth::ids::UserId;
use crate::oauth::opaque::TokenHash;
use jiff::Timestamp;

impl Services {
    pub(super) async fn revoke(&self, message: Revoke) -> Result<(), Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot()?;
        let client = self.caller(&snapshot, &message.params, message.authorization.as_deref(), now)?;
        let token = presented_token(&message.params)?;
        if let Some((_, grant)) = self.store.peek_refresh_token(&TokenHash::of(token), &client.id).await? {
            self.store.end_grant(&grant.id, now).await?;
            let details = serde_json::json!({"grant": grant.id, "reason": "revoked by the client"});
            self.audit(now, "grant.ended", &client.id, Some(&grant.user), details);
            return Ok(());
        }
        let Some(claims) = self.access_token(token, &snapshot, now).await? else {
            return Ok(());
        };
        if claims.client_id != client.id {
            return Ok(());
        }
        let expires_at = Timestamp::from_second(claims.exp).map_err(|error| Fault::Internal(error.to_string()))?;
        self.store.revoke_token(&claims.jti, expires_at).await?;
        let user = claims.auth_time.map(|_| UserId::new(claims.sub));
        self.audit(
            now,
            "token.revoked",
            &client.id,
            user.as_ref(),
            serde_json::json!({"jti": claims.jti}),
        );
        Ok(())
    }
}
