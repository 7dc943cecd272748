//! The number of pods, when an autoscaler decides on it.

use super::{apply, deployed, server};
use crate::support::control_plane::ControlPlane;
use crate::support::operated::Operated;
use serde_json::json;

/// What an autoscaler does: it writes the `scale` subresource.
fn scale(cluster: &ControlPlane, namespace: &str, replicas: u32) {
    cluster
        .kubectl(&["-n", namespace, "scale", "deployment/main", &format!("--replicas={replicas}")])
        .success();
}

fn replicas(cluster: &ControlPlane, namespace: &str) -> u64 {
    cluster.get(namespace, "deployment/main")["spec"]["replicas"].as_u64().unwrap()
}

#[test]
fn an_autoscalers_number_is_not_fought_over() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "scaled", &json!({"autoscaling": {"minReplicas": 2, "maxReplicas": 9}}));
    deployed(cluster, "scaled");
    scale(cluster, "scaled", 5);
    // Another change of the Deployment, which the operator writes in full
    apply(
        cluster,
        "scaled",
        &json!({"autoscaling": {"minReplicas": 2, "maxReplicas": 9}, "image": "registry.example.org/next"}),
    );
    let image = "jsonpath={.spec.template.spec.containers[0].image}=registry.example.org/next";
    cluster.until("scaled", "deployment/main", image);
    assert_eq!(replicas(cluster, "scaled"), 5);
    cluster.until("scaled", "authserver/main", "jsonpath={.status.replicas.desired}=5");
}

#[test]
fn handing_the_number_over_changes_it_at_no_moment() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "handed", &json!({"replicas": 4}));
    deployed(cluster, "handed");
    cluster.until("handed", "deployment/main", "jsonpath={.status.replicas}=4");
    apply(
        cluster,
        "handed",
        &json!({"replicas": 4, "autoscaling": {"minReplicas": 3, "maxReplicas": 9}}),
    );
    cluster.until("handed", "horizontalpodautoscaler/main", "create");
    let managers = |what: &str| {
        let fields = cluster
            .kubectl(&["-n", "handed", "get", "deployment/main", "-o", "json", "--show-managed-fields"])
            .success();
        let object: serde_json::Value = serde_json::from_str(&fields).unwrap();
        let entries = object["metadata"]["managedFields"].as_array().unwrap().clone();
        let mut managers: Vec<String> = entries
            .iter()
            .filter(|entry| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some())
            .map(|entry| entry["manager"].as_str().unwrap().to_owned())
            .collect();
        managers.sort();
        assert!(!managers.is_empty(), "{what}");
        managers
    };
    assert_eq!(managers("after the hand-over"), ["nauthera-operator-handover"]);
    assert_eq!(replicas(cluster, "handed"), 4);
    let generation = cluster.get("handed", "deployment/main")["metadata"]["generation"].clone();
    cluster.until(
        "handed",
        "deployment/main",
        &format!("jsonpath={{.status.observedGeneration}}={generation}"),
    );
    let events = cluster.events("handed", "main");
    assert!(!events.contains("Scaled down"), "{events}");
    // And back
    apply(cluster, "handed", &json!({"replicas": 2}));
    cluster.until("handed", "deployment/main", "jsonpath={.spec.replicas}=2");
}
