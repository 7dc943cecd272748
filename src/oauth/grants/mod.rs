//! The grants: each one file with its request and its decision, all sharing the phases before and after.
//!
//! A grant decides *what* may be had ([`Granted`]). The dispatcher (`actors::token_issuer`) authenticates the client, asks whether it may use the grant, and
//! makes the tokens from what was decided, here in [`Granted::access_token`] and [`Granted::id_token`]: so no grant can forget to narrow a
//! scope to the client's, or to bound a lifetime.

pub mod authorization_code;
pub mod client_credentials;
pub mod refresh_token;
pub mod token_exchange;

use super::acr::Acr;
use super::claims::{AccessTokenClaims, ActorClaim, IdTokenClaims, PersonClaims, Profile};
use super::client::Client;
use super::error::{ErrorCode, OAuthError};
use super::form::Params;
use super::grant_type::GrantType;
use super::ids::{GrantId, SessionId};
use super::scope::Scopes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// More scope text than any client can need.
const MAX_SCOPE_LENGTH: usize = 4096;

/// How the person behind a token had proved themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// `sid`
    pub session: Option<SessionId>,
    /// Seconds since the epoch
    pub auth_time: i64,
    /// How
    pub amr: Vec<String>,
}

fn acr(login: &Login) -> String {
    Acr::of(&login.amr).as_str().to_owned()
}

/// What a grant decided that the client may have, before the client's own limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The subject: a person, or the client
    pub sub: String,
    /// The login, if the subject is a person
    pub login: Option<Login>,
    /// The grant that the tokens belong to
    pub grant: Option<GrantId>,
    /// The scopes
    pub scopes: Scopes,
    /// The audience, already selected by [`super::target::select`]
    pub audience: Vec<String>,
    /// No token outlives this
    pub not_after: Option<Timestamp>,
    /// Who acts for the subject
    pub act: Option<ActorClaim>,
    /// What is known of the person, for claims by scope
    pub profile: Option<Profile>,
    /// Further claims of the token that was exchanged; `None` for other grants
    pub carried: Option<Map<String, Value>>,
    /// `nonce` of the authorization request
    pub nonce: Option<String>,
    /// Whether the grant comes with an ID token when `openid` was granted
    pub with_id_token: bool,
}

impl Granted {
    /// The scopes that are left within the client's: a client that lost a scope gets no more tokens with it.
    pub fn effective_scopes(&self, client: &Client) -> Scopes {
        if self.scopes.is_subset(&client.scopes) {
            self.scopes.clone()
        } else {
            self.scopes.intersection(&client.scopes)
        }
    }

    /// The access token's claims.
    ///
    /// # Errors
    /// `invalid_grant` if what the token would stand on ends now.
    pub fn access_token(&self, issuer: &str, client: &Client, jti: String, now: Timestamp) -> Result<AccessTokenClaims, OAuthError> {
        let iat = now.as_second();
        let mut exp = iat.saturating_add(seconds(client.limits.access_token_ttl));
        if let Some(end) = self.not_after {
            exp = exp.min(end.as_second());
        }
        if exp <= iat {
            return Err(OAuthError::new(
                ErrorCode::InvalidGrant,
                "what this token would stand for has expired",
            ));
        }
        let scope = self.effective_scopes(client);
        let groups = self
            .profile
            .as_ref()
            .filter(|_| scope.contains("groups"))
            .map(|profile| profile.groups.clone());
        let login = self.login.as_ref();
        Ok(AccessTokenClaims {
            iss: issuer.to_owned(),
            sub: self.sub.clone(),
            aud: self.audience.clone(),
            exp,
            iat,
            jti,
            client_id: client.id.clone(),
            auth_time: login.map(|login| login.auth_time),
            amr: login.map(|login| login.amr.clone()).unwrap_or_default(),
            acr: login.map(acr),
            sid: login.and_then(|login| login.session.clone()),
            groups,
            act: self.act.clone(),
            grant_id: self.grant.clone(),
            scope,
            further: Map::new(),
        })
    }

