//! From the API server to the index: one watcher a kind, each object decoded by itself.
//!
//! A watch that breaks goes on from where it was, or lists anew. What cannot be read is reported and passed on as such, never fatal.

mod decode;
mod kinds;
mod namespace;
mod run;
pub(super) mod secret;
mod slice;

pub use decode::decode;
pub use kinds::{KINDS, api_resource};
pub use run::{Health, Watches, start};

use super::world::{Meta, Replica, SecretView};
use crate::config::input::{Key, Kind, Labels, Object, Resources};
use crate::resources::{
    AuthClientSpec, AuthPolicySpec, AuthServerSpec, ClaimMapperSpec, GroupSpec, IdentityProviderSpec, RoleSpec, UserSpec, UserStoreSpec,
};
use std::fmt;

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A kind of ours
    Kind(Kind),
    /// Namespaces, for their labels
    Namespaces,
    /// Secrets with this label and value
    Secrets(&'static str),
    /// EndpointSlices of the config Services
    Slices,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(f, "{}", kind.plural()),
            Self::Namespaces => f.write_str("namespaces"),
            Self::Secrets(selector) => write!(f, "secrets with the label {selector}"),
            Self::Slices => f.write_str("endpointslices"),
        }
    }
}

/// What a watch tells the index.
#[derive(Debug)]
pub enum Change {
    /// A list begins: what it does not hold is gone when it is complete
    Begins(Source),
    /// An object is there in this form
    Seen(Source, Box<Seen>),
    /// An object is gone
    Gone(Source, Key),
    /// The list is complete
    Listed(Source),
}

/// An object, in the form that the index wants.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "it travels in a box")]
pub enum Seen {
    /// One of ours
    Resource(Key, Observed),
    /// A namespace and its labels; the key has no namespace
    Namespace(Key, Labels),
    /// A Secret
    Secret(Key, SecretView),
    /// A slice of an AuthServer's replicas
    Slice(Key, SliceView),
}

impl Seen {
    /// Which object.
    pub fn key(&self) -> &Key {
        match self {
            Self::Resource(key, _) | Self::Namespace(key, _) | Self::Secret(key, _) | Self::Slice(key, _) => key,
        }
    }
}

/// A custom resource as it was watched.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Its metadata and status
    pub meta: Meta,
    /// Its spec, or why that cannot be read
    pub spec: Result<Spec, String>,
    /// The form that was accepted before its latest one was refused: its status' `lastAcceptedSpec`. If the status says that the latest one
    /// is accepted, that one
    pub last_accepted: Option<Spec>,
}

/// The spec of a custom resource, with the metadata that `compile` reads.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Spec {
    AuthServer(Box<Object<AuthServerSpec>>),
    AuthClient(Object<AuthClientSpec>),
    /// Of an AuthPolicy or a ClusterAuthPolicy
    AuthPolicy(Object<AuthPolicySpec>),
    UserStore(Object<UserStoreSpec>),
    User(Object<UserSpec>),
    Group(Object<GroupSpec>),
    Role(Object<RoleSpec>),
    ClaimMapper(Object<ClaimMapperSpec>),
    IdentityProvider(Object<IdentityProviderSpec>),
}

impl Spec {
    /// Puts the resource `kind` `key` in, or in place of an earlier form.
    pub fn insert_into(self, resources: &mut Resources, kind: Kind, key: Key) {
        match self {
            Self::AuthServer(object) => drop(resources.servers.insert(key, object.into())),
            Self::AuthClient(object) => drop(resources.clients.insert(key, object.into())),
            Self::AuthPolicy(object) if kind == Kind::ClusterAuthPolicy => drop(resources.cluster_policies.insert(key, object.into())),
            Self::AuthPolicy(object) => drop(resources.policies.insert(key, object.into())),
            Self::UserStore(object) => drop(resources.user_stores.insert(key, object.into())),
            Self::User(object) => drop(resources.users.insert(key, object.into())),
            Self::Group(object) => drop(resources.groups.insert(key, object.into())),
            Self::Role(object) => drop(resources.roles.insert(key, object.into())),
            Self::ClaimMapper(object) => drop(resources.claim_mappers.insert(key, object.into())),
            Self::IdentityProvider(object) => drop(resources.identity_providers.insert(key, object.into())),
        }
    }
}

/// Replicas of one AuthServer, as one EndpointSlice has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliceView {
    /// The AuthServer
    pub server: Key,
    /// Its replicas in this slice
    pub replicas: Vec<Replica>,
}
