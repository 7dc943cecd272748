//! IdentityProvider: an upstream OpenID provider that people may log in with (owned by the platform team).

use super::common::{LocalRef, SecretKeyRef};
use super::condition::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An upstream OpenID provider that people may log in with. This release checks it and does not use it yet.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "auth.nauthera.io",
    version = "v1alpha1",
    kind = "IdentityProvider",
    namespaced,
    status = "IdentityProviderStatus",
    shortname = "aidp",
    category = "nauthera",
    doc = "An upstream OpenID provider that people may log in with. This release checks it and does not use it yet.",
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
}

/// An OpenID provider, and who we are to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamOidc {
    /// Its issuer; its discovery document is below it
    #[schemars(length(min = 8, max = 512))]
    pub issuer_url: String,
    /// Our `client_id` there
    #[schemars(length(min = 1, max = 255))]
    pub client_id: String,
    /// Our secret there, in a Secret of this namespace
    pub client_secret_ref: SecretKeyRef,
    /// Scopes that are asked for
    #[serde(default = "UpstreamOidc::default_scopes")]
    #[schemars(length(min = 1, max = 32))]
    pub scopes: Vec<String>,
    /// Which of its claims holds each attribute (username, email, displayName, givenName, familyName, groups), where it is not the usual one
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
