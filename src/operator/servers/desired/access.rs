//! As whom a server runs, its settings, its Services, and who may reach which port.

use super::{Asked, Object};
use crate::operator::servers::kinds::Made;
use serde_json::json;

/// After SIGTERM a pod says for so long that it is not ready, and serves on. By then whoever sends requests here has heard of it.
pub const DRAIN_SECONDS: u16 = 5;
/// The port of the configuration service, on pods and on the headless Service.
pub const CONFIG_PORT: u16 = 9443;

/// The objects of this file.
pub fn objects(asked: &Asked<'_>) -> Vec<Object> {
    let (subject, names) = (asked.subject, asked.names);
    let account = json!({"automountServiceAccountToken": false});
    vec![
        Object::new(subject, Made::ServiceAccount, names.own(), account),
        Object::new(subject, Made::ConfigMap, names.own(), json!({"data": settings(asked)})),
        Object::new(subject, Made::Service, names.own(), service(asked)),
        Object::new(subject, Made::Service, names.config(), config_service(asked)),
        Object::new(subject, Made::NetworkPolicy, names.own(), network_policy(asked)),
    ]
}

/// Settings that are no secret, as environment. Whatever else people put into the ConfigMap is theirs, and counts from a pod's next start.
pub fn settings(asked: &Asked<'_>) -> serde_json::Value {
    // An Ingress controller or a Gateway appends one address to X-Forwarded-For. Without one that header is nobody's word.
    let proxies = u8::from(asked.spec.exposure.is_some());
    json!({
        "NAUTHERA_DRAIN_SECONDS": DRAIN_SECONDS.to_string(),
        "NAUTHERA_TRUSTED_PROXIES": proxies.to_string(),
    })
}

fn service(asked: &Asked<'_>) -> serde_json::Value {
    let name = asked.port_name();
    let port = json!({"name": name, "port": asked.service_port(), "targetPort": name, "protocol": "TCP", "appProtocol": name});
    json!({"spec": {"type": "ClusterIP", "selector": asked.subject.selector(), "ports": [port]}})
}

/// The operator reads from its EndpointSlices where each pod is, those that start among them: they get their configuration before they are
/// ready.
fn config_service(asked: &Asked<'_>) -> serde_json::Value {
    json!({"spec": {
        "type": "ClusterIP",
        "clusterIP": "None",
        "publishNotReadyAddresses": true,
        "selector": asked.subject.selector(),
        "ports": [{"name": "config", "port": CONFIG_PORT, "targetPort": "config", "protocol": "TCP"}],
    }})
}

fn network_policy(asked: &Asked<'_>) -> serde_json::Value {
    let operator = json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": asked.circumstances.operator_namespace}}});
    json!({"spec": {
        "podSelector": {"matchLabels": asked.subject.selector()},
        "policyTypes": ["Ingress"],
        "ingress": [
            {"ports": [{"port": asked.port_name(), "protocol": "TCP"}]},
            {"ports": [{"port": "config", "protocol": "TCP"}], "from": [operator]},
        ],
    }})
}
