//! The AuthServer is edited: what it no longer asks for goes.

use super::{apply, deployed, gone, server};
use crate::support::operated::{Operated, installed, start_operator};
use serde_json::json;

#[test]
fn what_an_edit_no_longer_asks_for_is_deleted() {
    let cluster = &Operated::shared().cluster;
    server(
        cluster,
        "less",
        &json!({"exposure": {"ingress": {}}, "autoscaling": {"maxReplicas": 4}}),
    );
    deployed(cluster, "less");
    let extras = ["ingress/main", "horizontalpodautoscaler/main", "poddisruptionbudget/main"];
    for what in extras {
        cluster.until("less", what, "create");
    }
    apply(cluster, "less", &json!({"replicas": 1}));
    for what in extras {
        gone(cluster, "less", what);
    }
    cluster.until("less", "deployment/main", "jsonpath={.spec.replicas}=1");
}

#[test]
fn without_its_secrets_nothing_is_made_of_a_pod_and_it_says_which() {
    let cluster = &Operated::shared().cluster;
    cluster.namespaces(&["waiting"]);
    apply(cluster, "waiting", &json!({"tls": {"certSecretRef": {"name": "login-tls"}}}));
    cluster.until_reason("waiting", "authserver/main", "Deployed", "DatabaseNotFound");
    cluster.until_reason("waiting", "authserver/main", "TLS", "CertificateMissing");
    cluster.until("waiting", "service/main", "create");
    assert!(!cluster.kubectl(&["-n", "waiting", "get", "deployment/main"]).ok);
    server(cluster, "waiting", &json!({}));
    deployed(cluster, "waiting");
}

#[test]
fn a_gateway_is_missed_until_there_is_such_a_thing() {
    let cluster = installed();
    let _operator = start_operator(&cluster, "nauthera-operator", "operator-0");
    let exposure = json!({"exposure": {"gateway": {"parentRefs": [{"name": "edge", "sectionName": "https"}], "annotations": {"a": "b"}}}});
    server(&cluster, "gateway", &exposure);
    cluster.until_reason("gateway", "authserver/main", "Deployed", "GatewayApiMissing");
    cluster.until("gateway", "deployment/main", "create");
    cluster.add_http_routes();
    // The operator looks by itself.
    cluster.until("gateway", "authserver/main", "condition=Deployed");
    cluster.until("gateway", "httproute/main", "create");
    let route = cluster.get("gateway", "httproute/main");
    assert_eq!(route["spec"]["hostnames"], json!(["gateway.example.org"]));
    assert_eq!(route["spec"]["rules"][0]["backendRefs"][0]["name"], "main");
    cluster.kubectl(&["-n", "gateway", "delete", "httproute/main"]).success();
    cluster.until("gateway", "httproute/main", "create");
    apply(&cluster, "gateway", &json!({}));
    gone(&cluster, "gateway", "httproute/main");
}
