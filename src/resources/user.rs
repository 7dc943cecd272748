//! User: a local user that a manifest declares.

use super::common::{LocalRef, SecretKeyRef, Texts, any_object, attributes};
use super::condition::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A user of a local UserStore.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "auth.nauthera.io",
    version = "v1alpha1",
    kind = "User",
    namespaced,
    status = "UserStatus",
    shortname = "auser",
    category = "nauthera",
    doc = "A user of a local UserStore.",
    derive = "PartialEq",
    printcolumn(name = "Username", type_ = "string", json_path = ".spec.username"),
    printcolumn(name = "Email", type_ = "string", json_path = ".spec.email"),
    printcolumn(name = "Disabled", type_ = "boolean", json_path = ".spec.disabled"),
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
pub struct UserSpec {
    /// What they log in with; case does not matter. The resource's name if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub username: Option<String>,
    /// `email`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 254))]
    pub email: Option<String>,
    /// `email_verified`
    #[serde(default)]
    pub email_verified: bool,
    /// `name`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub display_name: Option<String>,
    /// `given_name`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub given_name: Option<String>,
    /// `family_name`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub family_name: Option<String>,
    /// What else is known of them, such as `department: Sales`: a text or a list of texts by name, for ClaimMappers
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "attributes")]
    pub attributes: BTreeMap<String, Texts>,
    /// Groups by name, besides those whose Group resource lists this user
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub groups: Vec<String>,
    /// May not log in; sessions end
    #[serde(default)]
    pub disabled: bool,
    /// Their password (or its argon2id hash, `$argon2id$…`), in a Secret of this namespace
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_secret_ref: Option<SecretKeyRef>,
    /// That password is good for one login, at which they choose their own. It counts for the declared password, not for a later one
    #[serde(default)]
    pub must_change_password: bool,
    /// The UserStore that they live in; may be left out where the namespace has just one
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_store_ref: Option<LocalRef>,
}

/// What became of a User.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserStatus {
    /// Conditions
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// The generation that this status is about
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Every group that they are in
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The form that stays in force while the latest is refused; only while it is
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_object")]
    pub last_accepted_spec: Option<serde_json::Value>,
}
