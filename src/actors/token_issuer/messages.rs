//! What a TokenIssuer is asked.

use crate::actors::fault::Fault;
use crate::oauth::claims::PersonClaims;
use crate::oauth::form::Params;
use crate::oauth::grants::TokenResponse;
use crate::oauth::ids::{ClientId, SessionId, UserId};
use crate::oauth::introspection::Introspection;
use crate::oauth::opaque::OpaqueToken;
use crate::oauth::scope::Scopes;
use actix::Message;
use jiff::Timestamp;
use serde::Serialize;

/// A token request (RFC 6749 §3.2).
#[derive(Message)]
#[rtype(result = "Result<TokenResponse, Fault>")]
pub struct Exchange {
    /// The form
    pub params: Params,
    /// The only `Authorization` header
    pub authorization: Option<Vec<u8>>,
}

/// A client asks about a token (RFC 7662).
#[derive(Message)]
#[rtype(result = "Result<Introspection, Fault>")]
pub struct Introspect {
    /// The form
    pub params: Params,
    /// The only `Authorization` header
    pub authorization: Option<Vec<u8>>,
}

/// A client gives a token back (RFC 7009).
#[derive(Message)]
#[rtype(result = "Result<(), Fault>")]
pub struct Revoke {
    /// The form
    pub params: Params,
    /// The only `Authorization` header
    pub authorization: Option<Vec<u8>>,
}

/// A client asks about the person behind an access token (OpenID Connect Core §5.3).
#[derive(Message)]
#[rtype(result = "Result<UserInfoAnswer, Fault>")]
pub struct UserInfo {
    /// The access token
    pub token: String,
}

/// What the scopes of the token let the client see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserInfoAnswer {
    /// The person
    pub sub: String,
    /// Claims by scope
    #[serde(flatten)]
    pub person: PersonClaims,
    /// Further claims, by the server's configuration
    #[serde(flatten)]
    pub further: serde_json::Map<String, serde_json::Value>,
}

/// A person logged in and allowed what a client asked for: makes the authorization code. The caller has validated the request.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<OpaqueToken, Fault>")]
pub struct IssueCode {
    /// For which client
    pub client: ClientId,
    /// Who
    pub user: UserId,
    /// In which login session
    pub session: SessionId,
    /// When the person had proved themselves
    pub auth_time: Timestamp,
    /// How
    pub amr: Vec<String>,
    /// What was granted
    pub scopes: Scopes,
    /// `resource` of the request
    pub resources: Vec<String>,
    /// Where the code is sent
    pub redirect_uri: String,
    /// Whether the request named it
    pub redirect_uri_was_sent: bool,
    /// `nonce`
    pub nonce: Option<String>,
    /// PKCE S256 challenge
    pub code_challenge: Option<String>,
}
