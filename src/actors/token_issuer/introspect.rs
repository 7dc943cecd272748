//! Answers introspection (RFC 7662). The rules are in [`crate::oauth::introspection`].

use super::Services;
use super::messages::Introspect;
use crate::actors::fault::Fault;
use crate::config::snapshot::Snapshot;
use crate::oauth::acr::Acr;
use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::ids::UserId;
use crate::oauth::introspection::{self, ActiveToken, Introspection};
use crate::oauth::opaque::TokenHash;
use jiff::Timestamp;

impl Services {
    pub(super) async fn introspect(&self, message: Introspect) -> Result<Introspection, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot()?;
        let client = self.caller(&snapshot, &message.params, message.authorization.as_deref(), now)?;
        introspection::may_ask(client)?;
        let token = presented_token(&message.params)?;
        if let Some(claims) = self.live_access_token(token, &snapshot, now).await? {
            if claims.grant_id.is_some() && self.has_left(&snapshot, &UserId::new(claims.sub.as_str())).await? {
                return Ok(Introspection::INACTIVE);
            }
            return Ok(if introspection::may_know(client, &claims) {
                Introspection::of(claims)
            } else {
                Introspection::INACTIVE
            });
        }
        self.introspect_refresh_token(token, client, &snapshot, now).await
    }

    /// Whether a person's directory says that they are gone or disabled. Without a directory in the configuration nobody is asked.
    async fn has_left(&self, snapshot: &Snapshot, user: &UserId) -> Result<bool, Fault> {
        if !snapshot.has_directory() {
            return Ok(false);
        }
        Ok(match self.reads.user(user, self.clock.now()).await? {
            Some(user) => self.directories.current(user).await.profile.disabled,
            None => false,
        })
    }

    /// A refresh token is known to its own client only.
    async fn introspect_refresh_token(
        &self,
        token: &str,
        client: &Client,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Introspection, Fault> {
        let Some((refresh, grant)) = self.store.peek_refresh_token(&TokenHash::of(token), &client.id).await? else {
            return Ok(Introspection::INACTIVE);
        };
        // The store's own rule for what a grant needs to be alive; a refresh token has no id that could be revoked by itself
        let live = refresh.expires_at > now && self.store.token_is_live("", Some(&grant.id), now).await?;
        if !live || self.has_left(snapshot, &grant.user).await? {
            return Ok(Introspection::INACTIVE);
        }
        Ok(Introspection::Active(Box::new(ActiveToken {
            active: true,
            token_type: None,
            iss: snapshot.issuer.clone(),
            sub: grant.user.as_str().to_owned(),
            aud: grant.resources,
            client_id: grant.client,
            scope: grant.scopes,
            exp: refresh.expires_at.as_second(),
            iat: grant.created_at.as_second(),
            jti: None,
            auth_time: Some(grant.auth_time.as_second()),
            acr: Some(Acr::of(&grant.amr).as_str().to_owned()),
            amr: grant.amr,
            sid: Some(grant.session),
            groups: None,
            act: None,
            further: serde_json::Map::new(),
        })))
    }
}

/// `token` of an introspection or a revocation request. `token_type_hint` is a hint only; both kinds are looked for anyway.
pub(super) fn presented_token(params: &crate::oauth::form::Params) -> Result<&str, OAuthError> {
    params
        .one("token")?
        .ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "the parameter token is missing"))
}
