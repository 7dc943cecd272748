//! The CustomResourceDefinitions, generated from the types.

use super::{AuthClient, AuthPolicy, AuthServer, ClaimMapper, ClusterAuthPolicy, Group, IdentityProvider, Role, User, UserStore};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

/// Formats of numbers and texts that our schemas use and the API server knows.
const KNOWN_FORMATS: [&str; 4] = ["int32", "int64", "double", "date-time"];

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
    let schemas = crds
        .iter_mut()
        .flat_map(|crd| &mut crd.spec.versions)
        .filter_map(|version| version.schema.as_mut());
    schemas
        .filter_map(|schema| schema.open_api_v3_schema.as_mut())
        .for_each(without_foreign_formats);
    crds
}

/// Takes away formats that Kubernetes does not know: it would warn of them at each `kubectl apply`. The range of a number stays.
fn without_foreign_formats(schema: &mut JSONSchemaProps) {
    if schema
        .format
        .as_ref()
        .is_some_and(|format| !KNOWN_FORMATS.contains(&format.as_str()))
    {
        schema.format = None;
    }
    for property in schema.properties.iter_mut().flat_map(|properties| properties.values_mut()) {
        without_foreign_formats(property);
    }
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(item)) => without_foreign_formats(item),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items.iter_mut().for_each(without_foreign_formats),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(value)) = &mut schema.additional_properties {
        without_foreign_formats(value);
    }
}
