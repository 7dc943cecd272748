//! ClusterAuthPolicy: an AuthPolicy that governs the clients of every server (owned by the security team).

use super::auth_policy::{
    AppliesTo, AuthPolicySpec, AuthPolicyStatus, ClientAuthentication, PasswordSpec, PolicyMode, RedirectUriRules, TokenLifetimes,
    TwoFactorRules,
};
use super::common::{ClientType, PolicyGrantType};
use super::time_span::TimeSpan;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// What the clients of every AuthServer in the cluster may do; combines with each server's own policies.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "auth.nauthera.io",
    version = "v1alpha1",
    kind = "ClusterAuthPolicy",
    plural = "clusterauthpolicies",
    status = "AuthPolicyStatus",
    shortname = "capol",
    category = "nauthera",
    doc = "What the clients of every AuthServer in the cluster may do; combines with each server's own policies.",
    derive = "PartialEq",
    printcolumn(name = "Mode", type_ = "string", json_path = ".spec.mode"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Clients", type_ = "integer", json_path = ".status.boundClients"),
    printcolumn(name = "Violations", type_ = "integer", json_path = ".status.violationCount"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterAuthPolicySpec {
    /// Enforce refuses what the policy does not allow; Audit only lists it in the policy's status
    #[serde(default)]
    pub mode: PolicyMode,
    /// Which clients it is for; all if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_to: Option<AppliesTo>,
    /// Longest lifetimes
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenLifetimes>,
    /// Grants that clients may use
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_grant_types: Option<Vec<PolicyGrantType>>,
    /// Whether code requests need PKCE (public clients always do)
    #[serde(default, rename = "enforcePKCE", skip_serializing_if = "Option::is_none")]
    pub enforce_pkce: Option<bool>,
    /// Scopes that clients may be given
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_scopes: Option<Vec<String>>,
    /// Audiences that clients may name: whom they get tokens for, and whose tokens they may exchange and introspect
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_audiences: Option<Vec<String>>,
    /// Types of clients that there may be
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_client_types: Option<Vec<ClientType>>,
    /// How clients prove themselves
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_authentication: Option<ClientAuthentication>,
    /// Where redirect URIs may point
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<RedirectUriRules>,
    /// Only members of one of these groups may log in
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_groups: Option<Vec<String>>,
    /// A login older than this does not count; people log in again
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_session_age: Option<TimeSpan>,
    /// What people prove besides their password
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor: Option<TwoFactorRules>,
    /// What is asked of passwords that people choose. It holds for everyone who logs in at a server that this policy is for, whatever client they
    /// come from, so `appliesTo` does not matter here; the greatest minimum wins
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordSpec>,
}

impl From<ClusterAuthPolicySpec> for AuthPolicySpec {
    /// The two say the same; only their reach differs.
    fn from(spec: ClusterAuthPolicySpec) -> Self {
        let ClusterAuthPolicySpec {
            mode,
            applies_to,
            token,
            allowed_grant_types,
            enforce_pkce,
            allowed_scopes,
            allowed_audiences,
            allowed_client_types,
            client_authentication,
            redirect_uris,
            allowed_groups,
            max_session_age,
            two_factor,
            password,
        } = spec;
        Self {
            mode,
            applies_to,
            token,
            allowed_grant_types,
            enforce_pkce,
            allowed_scopes,
            allowed_audiences,
            allowed_client_types,
            client_authentication,
            redirect_uris,
            allowed_groups,
            max_session_age,
            two_factor,
            password,
        }
    }
}