    /// The ID token's claims, if the grant comes with one and `openid` was granted. `at_hash` is added once the access token is signed.
    pub fn id_token(&self, issuer: &str, client: &Client, now: Timestamp) -> Option<IdTokenClaims> {
        let scopes = self.effective_scopes(client);
        let login = self.login.as_ref().filter(|_| self.with_id_token && scopes.contains("openid"))?;
        let iat = now.as_second();
        Some(IdTokenClaims {
            iss: issuer.to_owned(),
            sub: self.sub.clone(),
            aud: client.id.clone(),
            exp: iat.saturating_add(seconds(client.limits.id_token_ttl)),
            iat,
            auth_time: login.auth_time,
            nonce: self.nonce.clone(),
            amr: login.amr.clone(),
            acr: Some(acr(login)),
            azp: client.id.clone(),
            sid: login.session.clone()?,
            at_hash: None,
            person: self
                .profile
                .as_ref()
                .map(|profile| PersonClaims::for_scopes(profile, &scopes))
                .unwrap_or_default(),
            further: Map::new(),
        })
    }
}

fn seconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The answer of the token endpoint (RFC 6749 §5.1, RFC 8693 §2.2.1). It holds secrets, so it has no `Debug`.
#[derive(Serialize)]
pub struct TokenResponse {
    /// The token
    pub access_token: String,
    /// Always `Bearer`
    pub token_type: &'static str,
    /// Seconds
    pub expires_in: i64,
    /// With a token exchange
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// With the refresh_token grant
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// With `openid`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What was granted
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
}

/// Refuses a request in which any parameter is repeated (RFC 6749 §3.2), but for `resource` and `audience`, which may be
/// (RFC 8707 §2, RFC 8693 §2.1).
///
/// # Errors
/// `invalid_request`.
pub fn refuse_repetition(params: &Params) -> Result<(), OAuthError> {
    let pairs = params.pairs();
    let repeated = pairs
        .iter()
        .enumerate()
        .any(|(index, (name, _))| name != "resource" && name != "audience" && pairs.iter().skip(index + 1).any(|(other, _)| other == name));
    if repeated {
        return Err(invalid_request("a parameter is present more than once; send it once"));
    }
    Ok(())
}

/// Reads `grant_type`.
///
/// # Errors
/// `invalid_request` without one, `unsupported_grant_type` if this server does not know it.
pub fn grant_type(params: &Params) -> Result<GrantType, OAuthError> {
    let text = params.one("grant_type")?.ok_or_else(|| invalid_request("grant_type is missing"))?;
    text.parse::<GrantType>()
        .ok()
        .filter(|grant_type| SUPPORTED.contains(grant_type))
        .ok_or_else(|| OAuthError::new(ErrorCode::UnsupportedGrantType, "this server does not offer this grant_type"))
}

/// The grants that the token endpoint answers.
pub const SUPPORTED: [GrantType; 4] = [
    GrantType::AuthorizationCode,
    GrantType::RefreshToken,
    GrantType::ClientCredentials,
    GrantType::TokenExchange,
];

/// Refuses a grant that the client may not use.
///
/// # Errors
/// `unauthorized_client`.
pub fn allowed(client: &Client, grant_type: GrantType) -> Result<(), OAuthError> {
    if client.grant_types.contains(&grant_type) {
        return Ok(());
    }
    Err(OAuthError::new(
        ErrorCode::UnauthorizedClient,
        format!("this client may not use {grant_type}; add it to grantTypes of its AuthClient, and to the policies that govern it"),
    ))
}

/// Reads `scope`. `None` if it was not sent.
fn requested_scopes(params: &Params) -> Result<Option<Scopes>, OAuthError> {
    let invalid = |description: &str| OAuthError::new(ErrorCode::InvalidScope, description);
    let Some(text) = params.one("scope")? else {
        return Ok(None);
    };
    if text.len() > MAX_SCOPE_LENGTH {
        return Err(invalid("scope is too long"));
    }
    let scopes = Scopes::parse(text).map_err(|_| invalid("scope holds a character that RFC 6749 section 3.3 does not allow"))?;
    Ok(Some(scopes))
}

fn required<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, OAuthError> {
    params
        .one(name)?
        .ok_or_else(|| invalid_request(&format!("the parameter {name} is missing")))
}

fn invalid_request(description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, description)
}

fn invalid_grant(description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidGrant, description)
}

