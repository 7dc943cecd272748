//! Exchanges a token (RFC 8693): reads the tokens, the grant decides.

use super::Services;
use super::exchange::{Decided, Request};
use super::issue::Refresh;
use crate::actors::fault::Fault;
use crate::oauth::claims::AccessTokenClaims;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::grants::token_exchange::{self, Request as ExchangeRequest};

impl Services {
    pub(super) async fn token_exchange(&self, request: &Request<'_>) -> Result<Decided, Fault> {
        let mut asked = ExchangeRequest::parse(request.params)?;
        let actor_token = asked.actor_token.take();
        let subject = self.presented("subject_token", &asked.subject_token, request).await?;
        let actor = match &actor_token {
            Some(token) => Some(self.presented("actor_token", token, request).await?),
            None => None,
        };
        Ok(Decided {
            granted: asked.decide(request.client, &request.snapshot.issuer, &subject, actor.as_ref())?,
            refresh: Refresh::None,
            issued_token_type: Some(token_exchange::ACCESS_TOKEN),
            is_audited: true,
        })
    }

    async fn presented(&self, name: &str, token: &str, request: &Request<'_>) -> Result<AccessTokenClaims, Fault> {
        self.live_access_token(token, request.snapshot, request.now).await?.ok_or_else(|| {
            let description = format!("{name} is not an access token of this server that holds now");
            Fault::OAuth(OAuthError::new(ErrorCode::InvalidRequest, description))
        })
    }
}
