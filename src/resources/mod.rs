//! The custom resources of group `auth.nauthera.io`, version `v1alpha1`: one file a kind. Imports nothing of ours.
//!
//! Only what this release obeys is in a schema, and every schema is strict: an unknown field is an error, not a surprise.

#![allow(
    clippy::duplicated_attributes,
    reason = "clippy takes kube's printer columns for one attribute said twice"
)]

pub mod auth_client;
pub mod auth_policy;
pub mod auth_server;
pub mod claim_mapper;
pub mod cluster_auth_policy;
pub mod common;
pub mod condition;
pub mod crd;
pub mod deployment;
pub mod exposure;
pub mod group;
pub mod identity_provider;
pub mod ldap;
pub mod rate_limits;
pub mod role;
pub mod time_span;
pub mod user;
pub mod user_store;

pub use auth_client::{AuthClient, AuthClientSpec, AuthClientStatus};
pub use auth_policy::{AuthPolicy, AuthPolicySpec, AuthPolicyStatus};
pub use auth_server::{AuthServer, AuthServerSpec, AuthServerStatus};
pub use claim_mapper::{ClaimMapper, ClaimMapperSpec, ClaimMapperStatus};
pub use cluster_auth_policy::{ClusterAuthPolicy, ClusterAuthPolicySpec};
pub use group::{Group, GroupSpec, GroupStatus};
pub use identity_provider::{IdentityProvider, IdentityProviderSpec, IdentityProviderStatus};
pub use role::{Role, RoleSpec, RoleStatus};
pub use user::{User, UserSpec, UserStatus};
pub use user_store::{UserStore, UserStoreSpec, UserStoreStatus};

/// API group of every kind here.
pub const GROUP: &str = "auth.nauthera.io";
/// API version of every kind here.
pub const VERSION: &str = "v1alpha1";
/// `apiVersion` of every kind here.
pub const API_VERSION: &str = "auth.nauthera.io/v1alpha1";
/// A Secret must carry this label, with the value `"true"`, before an AuthClient may name it in `existingRef`.
pub const CLIENT_SECRET_LABEL: &str = "auth.nauthera.io/client-secret";
/// In a cluster the operator sees a Secret with credentials that people wrote, such as a user's password, only if it carries this label
/// with the value `"true"`.
pub const CREDENTIAL_LABEL: &str = "auth.nauthera.io/credential";
