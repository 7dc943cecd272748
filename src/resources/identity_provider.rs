//! IdentityProvider: an upstream OpenID provider that people may log in with (owned by the platform team).

use super::common::{LocalRef, SecretKeyRef};
use super::condition::Condition;
use super::ldap::CaRef;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An upstream OpenID provider that people may log in with.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "auth.nauthera.io",
    version = "v1alpha1",
    kind = "IdentityProvider",
    namespaced,
    status = "IdentityProviderStatus",
    shortname = "aidp",
    category = "nauthera",
    doc = "An upstream OpenID provider that people may log in with.",
    derive = "PartialEq",
    printcolumn(name = "Issuer", type_ = "string", json_path = ".spec.oidc.issuerUrl"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityProviderSpec {
    /// What its button on the login page says; the resource's name if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub display_name: Option<String>,
    /// The AuthServer of this namespace that offers it; every one of the namespace if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_server_ref: Option<LocalRef>,
    /// The provider
    pub oidc: UpstreamOidc,
    /// Whether somebody whom the provider knows may be somebody whom a UserStore knows
    #[serde(default)]
    pub linking: Linking,
    /// Only people whose verified e-mail address is of one of these domains; everybody whom the provider knows if left out
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub allowed_email_domains: Vec<String>,
    /// Whether people who sign out here are offered to sign out at the provider too
    #[serde(default)]
    pub logout: bool,
}

/// Who somebody is here at their first login by way of a provider. It stays so afterwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Linking {
    /// None: somebody of their own, always. VerifiedEmail: the one user of the AuthServer's UserStores who has the same e-mail address, if both sides
    /// say that it is verified. Whoever can have an address verified at the provider can then log in as that user.
    #[serde(default)]
    pub mode: LinkingMode,
}

/// How people of a provider and people of UserStores are taken for the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum LinkingMode {
    #[default]
    None,
    VerifiedEmail,
}

/// An OpenID provider, and who we are to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamOidc {
    /// Its issuer, exactly as its discovery document writes it; that document is below it
    #[schemars(length(min = 8, max = 512))]
    pub issuer_url: String,
    /// Our `client_id` there
    #[schemars(length(min = 1, max = 255))]
    pub client_id: String,
    /// Our secret there, in a Secret of this namespace
    pub client_secret_ref: SecretKeyRef,
    /// The authorities that sign the certificates of its servers; the system's own if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_ref: Option<CaRef>,
    /// Scopes that are asked for
    #[serde(default = "UpstreamOidc::default_scopes")]
    #[schemars(length(min = 1, max = 32))]
    pub scopes: Vec<String>,
    /// Which of its claims holds each attribute (username, email, displayName, givenName, familyName, groups), where it is not the usual one. There is no
    /// usual one for groups: without a claim that is named here nobody gets any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl UpstreamOidc {
    fn default_scopes() -> Vec<String> {
        ["openid", "profile", "email"].map(str::to_owned).to_vec()
    }
}

/// What became of an IdentityProvider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityProviderStatus {
    /// Conditions
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// The generation that this status is about
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}
