//! What `compile` reads: resources as the file source or the operator collected them.

pub use super::memory::Memory;
use crate::oauth::ids::ClientId;
use crate::resources::common::ResourceRef;
use crate::resources::{
    AuthClientSpec, AuthPolicySpec, AuthServerSpec, ClaimMapperSpec, GroupSpec, IdentityProviderSpec, RoleSpec, UserSpec, UserStoreSpec,
};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Labels of a resource or a namespace.
pub type Labels = BTreeMap<String, String>;

/// Namespace and name. Cluster-wide resources have an empty namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The namespace
    pub namespace: String,
    /// The name
    pub name: String,
}

impl Key {
    /// A key of its two parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl fmt::Display for Key {
    /// `namespace/name`, or the name alone of a cluster-wide resource.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{}/{}", self.namespace, self.name))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (namespace, name) = text
            .split_once('/')
            .ok_or_else(|| serde::de::Error::custom("a key is namespace/name"))?;
        Ok(Self::new(namespace, name))
    }
}

impl ResourceRef {
    /// The resource that is meant by a resource of this namespace.
    pub fn key(&self, own_namespace: &str) -> Key {
        let namespace = self.namespace.as_deref().unwrap_or(own_namespace);
        Key::new(namespace, self.name.clone())
    }
}

/// The kinds, in the order in which verdicts are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Kind {
    AuthServer,
    ClusterAuthPolicy,
    AuthPolicy,
    AuthClient,
    UserStore,
    User,
    Group,
    Role,
    ClaimMapper,
    IdentityProvider,
}

impl Kind {
    /// Every kind, in the order in which verdicts are listed.
    pub const ALL: &'static [Self] = &[
        Self::AuthServer,
        Self::ClusterAuthPolicy,
        Self::AuthPolicy,
        Self::AuthClient,
        Self::UserStore,
        Self::User,
        Self::Group,
        Self::Role,
        Self::ClaimMapper,
        Self::IdentityProvider,
    ];

    /// The resource's name in the API server's paths.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::AuthServer => "authservers",
            Self::ClusterAuthPolicy => "clusterauthpolicies",
            Self::AuthPolicy => "authpolicies",
            Self::AuthClient => "authclients",
            Self::UserStore => "userstores",
            Self::User => "users",
            Self::Group => "groups",
            Self::Role => "roles",
            Self::ClaimMapper => "claimmappers",
            Self::IdentityProvider => "identityproviders",
        }
    }

    /// Whether its resources live in namespaces.
    pub const fn is_namespaced(self) -> bool {
        !matches!(self, Self::ClusterAuthPolicy)
    }

    /// As manifests write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthServer => "AuthServer",
            Self::ClusterAuthPolicy => "ClusterAuthPolicy",
            Self::AuthPolicy => "AuthPolicy",
            Self::AuthClient => "AuthClient",
            Self::UserStore => "UserStore",
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
            Self::ClaimMapper => "ClaimMapper",
            Self::IdentityProvider => "IdentityProvider",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One resource: what its author wrote, and the few facts of its metadata that matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object<S> {
    /// `metadata.labels`
    #[serde(default)]
    pub labels: Labels,
    /// `metadata.generation`, where there is one
    #[serde(default)]
    pub generation: Option<i64>,
    /// `metadata.creationTimestamp`, where there is one
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// `spec`
    pub spec: S,
}

impl<S> Object<S> {
    /// A resource without labels.
    pub fn new(spec: S) -> Self {
        Self {
            labels: Labels::new(),
            generation: None,
            created: None,
            spec,
        }
    }

    /// Its place among those who want one name.
    pub fn seniority<'k>(&self, had_it: bool, key: &'k Key) -> Seniority<'k> {
        Seniority {
            newcomer: !had_it,
            ageless: self.created.is_none(),
            created: self.created,
            key,
        }
    }
}

/// Sorts those who want one name: who had it before comes first, then the older, then the first by name. A process that begins knows of nobody
/// who had it; without ages, whoever came later with a name that sorts first would take it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seniority<'k> {
    newcomer: bool,
    ageless: bool,
    created: Option<Timestamp>,
    /// Who wants it
    pub key: &'k Key,
}

/// Resources of one kind. Shared: a compilation hands on what it was given without copying it.
pub type Objects<S> = BTreeMap<Key, Arc<Object<S>>>;

