//! UserStore: a place that users come from (owned by the platform team).

use super::common::SecretKeyRef;
use super::condition::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place that users come from: the server's own database, or a directory.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "auth.nauthera.io",
    version = "v1alpha1",
    kind = "UserStore",
    namespaced,
    status = "UserStoreStatus",
    shortname = "ustore",
    category = "nauthera",
    doc = "A place that users come from: the server's own database, or a directory.",
    derive = "PartialEq",
    printcolumn(name = "Type", type_ = "string", json_path = ".spec.type"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Users", type_ = "integer", json_path = ".status.users"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.ldap) == (self.type == 'ldap')").message("ldap goes with type: ldap, and only with it"))]
pub struct UserStoreSpec {
    /// `local`: users in the server's own database; `ldap`: a directory
    #[serde(rename = "type")]
    pub type_: UserStoreType,
    /// How the directory is reached; with `type: ldap`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ldap: Option<Ldap>,
}

/// The kinds of user stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum UserStoreType {
    Local,
    Ldap,
}

/// How a directory is reached and searched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ldap {
    /// `ldaps://host:port`
    pub server: String,
    /// Who reads the directory
    #[serde(rename = "bindDN")]
    pub bind_dn: String,
    /// The reader's password
    pub bind_password_secret_ref: SecretKeyRef,
    /// Where people are
    pub user_search: UserSearch,
    /// Where groups are
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_search: Option<GroupSearch>,
}

/// Where a directory keeps people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserSearch {
    /// Below this entry
    #[serde(rename = "baseDN")]
    pub base_dn: String,
    /// Which entries are people
    pub filter: String,
    /// Holds the name that people log in with
    pub username_attribute: String,
}

/// Where a directory keeps groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupSearch {
    /// Below this entry
    #[serde(rename = "baseDN")]
    pub base_dn: String,
    /// Which entries are groups
    pub filter: String,
    /// Holds the group's name
    pub name_attribute: String,
}

/// What became of a UserStore.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserStoreStatus {
    /// Conditions
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// The generation that this status is about
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How many users manifests declare in it
    #[serde(default)]
    pub users: u32,
}
