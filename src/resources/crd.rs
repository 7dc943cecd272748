//! The CustomResourceDefinitions, generated from the types.

use super::{AuthClient, AuthPolicy, AuthServer, ClaimMapper, ClusterAuthPolicy, Group, IdentityProvider, Role, User, UserStore};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// Every CRD, in alphabetical order of its name.
pub fn all() -> Vec<CustomResourceDefinition> {
    let mut crds = vec![
        AuthClient::crd(),
        AuthPolicy::crd(),
        AuthServer::crd(),
        ClaimMapper::crd(),
        ClusterAuthPolicy::crd(),
        Group::crd(),
        IdentityProvider::crd(),
        Role::crd(),
        User::crd(),
        UserStore::crd(),
    ];
    crds.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    crds
}
