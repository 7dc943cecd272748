//! Every object, as the API server takes it.

use super::{ALWAYS, deployed, server};
use crate::support::operated::Operated;
use crate::support::tools::repository;
use serde_json::json;

#[test]
fn everything_is_there_owned_and_labelled() {
    let cluster = &Operated::shared().cluster;
    server(
        cluster,
        "whole",
        &json!({"exposure": {"ingress": {"className": "nginx"}}, "resources": {"requests": {"cpu": "0.5", "memory": "256Mi"}}}),
    );
    deployed(cluster, "whole");
    let uid = cluster.get("whole", "authserver/main")["metadata"]["uid"].clone();
    for what in ALWAYS.iter().chain(&["poddisruptionbudget/main", "ingress/main"]) {
        cluster.until("whole", what, "create");
        let metadata = cluster.get("whole", what)["metadata"].clone();
        assert_eq!(metadata["ownerReferences"][0]["uid"], uid, "{what}");
        assert_eq!(metadata["labels"]["app.kubernetes.io/managed-by"], "nauthera", "{what}");
        assert_eq!(metadata["labels"]["app.kubernetes.io/instance"], "main", "{what}");
    }
    let status = cluster.get("whole", "authserver/main")["status"].clone();
    assert_eq!(status["replicas"]["desired"], 2, "{status}");
    assert_eq!(cluster.condition("whole", "authserver/main", "Durable")[1], "PostgreSQL");
    assert_eq!(cluster.condition("whole", "authserver/main", "Available")[1], "Starting");
}

#[test]
fn its_pods_are_admitted_where_the_strictest_standard_is_enforced() {
    let cluster = &Operated::shared().cluster;
    cluster
        .apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: strict, labels: {pod-security.kubernetes.io/enforce: restricted}}")
        .success();
    server(cluster, "strict", &json!({}));
    deployed(cluster, "strict");
    // The ReplicaSet's pods are there, though no node runs them.
    cluster.until("strict", "deployment/main", "jsonpath={.status.replicas}=2");
}

#[test]
fn the_quickstart_gets_one_pod_and_is_told_what_that_means() {
    let cluster = &Operated::shared().cluster;
    let manifest = std::fs::read_to_string(repository("k8s/quickstart/01-server.yaml")).unwrap();
    cluster.namespaces(&["quick"]);
    cluster
        .apply(&manifest.replace("namespace: identity", "namespace: quick"))
        .success();
    deployed(cluster, "quick");
    assert_eq!(cluster.get("quick", "deployment/main")["spec"]["replicas"], 1);
    let [status, reason, message] = cluster.condition("quick", "authserver/main", "Durable");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "EmbeddedDatabase"));
    assert!(message.contains("database.secretRef"), "{message}");
}

#[test]
fn a_name_that_no_service_can_have_is_said_to_be_one() {
    let cluster = &Operated::shared().cluster;
    cluster.namespaces(&["named"]);
    cluster
        .apply("apiVersion: auth.nauthera.io/v1alpha1\nkind: AuthServer\nmetadata: {name: 1.main, namespace: named}\nspec: {issuerUrl: 'https://named.example.org'}")
        .success();
    cluster.until_reason("named", "authserver/1.main", "Ready", "InvalidName");
}

#[test]
fn a_server_that_is_called_as_another_ones_service_says_so_and_takes_nothing_from_it() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "similar", &json!({}));
    deployed(cluster, "similar");
    let before = cluster.get("similar", "service/main-config");
    cluster
        .apply("apiVersion: auth.nauthera.io/v1alpha1\nkind: AuthServer\nmetadata: {name: main-config, namespace: similar}\nspec: {issuerUrl: 'https://other.similar.example.org'}")
        .success();
    cluster.until_reason("similar", "authserver/main-config", "Deployed", "NameConflict");
    assert_eq!(cluster.get("similar", "service/main-config"), before);
}

#[test]
fn with_the_server_goes_all_that_was_made_for_it() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "leaving", &json!({}));
    deployed(cluster, "leaving");
    cluster.kubectl(&["-n", "leaving", "delete", "authserver/main"]).success();
    for what in ALWAYS {
        super::gone(cluster, "leaving", what);
    }
    // What people wrote stays.
    cluster.get("leaving", "secret/login-db");
    // And one of the same name begins anew.
    server(cluster, "leaving", &json!({}));
    deployed(cluster, "leaving");
}
