//! EndpointSlices of the config Services: which pods an AuthServer has, and how they are.

use super::SliceView;
use super::decode::key_of;
use crate::config::input::Key;
use crate::operator::settings::INSTANCE_LABEL;
use crate::operator::world::Replica;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use std::net::IpAddr;

/// Which Service a slice belongs to.
const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// The port's name in the config Service; a slice with one port needs no name.
const PORT_NAME: &str = "config";

/// The headless Service of an AuthServer's replicas.
pub fn config_service(server: &str) -> String {
    format!("{server}-config")
}

/// Reads a slice; `None` if it belongs to no config Service.
pub fn view(slice: &EndpointSlice) -> Option<(Key, SliceView)> {
    let key = key_of(&slice.metadata);
    let labels = slice.metadata.labels.as_ref()?;
    let server = labels.get(INSTANCE_LABEL)?;
    if labels.get(SERVICE_NAME) != Some(&config_service(server)) {
        return None;
    }
    let ports = slice.ports.as_deref().unwrap_or_default();
    let port = match ports {
        [only] => only.port,
        several => several
            .iter()
            .find(|port| port.name.as_deref() == Some(PORT_NAME))
            .and_then(|port| port.port),
    };
    let port = port.and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
    let replicas = port.map(|port| {
        let endpoints = slice.endpoints.as_deref().unwrap_or_default();
        endpoints.iter().filter_map(|endpoint| replica(endpoint, port)).collect()
    });
    let view = SliceView {
        server: Key::new(key.namespace.clone(), server.clone()),
        replicas: replicas.unwrap_or_default(),
    };
    Some((key, view))
}

/// One pod. The config Service publishes addresses that are not ready, so `ready` is always true there and says nothing: a pod is ready if
/// it is `serving` (its own readiness) and not on its way out.
fn replica(endpoint: &Endpoint, port: u16) -> Option<Replica> {
    let address: IpAddr = endpoint.addresses.first()?.parse().ok()?;
    let target = endpoint.target_ref.as_ref();
    let conditions = endpoint.conditions.as_ref();
    let serving = conditions
        .and_then(|conditions| conditions.serving.or(conditions.ready))
        .unwrap_or(true);
    let terminating = conditions.and_then(|conditions| conditions.terminating).unwrap_or(false);
    let name = target.and_then(|target| target.name.clone());
    Some(Replica {
        pod: name.unwrap_or_else(|| address.to_string()),
        uid: target.and_then(|target| target.uid.clone()).unwrap_or_else(|| address.to_string()),
        address,
        port,
        ready: serving && !terminating,
        serving,
        terminating,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn slice(service: &str, conditions: serde_json::Value) -> EndpointSlice {
        serde_json::from_value(json!({
            "metadata": {
                "name": "main-config-x1", "namespace": "identity",
                "labels": {"kubernetes.io/service-name": service, "app.kubernetes.io/instance": "main"},
            },
            "addressType": "IPv4",
            "ports": [{"name": "config", "port": 9443}],
            "endpoints": [{
                "addresses": ["10.1.2.3"],
                "conditions": conditions,
                "targetRef": {"kind": "Pod", "name": "main-0", "uid": "p1"},
            }],
        }))
        .unwrap()
    }

    #[test]
    fn a_pod_that_does_not_serve_is_not_ready_though_its_address_is_published() {
        let conditions = json!({"ready": true, "serving": false, "terminating": false});
        let (_, view) = view(&slice("main-config", conditions)).unwrap();
        assert_eq!(view.server, Key::new("identity", "main"));
        let replica = &view.replicas[0];
        assert_eq!((replica.pod.as_str(), replica.uid.as_str(), replica.port), ("main-0", "p1", 9443));
        assert!(!replica.ready && !replica.serving && !replica.terminating);
    }

    #[test]
    fn a_pod_on_its_way_out_is_not_ready() {
        let conditions = json!({"ready": true, "serving": true, "terminating": true});
        let (_, view) = view(&slice("main-config", conditions)).unwrap();
        assert!(!view.replicas[0].ready && view.replicas[0].serving);
    }

    #[test]
    fn slices_of_other_services_are_not_looked_at() {
        assert!(view(&slice("main", json!({}))).is_none());
        assert!(view(&slice("other-config", json!({}))).is_none());
    }
}
