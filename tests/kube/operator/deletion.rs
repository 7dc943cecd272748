//! Clients and namespaces that are deleted, with replicas that cannot be told of it.

use super::{server, service};
use crate::support::operated::Operated;
use crate::support::replica::address;

/// A pod of the AuthServer where nobody listens; nothing, where this machine has no address for it.
fn unreachable_replica(namespace: &str) -> String {
    let Some(address) = address() else { return String::new() };
    format!(
        "
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: main-config-by-hand
  namespace: {namespace}
  labels: {{kubernetes.io/service-name: main-config, app.kubernetes.io/instance: main, app.kubernetes.io/managed-by: nauthera}}
addressType: IPv4
ports: [{{name: config, port: 9}}]
endpoints: [{{addresses: [{address}], conditions: {{ready: true, serving: true}}}}]
"
    )
}

#[test]
fn a_client_goes_though_a_replica_cannot_be_told() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "leaving");
    cluster
        .apply(&format!(
            "{}{}",
            unreachable_replica("leaving"),
            service("leaving", "shop", "leaving", "")
        ))
        .success();
    cluster.until_reason("leaving", "authclient/shop", "SecretSynced", "Synced");
    if address().is_some() {
        cluster.until_reason("leaving", "authclient/shop", "Ready", "ReplicaUnreachable");
    }
    let client = cluster.get("leaving", "authclient/shop");
    assert_eq!(client["metadata"]["finalizers"], serde_json::json!(["auth.nauthera.io/grants"]));
    cluster
        .kubectl(&["-n", "leaving", "delete", "authclient/shop", "--timeout=60s"])
        .success();
    assert!(!cluster.kubectl(&["-n", "leaving", "get", "secret/shop-client-secret"]).ok);
}

#[test]
fn a_client_that_nobody_serves_goes_at_once() {
    let cluster = &Operated::shared().cluster;
    cluster.namespaces(&["alone"]);
    cluster.apply(&service("alone", "shop", "alone", "")).success();
    cluster.until("alone", "authclient/shop", "jsonpath={.status.observedGeneration}=1");
    cluster
        .kubectl(&["-n", "alone", "delete", "authclient/shop", "--timeout=20s"])
        .success();
}

#[test]
fn a_namespace_with_twenty_clients_is_gone_within_a_minute_though_a_replica_cannot_be_told() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "closing-platform");
    cluster.namespaces(&["closing"]);
    let names: Vec<String> = (0..20).map(|number| format!("client-{number}")).collect();
    let clients: String = names.iter().map(|name| service("closing", name, "closing-platform", "")).collect();
    cluster
        .apply(&format!("{}{clients}", unreachable_replica("closing-platform")))
        .success();
    for name in &names {
        cluster.until_reason("closing", &format!("authclient/{name}"), "SecretSynced", "Synced");
    }
    cluster.kubectl(&["delete", "namespace", "closing", "--timeout=60s"]).success();
}

#[test]
fn a_namespace_with_its_server_and_everything_is_gone_within_a_minute() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "all-at-once");
    let clients: String = (0..20)
        .map(|number| service("all-at-once", &format!("client-{number}"), "all-at-once", ""))
        .collect();
    cluster.apply(&format!("{}{clients}", unreachable_replica("all-at-once"))).success();
    cluster.until_reason("all-at-once", "authclient/client-19", "SecretSynced", "Synced");
    cluster.kubectl(&["delete", "namespace", "all-at-once", "--timeout=60s"]).success();
}
