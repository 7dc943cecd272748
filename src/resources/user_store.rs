//! UserStore: a place that users come from (owned by the platform team).

use super::auth_server::From;
use super::common::LabelSelector;
use super::condition::Condition;
use super::ldap::Ldap;
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
    printcolumn(
        name = "Reachable",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='DirectoryReachable')].status"
    ),
    printcolumn(name = "Users", type_ = "integer", json_path = ".status.users"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = 1
    )
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
    /// From which namespaces AuthServers may use it
    #[serde(default)]
    pub allowed_servers: AllowedServers,
}

/// The kinds of user stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum UserStoreType {
    Local,
    Ldap,
}

/// Which AuthServers may use a UserStore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.selector) == (self.from == 'Selector')").message("selector goes with from: Selector, and only with it"))]
pub struct AllowedServers {
    /// Those of the UserStore's own namespace (Same), of every namespace (All), or of namespaces whose labels the selector matches
    #[serde(default = "AllowedServers::default_from")]
    pub from: From,
    /// Selects namespaces by their labels; with `from: Selector`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}

impl AllowedServers {
    fn default_from() -> From {
        From::Same
    }
}

impl Default for AllowedServers {
    fn default() -> Self {
        Self {
            from: Self::default_from(),
            selector: None,
        }
    }
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
    /// How the servers of a directory stand, as the replicas see it that use them
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<DirectoryServerStatus>,
}

/// How one server of a directory stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DirectoryServerStatus {
    /// Host and port
    pub server: String,
    /// Whether every replica can use it
    pub healthy: bool,
    /// Why not, and where to look
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many replicas can use it, of those that have told
    pub replicas: String,
}