fn beyond_client() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidScope,
        "a requested scope is not one that this client may have; add it to scopes of its AuthClient, and to the policies that govern it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::testing::{at, client};
    use proptest::prelude::*;
    use std::time::Duration;

    pub(super) fn form(text: &str) -> Params {
        Params::parse(text.as_bytes()).unwrap()
    }

    fn granted() -> Granted {
        Granted {
            sub: "user".to_owned(),
            login: Some(Login {
                session: Some(SessionId::new("sid")),
                auth_time: 5,
                amr: vec!["pwd".to_owned()],
            }),
            grant: Some(GrantId::new("grant")),
            scopes: Scopes::parse("openid email orders:read lost").unwrap(),
            audience: vec!["https://api".to_owned()],
            not_after: None,
            act: None,
            profile: Some(Profile {
                email: Some("a@example.org".to_owned()),
                groups: vec!["staff".to_owned()],
                ..Profile::default()
            }),
            carried: None,
            nonce: Some("n".to_owned()),
            with_id_token: true,
        }
    }

    #[test]
    fn a_scope_that_the_client_lost_is_in_no_new_token() {
        let claims = granted().access_token("i", &client("a"), "j".to_owned(), at(10)).unwrap();
        assert_eq!(claims.scope.to_string(), "email openid orders:read");
        assert_eq!(claims.groups, None, "groups come with the scope groups only");
        assert_eq!((claims.iat, claims.exp), (10, 910));
    }

    #[test]
    fn a_token_never_outlives_what_it_stands_on() {
        let bounded = Granted {
            not_after: Some(at(100)),
            ..granted()
        };
        assert_eq!(bounded.access_token("i", &client("a"), "j".to_owned(), at(10)).unwrap().exp, 100);
        let over = bounded.access_token("i", &client("a"), "j".to_owned(), at(100)).unwrap_err();
        assert_eq!(over.code, ErrorCode::InvalidGrant);
    }

    #[test]
    fn an_id_token_comes_with_openid_only() {
        let id = granted().id_token("i", &client("a"), at(10)).unwrap();
        assert_eq!((id.nonce.as_deref(), id.auth_time, id.exp), (Some("n"), 5, 310));
        assert_eq!(id.person.email.as_deref(), Some("a@example.org"));
        let without = Granted {
            scopes: Scopes::parse("email").unwrap(),
            ..granted()
        };
        assert_eq!(without.id_token("i", &client("a"), at(10)), None);
        let machine = Granted {
            with_id_token: false,
            ..granted()
        };
        assert_eq!(machine.id_token("i", &client("a"), at(10)), None);
    }

    #[test]
    fn lifetimes_of_any_length_do_not_overflow() {
        let mut eternal = client("a");
        eternal.limits.access_token_ttl = Duration::MAX;
        assert_eq!(granted().access_token("i", &eternal, "j".to_owned(), at(10)).unwrap().exp, i64::MAX);
    }

    #[test]
    fn knows_repetition_and_unknown_grants() {
        assert!(refuse_repetition(&form("a=1&a=1")).is_err());
        assert!(refuse_repetition(&form("resource=1&resource=1&audience=a&audience=b")).is_ok());
        assert_eq!(grant_type(&form("")).unwrap_err().code, ErrorCode::InvalidRequest);
        for other in ["password", "implicit", "hybrid", "<script>"] {
            let error = grant_type(&form(&format!("grant_type={other}"))).unwrap_err();
            assert_eq!(error.code, ErrorCode::UnsupportedGrantType);
            assert!(!error.description.contains(other), "nothing is echoed");
        }
        assert_eq!(
            allowed(&client("a"), GrantType::TokenExchange).unwrap_err().code,
            ErrorCode::UnauthorizedClient
        );
    }

    proptest! {
        #[test]
        fn no_form_makes_a_grant_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(params) = Params::parse(&bytes) {
                let _ = (refuse_repetition(&params), grant_type(&params), requested_scopes(&params));
                let _ = (authorization_code::Request::parse(&params).is_ok(), refresh_token::Request::parse(&params).is_ok());
                let _ = token_exchange::Request::parse(&params).is_ok();
                let _ = client_credentials::decide(&client("a"), "i", &params);
            }
        }
    }
}
