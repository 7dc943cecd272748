//! The AuthServer is edited: what it no longer asks for goes.

use super::{apply, deployed, gone, server};
use crate::support::operated::Operated;
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
fn a_gateway_is_missed_where_there_is_no_such_thing() {
    let cluster = &Operated::shared().cluster;
    server(
        cluster,
        "gateway",
        &json!({"exposure": {"gateway": {"parentRefs": [{"name": "edge"}]}}}),
    );
    cluster.until_reason("gateway", "authserver/main", "Deployed", "GatewayApiMissing");
    cluster.until("gateway", "deployment/main", "create");
}
