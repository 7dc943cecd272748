//! The part of a UserStore that says how a directory is reached and searched (RFC 4511).

use super::common::SecretKeyRef;
use super::time_span::TimeSpan;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a directory is reached and searched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = Rule::new("has(self.server) != (has(self.servers) && self.servers.size() > 0)").message("give either server or servers"),
    validation = Rule::new("self.startTLS || self.allowPlaintext || !has(self.server) || !self.server.startsWith('ldap://')").message("plain ldap:// needs startTLS, or allowPlaintext: true"),
    validation = Rule::new("self.startTLS || self.allowPlaintext || !has(self.servers) || !self.servers.exists(s, s.startsWith('ldap://'))").message("plain ldap:// needs startTLS, or allowPlaintext: true")
)]
pub struct Ldap {
    /// `ldaps://host:port`, or `ldap://host:port` with `startTLS`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 8, max = 512))]
    pub server: Option<String>,
    /// Several servers with the same content instead of `server`, tried in this order
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 8, max = 512)))]
    pub servers: Vec<String>,
    /// Begins TLS on an `ldap://` connection before anything else is said (RFC 4511 §4.14)
    #[serde(default, rename = "startTLS")]
    pub start_tls: bool,
    /// Lets passwords travel over an `ldap://` connection without TLS. For a directory on the same machine, if at all.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// The authorities that sign the directory's certificates; the system's own if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_ref: Option<CaRef>,
    /// Who reads the directory
    #[serde(rename = "bindDN")]
    #[schemars(length(min = 1, max = 1024))]
    pub bind_dn: String,
    /// The reader's password
    pub bind_password_secret_ref: SecretKeyRef,
    /// Where people are
    pub user_search: UserSearch,
    /// Where groups are
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_search: Option<GroupSearch>,
    /// Which attribute of an entry holds each claim, such as `given_name: givenName`; any other name, such as `department: departmentNumber`,
    /// is an attribute for ClaimMappers (at most 32)
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// How long a connection may take
    #[serde(default = "Ldap::default_connect_timeout")]
    pub connect_timeout: TimeSpan,
    /// How long an operation may take
    #[serde(default = "Ldap::default_operation_timeout")]
    pub operation_timeout: TimeSpan,
    /// Entries per page of a search (RFC 2696)
    #[serde(default = "Ldap::default_page_size")]
    #[schemars(range(min = 1, max = 10_000))]
    pub page_size: i32,
    /// What becomes of referrals to other servers; `Follow` is not served yet
    #[serde(default)]
    pub referrals: Referrals,
    /// Connections
    #[serde(default)]
    pub pool: Pool,
    /// How long what was read of a person may be believed: who is disabled or deleted loses sessions and refresh tokens then
    #[serde(default = "Ldap::default_cache_ttl", rename = "cacheTTL")]
    pub cache_ttl: TimeSpan,
}

impl Ldap {
    fn default_connect_timeout() -> TimeSpan {
        TimeSpan::CONNECT
    }

    fn default_operation_timeout() -> TimeSpan {
        TimeSpan::OPERATION
    }

    fn default_page_size() -> i32 {
        500
    }

    fn default_cache_ttl() -> TimeSpan {
        TimeSpan::DIRECTORY_CACHE
    }
}

/// Authorities' certificates (PEM).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaRef {
    /// Name of a Secret in the UserStore's namespace
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Key within the Secret
    #[serde(default = "CaRef::default_key")]
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

impl CaRef {
    fn default_key() -> String {
        "ca.crt".to_owned()
    }
}

/// What becomes of referrals (RFC 4511 §4.1.10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum Referrals {
    #[default]
    Ignore,
    Follow,
}

/// Connections to a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pool {
    /// At most so many connections from each pod
    #[serde(default = "Pool::default_max")]
    #[schemars(range(min = 1, max = 1000))]
    pub max: i32,
}

impl Pool {
    fn default_max() -> i32 {
        16
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self { max: Self::default_max() }
    }
}

/// Where a directory keeps people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserSearch {
    /// Below this entry
    #[serde(rename = "baseDN")]
    #[schemars(length(min = 1, max = 1024))]
    pub base_dn: String,
    /// Which entries are people
    #[schemars(length(min = 1, max = 1024))]
    pub filter: String,
    /// Holds the name that people log in with
    #[schemars(length(min = 1, max = 128))]
    pub username_attribute: String,
}

/// Where a directory keeps groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupSearch {
    /// Below this entry
    #[serde(rename = "baseDN")]
    #[schemars(length(min = 1, max = 1024))]
    pub base_dn: String,
    /// Which entries are groups
    #[schemars(length(min = 1, max = 1024))]
    pub filter: String,
    /// Holds the group's name
    #[schemars(length(min = 1, max = 128))]
    pub name_attribute: String,
    /// Holds the names of a group's members; or `memberUid`, which holds usernames; or `memberOf`, which holds a person's groups, and a group's
    #[serde(default = "GroupSearch::default_member_attribute")]
    #[schemars(length(min = 1, max = 128))]
    pub member_attribute: String,
    /// Groups within groups
    #[serde(default)]
    pub nested: Nested,
}

impl GroupSearch {
    fn default_member_attribute() -> String {
        "member".to_owned()
    }
}

/// Groups within groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Nested {
    /// `None`: only a group's own members; `InChain`: the directory itself follows them (Active Directory's matching rule); `Walk`: we do
    #[serde(default)]
    pub mode: NestedMode,
    /// How deep `Walk` goes
    #[serde(default = "Nested::default_max_depth")]
    #[schemars(range(min = 1, max = 32))]
    pub max_depth: i32,
}

impl Nested {
    fn default_max_depth() -> i32 {
        8
    }
}

impl Default for Nested {
    fn default() -> Self {
        Self {
            mode: NestedMode::None,
            max_depth: Self::default_max_depth(),
        }
    }
}

/// How groups within groups are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum NestedMode {
    #[default]
    None,
    InChain,
    Walk,
}
