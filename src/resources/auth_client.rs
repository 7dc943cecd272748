//! AuthClient: an application that people log in to, or a service that gets tokens (owned by developers).

use super::common::{AuthMethod, ClientGrantType, ClientType, LocalRef, ResourceRef, any_object};
use super::condition::Condition;
use super::time_span::TimeSpan;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An application that people log in to, or a service that gets tokens.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "auth.nauthera.io",
    version = "v1alpha1",
    kind = "AuthClient",
    namespaced,
    status = "AuthClientStatus",
    shortname = "acl",
    category = "nauthera",
    doc = "An application that people log in to, or a service that gets tokens.",
    derive = "PartialEq",
    printcolumn(name = "Server", type_ = "string", json_path = ".spec.authServerRef.name"),
    printcolumn(name = "Client ID", type_ = "string", json_path = ".status.clientId"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Secret", type_ = "string", json_path = ".status.clientSecretRef.name", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = Rule::new("has(self.clientId) == has(oldSelf.clientId) && (!has(self.clientId) || self.clientId == oldSelf.clientId)").message("clientId cannot be changed; make another AuthClient"),
    validation = Rule::new("!self.grantTypes.exists(g, g == 'authorization_code') || (has(self.redirectUris) && self.redirectUris.size() > 0)").message("authorization_code needs redirectUris"),
    validation = Rule::new("!has(self.redirectUris) || self.redirectUris.all(u, !u.contains('#') && !u.contains('*'))").message("redirectUris have no fragment and no wildcard"),
    validation = Rule::new("!has(self.redirectUris) || self.redirectUris.all(u, u.startsWith('https://') || u.matches('^http://(localhost|127\\\\.0\\\\.0\\\\.1|\\\\[::1\\\\])([:/].*)?$') || (self.clientType == 'public' && !u.startsWith('http:')))").message("redirectUris are https, or http on a loopback address; a public client may have a scheme of its own"),
    validation = Rule::new("!has(self.postLogoutRedirectUris) || self.postLogoutRedirectUris.all(u, !u.contains('#') && !u.contains('*'))").message("postLogoutRedirectUris have no fragment and no wildcard"),
    validation = Rule::new("!has(self.backchannelLogoutUri) || (!self.backchannelLogoutUri.contains('#') && (self.backchannelLogoutUri.startsWith('https://') || self.backchannelLogoutUri.matches('^http://(localhost|127\\\\.0\\\\.0\\\\.1|\\\\[::1\\\\])([:/].*)?$')))").message("backchannelLogoutUri is https, or http on a loopback address, without a fragment"),
    validation = Rule::new("self.clientType != 'public' || !has(self.secret)").message("a public client has no secret"),
    validation = Rule::new("!has(self.tokenEndpointAuthMethod) || (self.clientType == 'public') == (self.tokenEndpointAuthMethod == 'none')").message("public clients use none, confidential clients a secret")
)]
pub struct AuthClientSpec {
    /// What people read on the consent page; the resource's name if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub display_name: Option<String>,
    /// The AuthServer that serves it; in another namespace only if that server's `allowedClients` lets it
    pub auth_server_ref: ResourceRef,
    /// Confidential if it can keep a secret, public if it runs in the user's hands
    #[serde(default)]
    pub client_type: ClientType,
    /// Its `client_id`; `<namespace>.<name>` if left out. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), length(min = 1, max = 255))]
    pub client_id: Option<String>,
    /// Which grants it uses
    #[serde(default = "AuthClientSpec::default_grant_types")]
    #[schemars(length(min = 1, max = 16))]
    pub grant_types: Vec<ClientGrantType>,
    /// Which `response_type`s it uses
    #[serde(default = "AuthClientSpec::default_response_types")]
    #[schemars(length(min = 1, max = 8))]
    pub response_types: Vec<ClientResponseType>,
    /// How it proves itself at the token endpoint; what its policies name if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<AuthMethod>,
    /// Where people return to after login; compared exactly. https, http on a loopback address, or an app's own scheme (public clients).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 2000)))]
    pub redirect_uris: Vec<String>,
    /// Where people may return to after logout
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 2000)))]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told, by the server itself, that a session of one of its people ended (OpenID Connect Back-Channel Logout). https; a loopback address, also by http, only if the server's issuer is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2000))]
    pub backchannel_logout_uri: Option<String>,
    /// The scopes that it may be given
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), inner(length(min = 1, max = 256)))]
    pub scopes: Vec<String>,
    /// The resource servers that its access tokens may be for, as absolute URIs; the issuer itself if left out
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 2000)))]
    pub audiences: Vec<String>,
    /// The form of its access tokens: a signed JWT, or a reference that only introspection can read
    #[serde(default)]
    pub access_token_format: TokenFormat,
    /// Whether people are asked before it gets anything of theirs
    #[serde(default = "AuthClientSpec::default_require_consent")]
    pub require_consent: bool,
    /// If set, only members of one of these groups may log in through it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), inner(length(min = 1, max = 255)))]
    pub allowed_groups: Option<Vec<String>>,
    /// Its secret: made for it, or one that is already there
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<ClientSecretSpec>,
}

impl AuthClientSpec {
    fn default_grant_types() -> Vec<ClientGrantType> {
        vec![ClientGrantType::AuthorizationCode, ClientGrantType::RefreshToken]
    }

    fn default_response_types() -> Vec<ClientResponseType> {
        vec![ClientResponseType::Code]
    }

    fn default_require_consent() -> bool {
        true
    }
}

/// `response_type`s that this release serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum ClientResponseType {
    Code,
}

/// The form of access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum TokenFormat {
    #[default]
    Jwt,
    Opaque,
}

/// Where a confidential client's secret is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!(has(self.name) && has(self.existingRef))").message("name is for a secret that is made, existingRef for one that is there: give one of them"))]
pub struct ClientSecretSpec {
    /// Name of the Secret that is made; `<name>-client-secret` if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub name: Option<String>,
    /// A Secret of this namespace with the label `auth.nauthera.io/client-secret: "true"` and the key `client_secret` (and, if you
    /// like, `client_id`)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing_ref: Option<LocalRef>,
}

/// What became of an AuthClient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthClientStatus {
    /// Conditions
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// The generation that this status is about
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Its `client_id`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The Secret with its `client_id` and `client_secret`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_ref: Option<LocalRef>,
    /// What its policies come to
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_policy: Option<Arc<EffectivePolicyStatus>>,
    /// The form that stays in force while the latest is refused; only while it is
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_object")]
    pub last_accepted_spec: Option<serde_json::Value>,
}

/// What a client's policies come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EffectivePolicyStatus {
    /// The policies that govern it, besides the baseline
    pub sources: Vec<String>,
    /// Lifetime of its access tokens
    #[serde(rename = "accessTokenTTL")]
    pub access_token_ttl: TimeSpan,
    /// Lifetime of its refresh tokens
    #[serde(rename = "refreshTokenTTL")]
    pub refresh_token_ttl: TimeSpan,
    /// Lifetime of its ID tokens
    #[serde(rename = "idTokenTTL")]
    pub id_token_ttl: TimeSpan,
    /// Whether its code requests need PKCE
    #[serde(rename = "enforcePKCE")]
    pub enforce_pkce: bool,
}
