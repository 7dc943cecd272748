//! Makes the tokens of a decision.

use super::exchange::{Decided, Request};
use super::person::tell;
use super::{Services, fresh_token};
use crate::actors::fault::Fault;
use crate::config::snapshot::SigningAlgorithm;
use crate::jose::{JoseError, TokenType};
use crate::oauth::claim_rules;
use crate::oauth::claims::{AccessTokenClaims, token_digest};
use crate::oauth::client::AccessTokenFormat;
use crate::oauth::grants::{Granted, TokenResponse};
use crate::oauth::opaque::OpaqueToken;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

/// The refresh token that goes with the answer.
pub(super) enum Refresh {
    /// None
    None,
    /// This one, whose digest the store has
    Token(OpaqueToken),
    /// The one that the client presented stays as it is
    Kept(String),
}

impl Services {
    /// Signs (or stores) the tokens of a decision. For a JWT access token without a grant nothing is written and the store is not asked.
    pub(super) async fn issue(&self, request: &Request<'_>, decided: &Decided) -> Result<TokenResponse, Fault> {
        let (snapshot, client, now) = (request.snapshot, request.client, request.now);
        let (granted, rules) = (&decided.granted, &snapshot.claim_rules);
        let mut claims = granted.access_token(&snapshot.issuer, client, token_id()?, now)?;
        let left_out = claim_rules::into_access_token(rules, granted.profile.as_ref(), granted.carried.as_ref(), &mut claims);
        tell(&left_out);
        let access_token = match client.access_token_format {
            AccessTokenFormat::Jwt => {
                let algorithm = snapshot.signing.algorithms.first().copied().ok_or_else(no_algorithm)?;
                self.sign(algorithm, TokenType::Access, &claims, now)?
            }
            AccessTokenFormat::Opaque => self.keep(&claims).await?,
        };
        let id_token = match granted.id_token(&snapshot.issuer, client, now) {
            Some(mut id) => {
                tell(&claim_rules::into_id_token(rules, granted.profile.as_ref(), &mut id));
                let algorithm = snapshot.id_token_algorithm().ok_or_else(no_algorithm)?;
                id.at_hash = Some(token_digest(&access_token, algorithm == SigningAlgorithm::EdDSA));
                Some(self.sign(algorithm, TokenType::Id, &id, now)?)
            }
            None => None,
        };
        Ok(TokenResponse {
            access_token,
            token_type: "Bearer",
            expires_in: claims.exp - claims.iat,
            issued_token_type: decided.issued_token_type,
            refresh_token: match &decided.refresh {
                Refresh::None => None,
                Refresh::Token(token) => Some(token.expose().to_owned()),
                Refresh::Kept(token) => Some(token.clone()),
            },
            id_token,
            scope: claims.scope.to_string(),
        })
    }

    /// Whether a client may have an ID token of the session that it is granted: one that wants to be told when the session ends joins it before, and
    /// cannot if that has happened.
    pub(super) async fn joins(&self, request: &Request<'_>, granted: &Granted) -> Result<bool, Fault> {
        let (client, now) = (request.client, request.now);
        if client.backchannel_logout_uri.is_none() {
            return Ok(true);
        }
        match granted.id_token(&request.snapshot.issuer, client, now) {
            Some(id) => Ok(self.store.join_session(&id.sid, &client.id, now).await?),
            None => Ok(true),
        }
    }

    fn sign(
        &self,
        algorithm: SigningAlgorithm,
        token_type: TokenType,
        claims: &impl serde::Serialize,
        now: Timestamp,
    ) -> Result<String, Fault> {
        self.keys
            .current()
            .sign(algorithm, token_type, claims, now)
            .map_err(|error| match error {
                JoseError::NoKey(_) => Fault::Unavailable(error.to_string()),
                other => Fault::Internal(other.to_string()),
            })
    }

    /// An opaque access token: its claims stay here.
    async fn keep(&self, claims: &AccessTokenClaims) -> Result<String, Fault> {
        let token = fresh_token()?;
        let expires_at = Timestamp::from_second(claims.exp).map_err(|error| Fault::Internal(error.to_string()))?;
        let json = serde_json::to_value(claims).map_err(|error| Fault::Internal(error.to_string()))?;
        self.store.put_reference_token(&token.hash(), &json, expires_at).await?;
        Ok(token.expose().to_owned())
    }
}

fn no_algorithm() -> Fault {
    Fault::Internal("the configuration names no signing algorithm".to_owned())
}

/// 128 random bits.
fn token_id() -> Result<String, Fault> {
    let mut id = [0; 16];
    rand::fill(&mut id).map_err(|_| Fault::Internal("the machine gives no randomness".to_owned()))?;
    Ok(URL_SAFE_NO_PAD.encode(id))
}
