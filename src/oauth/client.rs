//! A registered client as the protocol sees it: what it is, and what its policies let it do.

use super::grant_type::{ClientAuthMethod, GrantType, ResponseType};
use super::ids::ClientId;
use super::opaque::TokenHash;
use super::scope::Scopes;
use super::two_factor::TwoFactor;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// What a client can keep to itself (RFC 6749 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientType {
    /// It can keep a secret
    Confidential,
    /// It runs in the user's hands
    Public,
    /// A Kubernetes workload that proves itself with its ServiceAccount
    Workload,
}

/// The form of the access tokens that a client gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessTokenFormat {
    /// RFC 9068
    #[default]
    Jwt,
    /// A reference that only introspection can read
    Opaque,
}

/// One client secret that is accepted now: its digest, and when it stops being accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecret {
    /// SHA-256 of the secret; generated secrets have at least 256 bits, so a fast digest is enough
    pub hash: TokenHash,
    /// `None`: it is the newest and stays until it is rotated
    pub not_after: Option<Timestamp>,
}

/// A client that was accepted, with the limits that its policies set. Immutable; a change makes a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// `client_id`
    pub id: ClientId,
    /// `<namespace>/<name>` of its manifest, for logs and messages
    pub resource: String,
    /// What a person reads on the consent page
    pub display_name: String,
    /// Confidential, public or workload
    pub client_type: ClientType,
    /// Compared as exact strings, but for the port of a loopback address of a public client (RFC 8252 §7.3)
    pub redirect_uris: Vec<String>,
    /// Where RP-initiated logout may return to
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that a session ended (OpenID Connect Back-Channel Logout §2.2)
    pub backchannel_logout_uri: Option<String>,
    /// What it asked for and its policies allow
    pub grant_types: BTreeSet<GrantType>,
    /// `response_type`s that it may use
    pub response_types: BTreeSet<ResponseType>,
    /// The most it can be given
    pub scopes: Scopes,
    /// The one way in which it authenticates
    pub auth_method: ClientAuthMethod,
    /// At most two generations; empty for public clients
    pub secrets: Vec<ClientSecret>,
    /// Resource servers that its tokens may be for (RFC 8707); empty: the issuer itself
    pub audiences: Vec<String>,
    /// JWT or opaque
    pub access_token_format: AccessTokenFormat,
    /// Whether people are asked before it gets anything
    pub require_consent: bool,
    /// `Some`: only members of one of these groups may log in through it
    pub allowed_groups: Option<BTreeSet<String>>,
    /// What its policies say about lifetimes and proofs
    pub limits: Limits,
}

/// The effective policy of a client, as far as the protocol needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Lifetime of an access token
    pub access_token_ttl: Duration,
    /// Lifetime of a refresh token
    pub refresh_token_ttl: Duration,
    /// Lifetime of an ID token
    pub id_token_ttl: Duration,
    /// Whether a code request must carry a PKCE challenge (always true for public clients)
    pub require_pkce: bool,
    /// A login older than this does not count
    pub max_session_age: Option<Duration>,
    /// What its people prove besides their password
    pub two_factor: TwoFactor,
}
