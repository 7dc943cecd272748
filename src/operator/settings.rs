//! What the operator is told at its start.

use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::NamespaceResourceScope;
use kube::{Client, Resource};
use std::net::SocketAddr;

/// What a server's process needs at most to end, after its drain: requests under way, configurations that are being applied, the audit
/// trail. `cli::server` holds it to that.
pub const ENDS_WITHIN_SECONDS: u16 = 40;

/// `app.kubernetes.io/managed-by`, on everything that the operator makes.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY`] and of `app.kubernetes.io/name`.
pub const NAUTHERA: &str = "nauthera";
/// `app.kubernetes.io/name`
pub const NAME_LABEL: &str = "app.kubernetes.io/name";
/// `app.kubernetes.io/instance`: the AuthServer that an object belongs to.
pub const INSTANCE_LABEL: &str = "app.kubernetes.io/instance";
/// `app.kubernetes.io/component`
pub const COMPONENT_LABEL: &str = "app.kubernetes.io/component";
/// The field manager of every write (server-side apply, patches).
pub const FIELD_MANAGER: &str = "nauthera-operator";
/// On a Secret that was made for a client: the AuthClient's name.
pub const AUTH_CLIENT_ANNOTATION: &str = "auth.nauthera.io/auth-client";
/// Keeps an AuthClient until its grants have ended.
pub const FINALIZER: &str = "auth.nauthera.io/grants";

/// Which namespaces the operator looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All, and ClusterAuthPolicies: needs cluster-wide rights
    Cluster,
    /// One alone: no right beyond that namespace is needed, and ClusterAuthPolicies are not read
    Namespace(String),
}

impl Scope {
    /// The objects of one type within this scope.
    pub fn api<K>(&self, client: &Client) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        match self {
            Self::Cluster => Api::all(client.clone()),
            Self::Namespace(namespace) => Api::namespaced(client.clone(), namespace),
        }
    }

    /// The objects of a kind that is known by its name, within this scope.
    pub fn dynamic(&self, client: &Client, resource: &ApiResource) -> Api<DynamicObject> {
        match self {
            Self::Cluster => Api::all_with(client.clone(), resource),
            Self::Namespace(namespace) => Api::namespaced_with(client.clone(), namespace, resource),
        }
    }

    /// Whether objects of this namespace are looked at.
    pub fn includes(&self, namespace: &str) -> bool {
        match self {
            Self::Cluster => true,
            Self::Namespace(own) => own == namespace,
        }
    }
}

impl Settings {
    /// Whether AuthServers of this namespace may have the default database.
    pub fn gives_default_database_to(&self, namespace: &str) -> bool {
        self.default_database_namespaces
            .iter()
            .any(|allowed| allowed == "*" || allowed == namespace)
    }
}

/// Everything that the operator is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The operator's own namespace: its Lease and the default database's Secret are there
    pub namespace: String,
    /// This process among its like, such as the pod's name
    pub identity: String,
    /// The Lease that operators of one installation share, in `namespace`
    pub lease_name: String,
    /// Which namespaces it looks at
    pub scope: Scope,
    /// Read ClusterAuthPolicies; always so when the scope is the cluster
    pub cluster_policies: bool,
    /// The image of servers whose AuthServer names none
    pub server_image: String,
    /// A Secret of the operator's own namespace with the database of AuthServers that name none
    pub default_database_secret: Option<String>,
    /// Namespaces whose AuthServers may have that database: whoever may make an AuthServer there can come by its password. `*` is all.
    pub default_database_namespaces: Vec<String>,
    /// Where `/healthz`, `/readyz` and `/metrics` are served
    pub metrics_listen: SocketAddr,
}