/// A Secret that someone wrote. `Debug` shows no value.
#[derive(Clone, Debug, Default)]
pub struct SecretObject {
    /// `metadata.labels`
    pub labels: Labels,
    /// Its values, as text
    pub data: BTreeMap<String, SecretString>,
}

/// A client secret that the platform made. `Debug` shows no value.
#[derive(Clone, Debug)]
pub struct GeneratedSecret {
    /// The AuthClient that it was made for
    pub client: Key,
    /// The `client_id` that is written in it
    pub client_id: ClientId,
    /// The `issuer` that is written in it
    pub issuer: String,
    /// The secret
    pub secret: SecretString,
    /// The secret before it, and until when it is accepted too
    pub previous: Option<(SecretString, Timestamp)>,
    /// The secret that takes over soon, and is accepted already. Never there together with `previous`.
    pub next: Option<SecretString>,
}

/// Everything that `compile` looks at.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    /// AuthServers
    pub servers: Objects<AuthServerSpec>,
    /// AuthClients
    pub clients: Objects<AuthClientSpec>,
    /// AuthPolicies
    pub policies: Objects<AuthPolicySpec>,
    /// ClusterAuthPolicies; their keys have an empty namespace
    pub cluster_policies: Objects<AuthPolicySpec>,
    /// UserStores
    pub user_stores: Objects<UserStoreSpec>,
    /// Users
    pub users: Objects<UserSpec>,
    /// Groups
    pub groups: Objects<GroupSpec>,
    /// Roles
    pub roles: Objects<RoleSpec>,
    /// ClaimMappers
    pub claim_mappers: Objects<ClaimMapperSpec>,
    /// IdentityProviders
    pub identity_providers: Objects<IdentityProviderSpec>,
    /// Secrets that people wrote
    pub secrets: BTreeMap<Key, Arc<SecretObject>>,
    /// Secrets that the platform made for clients
    pub generated: BTreeMap<Key, Arc<GeneratedSecret>>,
    /// AuthClients that are being deleted; what they were given ends
    pub departing: Objects<AuthClientSpec>,
    /// Set if a document could not be read that may be a policy of any server: where it is. What clients may do is not known then, so none
    /// is accepted.
    pub policies_unreadable: Option<String>,
    /// Policies of which no form can be read, with their labels. Servers that select one accept no client.
    pub lost_policies: BTreeMap<(Kind, Key), Labels>,
    /// Labels of namespaces; each namespace also has `kubernetes.io/metadata.name`, whether it is listed or not
    pub namespaces: BTreeMap<String, Labels>,
}

impl Resources {
    /// The labels of a namespace, with the one that Kubernetes gives to each.
    pub fn namespace_labels(&self, namespace: &str) -> Labels {
        let mut labels = self.namespaces.get(namespace).cloned().unwrap_or_default();
        labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.to_owned());
        labels
    }
}

/// Who acts on what is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runtime {
    /// A folder of manifests: one process that somebody started. Nobody makes pods or renews secrets by schedule.
    #[default]
    Files,
    /// The operator, in a cluster
    Cluster,
}

/// What the caller decides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Who acts on the outcome; fields that nobody acts on are answered by a condition
    pub runtime: Runtime,
    /// Instead of `issuerUrl` (development: the address that the server listens on)
    pub issuer_override: Option<String>,
    /// Which AuthServer [`super::verdict::Compiled::chosen`] means, as `namespace/name`; may be left out where there is just one
    pub server: Option<String>,
    /// Every namespace is among the resources, so that the labels of one which is not are yet to be seen. Otherwise it has none
    pub namespaces_are_watched: bool,
}

/// What was accepted last, so that a refused edit leaves it in force. Holds no secret; can be written to disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Accepted {
    /// UserStores
    pub user_stores: Objects<UserStoreSpec>,
    /// AuthServers
    pub servers: Objects<AuthServerSpec>,
    /// AuthClients
    pub clients: Objects<AuthClientSpec>,
    /// AuthPolicies
    pub policies: Objects<AuthPolicySpec>,
    /// ClusterAuthPolicies
    pub cluster_policies: Objects<AuthPolicySpec>,
    /// Users
    pub users: Objects<UserSpec>,
    /// ClaimMappers
    pub claim_mappers: Objects<ClaimMapperSpec>,
    /// IdentityProviders
    pub identity_providers: Objects<IdentityProviderSpec>,
    /// Makes the next compilation cheaper
    #[serde(skip)]
    pub memory: Memory,
}
