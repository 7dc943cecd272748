//! Token introspection (RFC 7662): who may ask, and what the answer says.
//!
//! Only a client that proved itself may ask. It learns about a token that was issued to it, or that it is an audience of: `aud` holds its client id or one of
//! the audiences that its AuthClient lists. Every other token is inactive to it, as one that does not exist: the endpoint is no oracle for
//! tokens that were found.

use super::claims::{AccessTokenClaims, ActorClaim, space_separated};
use super::client::{Client, ClientType};
use super::error::{ErrorCode, OAuthError};
use super::ids::{ClientId, SessionId};
use super::scope::Scopes;
use serde::Serialize;
use serde_json::{Map, Value};

/// The answer (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Introspection {
    /// A live token that the caller may know of
    Active(Box<ActiveToken>),
    /// Anything else
    Inactive {
        /// `false`
        active: bool,
    },
}

/// What is told of a live token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct ActiveToken {
    pub active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    pub iss: String,
    pub sub: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    pub client_id: ClientId,
    #[serde(with = "space_separated", skip_serializing_if = "Scopes::is_empty")]
    pub scope: Scopes,
    pub exp: i64,
    pub iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<ActorClaim>,
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

impl Introspection {
    /// The answer for everything that the caller may not know of.
    pub const INACTIVE: Self = Self::Inactive { active: false };

    /// The answer for a live access token.
    pub fn of(claims: AccessTokenClaims) -> Self {
        Self::Active(Box::new(ActiveToken {
            active: true,
            token_type: Some("Bearer"),
            iss: claims.iss,
            sub: claims.sub,
            aud: claims.aud,
            client_id: claims.client_id,
            scope: claims.scope,
            exp: claims.exp,
            iat: claims.iat,
            jti: Some(claims.jti),
            auth_time: claims.auth_time,
            amr: claims.amr,
            acr: claims.acr,
            sid: claims.sid,
            groups: claims.groups,
            act: claims.act,
            further: claims.further,
        }))
    }
}

/// Refuses callers that prove nothing about themselves.
///
/// # Errors
/// `unauthorized_client`.
pub fn may_ask(client: &Client) -> Result<(), OAuthError> {
    if client.client_type == ClientType::Public {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "a public client may not introspect tokens",
        ));
    }
    Ok(())
}

/// Whether the caller may know of this token.
pub fn may_know(client: &Client, claims: &AccessTokenClaims) -> bool {
    claims.client_id == client.id
        || claims
            .aud
            .iter()
            .any(|audience| audience == client.id.as_str() || client.audiences.contains(audience))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::testing::client;

    fn claims(client_id: &str, audience: &str) -> AccessTokenClaims {
        serde_json::from_value(serde_json::json!({
            "iss": "i", "sub": "s", "aud": audience, "exp": 2, "iat": 1, "jti": "j", "client_id": client_id, "scope": "a b",
        }))
        .unwrap()
    }

    #[test]
    fn a_caller_knows_its_own_tokens_and_those_that_are_for_it() {
        let api = Client {
            audiences: vec!["https://api".to_owned()],
            ..client("api")
        };
        for (client_id, audience, knows) in [
            ("api", "x", true),
            ("shop", "api", true),
            ("shop", "https://api", true),
            ("shop", "https://other", false),
        ] {
            assert_eq!(may_know(&api, &claims(client_id, audience)), knows, "{client_id} {audience}");
        }
    }

    #[test]
    fn a_public_client_may_not_ask() {
        let public = Client {
            client_type: ClientType::Public,
            ..client("a")
        };
        assert!(may_ask(&public).is_err());
    }

    #[test]
    fn an_inactive_token_says_nothing_else() {
        assert_eq!(serde_json::to_string(&Introspection::INACTIVE).unwrap(), r#"{"active":false}"#);
        let active = serde_json::to_value(Introspection::of(claims("api", "x"))).unwrap();
        assert_eq!((&active["active"], &active["scope"]), (&true.into(), &"a b".into()));
    }
}
