//! The operator on a real API server: what people see of it there.

mod clients;
mod deletion;
mod directories;
mod quiet;
mod references;
mod replicas;
mod statuses;
mod two_operators;

use crate::support::control_plane::ControlPlane;

/// The account that the chart makes for the operator.
const OPERATOR: &str = "system:serviceaccount:nauthera-system:nauthera-operator";

/// An AuthServer `main` that all namespaces may use, with a policy that allows services and web applications.
fn server(cluster: &ControlPlane, namespace: &str) {
    cluster.namespaces(&[namespace]);
    cluster
        .apply(&format!(
            "
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthServer
metadata: {{name: main, namespace: {namespace}}}
spec:
  issuerUrl: https://{namespace}.example.org
  policySelector: {{matchLabels: {{team: {namespace}}}}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthPolicy
metadata: {{name: all, namespace: {namespace}, labels: {{team: {namespace}}}}}
spec:
  allowedScopes: [openid, \"orders:read\"]
  allowedGrantTypes: [authorization_code, refresh_token, client_credentials]
"
        ))
        .success();
}

/// A service `name` at the AuthServer `main` of `server`; `fields` come on top (YAML, in braces' form).
fn service(namespace: &str, name: &str, server: &str, fields: &str) -> String {
    format!(
        "
---
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  authServerRef: {{name: main, namespace: {server}}}
  grantTypes: [client_credentials]
  scopes: [\"orders:read\"]
  {fields}
"
    )
}

/// Text in a Secret's `data`.
fn decoded(secret: &serde_json::Value, key: &str) -> String {
    use base64::Engine;
    let text = secret["data"][key].as_str().unwrap_or_else(|| panic!("no {key}"));
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text).unwrap()).unwrap()
}
