//! What the operator does when there is nothing to do: nothing.

use super::{OPERATOR, server, service};
use crate::support::control_plane::ControlPlane;
use crate::support::operated::{Operated, start_operator};

/// Writes of the operator since then, but for its Lease: verb, resource, namespace, name.
fn writes(cluster: &ControlPlane, since: usize) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    cluster
        .audit()
        .iter()
        .skip(since)
        .filter(|event| event["user"]["username"] == OPERATOR)
        .filter(|event| !["get", "list", "watch"].contains(&event["verb"].as_str().unwrap()))
        .filter(|event| event["objectRef"]["resource"] != "leases")
        .map(|event| {
            let object = &event["objectRef"];
            let parts = [
                &event["verb"],
                &object["resource"],
                &object["subresource"],
                &object["namespace"],
                &object["name"],
            ];
            parts.map(text).join(" ")
        })
        .collect()
}

/// Another namespace's client, whose status tells that the operator has looked at everything.
fn mark(cluster: &ControlPlane, namespace: &str) {
    server(cluster, namespace);
    cluster.apply(&service(namespace, "shop", namespace, "")).success();
    cluster.until_reason(namespace, "authclient/shop", "Ready", "NoReplicas");
    cluster.until_reason(namespace, "authserver/main", "Ready", "Starting");
    cluster.until_reason(namespace, "authpolicy/all", "Ready", "NoReplicas");
}

fn elsewhere(writes: Vec<String>, marker: &str) -> Vec<String> {
    // The Event that somebody leads now is in the operator's own namespace.
    let ours = |write: &String| write.contains(&format!(" {marker} ")) || write.contains(" events ");
    writes.into_iter().filter(|write| !ours(write)).collect()
}

#[test]
fn a_new_leader_and_broken_watches_write_nothing_that_is_there_already() {
    let Operated { cluster, operator } = Operated::start();
    mark(&cluster, "first");
    // The API server writes it as 500m.
    let half = r#"{"spec": {"resources": {"requests": {"cpu": "0.5"}}}}"#;
    cluster
        .kubectl(&["-n", "first", "patch", "authserver/main", "--type=merge", "-p", half])
        .success();
    cluster.until(
        "first",
        "deployment/main",
        r"jsonpath={.spec.template.spec.containers[0].resources.requests.cpu}=500m",
    );
    let clients: String = (0..30)
        .map(|number| service("first", &format!("client-{number}"), "first", ""))
        .collect();
    cluster.apply(&clients).success();
    for number in 0..30 {
        cluster.until_reason("first", &format!("authclient/client-{number}"), "Ready", "NoReplicas");
    }

    // Another process, which knows nothing but what it lists
    operator.kill();
    let before = cluster.audit().len();
    let operator = start_operator(&cluster, "nauthera-operator", "operator-1");
    mark(&cluster, "second");
    assert_eq!(elsewhere(writes(&cluster, before), "second"), Vec::<String>::new());

    // Every watch breaks, and lists anew.
    let before = cluster.audit().len();
    cluster.restart_api_server();
    mark(&cluster, "third");
    assert_eq!(elsewhere(writes(&cluster, before), "third"), Vec::<String>::new());
    drop(operator);
}
