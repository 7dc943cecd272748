//! What an AuthServer becomes, on a real API server with real controllers.

mod autoscaling;
mod cache;
mod cert_manager;
mod database;
mod drift;
mod edits;
mod objects;

use crate::support::control_plane::ControlPlane;
use serde_json::Value;

/// What is made for every AuthServer `main` with two replicas, wherever its certificates come from.
const ALWAYS: &[&str] = &[
    "serviceaccount/main",
    "configmap/main",
    "service/main",
    "service/main-config",
    "networkpolicy/main",
    "secret/main-kek",
    "secret/main-config-ca",
    "secret/main-config-server",
    "secret/main-config-operator",
    "deployment/main",
];

/// A namespace with an AuthServer `main` that has PostgreSQL (nobody connects to it: there are no pods) and these further fields.
fn server(cluster: &ControlPlane, namespace: &str, fields: &Value) {
    cluster.namespaces(&[namespace]);
    cluster
        .apply(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: login-db, namespace: {namespace}}}\nstringData: {{url: \"postgres://u:p@db.invalid/d\"}}"
        ))
        .success();
    apply(cluster, namespace, fields);
}

/// Applies the AuthServer in another form.
fn apply(cluster: &ControlPlane, namespace: &str, fields: &Value) {
    let mut spec = serde_json::json!({
        "issuerUrl": format!("https://{namespace}.example.org"),
        "database": {"secretRef": {"name": "login-db"}},
    });
    for (name, value) in fields.as_object().unwrap() {
        spec[name] = value.clone();
    }
    let object = serde_json::json!({
        "apiVersion": "auth.nauthera.io/v1alpha1",
        "kind": "AuthServer",
        "metadata": {"name": "main", "namespace": namespace},
        "spec": spec,
    });
    cluster.apply(&object.to_string()).success();
}

/// Waits until everything is there.
fn deployed(cluster: &ControlPlane, namespace: &str) {
    cluster.until(namespace, "authserver/main", "condition=Deployed");
    for what in ALWAYS {
        cluster.until(namespace, what, "create");
    }
}

/// Waits until something is not there.
#[track_caller]
fn gone(cluster: &ControlPlane, namespace: &str, what: &str) {
    cluster
        .kubectl(&["-n", namespace, "wait", "--for=delete", what, "--timeout=60s"])
        .success();
}

/// Applies something else in the namespace and waits until the operator has looked: by then it has looked at everything before.
fn looked(cluster: &ControlPlane, namespace: &str) {
    let generation = cluster.get(namespace, "authserver/main")["metadata"]["generation"].clone();
    cluster.until(
        namespace,
        "authserver/main",
        &format!("jsonpath={{.status.observedGeneration}}={generation}"),
    );
}
