//! Who may refer to whom, and that a refusal tells nothing of what it does not concern.

use super::{OPERATOR, server, service};
use crate::support::control_plane::ControlPlane;
use crate::support::operated::Operated;

/// The message of `Ready` once it has this reason, with the names of the resources that differ taken out.
fn refusal(cluster: &ControlPlane, namespace: &str, client: &str, reason: &str, names: &[&str]) -> String {
    let what = format!("authclient/{client}");
    cluster.until_reason(namespace, &what, "Ready", reason);
    let [_, _, message] = cluster.condition(namespace, &what, "Ready");
    names.iter().fold(message, |message, name| message.replace(name, "NAME"))
}

fn reason(cluster: &ControlPlane, namespace: &str, client: &str) -> String {
    let what = format!("authclient/{client}");
    cluster.until(namespace, &what, "jsonpath={.status.observedGeneration}=1");
    let [_, reason, _] = cluster.condition(namespace, &what, "Ready");
    reason
}

#[test]
fn a_server_that_may_not_be_used_reads_the_same_as_one_that_is_not_there() {
    let cluster = &Operated::shared().cluster;
    cluster.namespaces(&["closed", "outside"]);
    let closed = "
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthServer
metadata: {name: main, namespace: closed}
spec: {issuerUrl: \"https://closed.example.org\", allowedClients: {from: Same}}
";
    cluster.apply(closed).success();
    cluster.until("closed", "authserver/main", "jsonpath={.status.observedGeneration}=1");
    cluster.apply(&service("outside", "one", "closed", "")).success();
    cluster.apply(&service("outside", "two", "not-there", "")).success();
    let one = reason(cluster, "outside", "one");
    assert_eq!(one, reason(cluster, "outside", "two"));
    assert_eq!(
        refusal(cluster, "outside", "one", &one, &["closed"]),
        refusal(cluster, "outside", "two", &one, &["not-there"])
    );
}

#[test]
fn a_secret_that_is_not_meant_for_clients_reads_the_same_as_one_that_is_not_there() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "guessing");
    cluster
        .kubectl(&[
            "-n",
            "guessing",
            "create",
            "secret",
            "generic",
            "private",
            "--from-literal=client_secret=theirs",
        ])
        .success();
    for (client, name) in [("one", "private"), ("two", "missing")] {
        let reference = format!("secret: {{existingRef: {{name: {name}}}}}");
        cluster.apply(&service("guessing", client, "guessing", &reference)).success();
    }
    let one = reason(cluster, "guessing", "one");
    assert_eq!(
        refusal(cluster, "guessing", "one", &one, &["private"]),
        refusal(cluster, "guessing", "two", &one, &["missing"])
    );
}

#[test]
fn a_client_cannot_point_the_operator_at_a_secret_of_another_namespace() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "pointing");
    cluster.namespaces(&["vault"]);
    let treasure = "
apiVersion: v1
kind: Secret
metadata: {name: treasure, namespace: vault, labels: {auth.nauthera.io/client-secret: \"true\"}}
stringData: {client_secret: 0123456789abcdef0123456789abcdef0123456789abcdef}
";
    cluster.apply(treasure).success();
    // The field is not there…
    let pointing = service(
        "pointing",
        "shop",
        "pointing",
        "secret: {existingRef: {name: treasure, namespace: vault}}",
    );
    let said = cluster.try_out(&pointing).failure();
    assert!(said.contains("namespace"), "{said}");
    // …a name is no path…
    let path = service("pointing", "shop", "pointing", "secret: {existingRef: {name: ../vault/treasure}}");
    let refused = cluster.with_input(&["apply", "--server-side"], &path);
    assert!(!refused.ok || reason(cluster, "pointing", "shop") != "ClientProvisioned");
    // …and the name alone means the client's own namespace.
    let name = service("pointing", "other", "pointing", "secret: {existingRef: {name: treasure}}");
    cluster.apply(&name).success();
    cluster.until("pointing", "authclient/other", "jsonpath={.status.observedGeneration}=1");
    let [status, ..] = cluster.condition("pointing", "authclient/other", "SecretSynced");
    assert_eq!(status, "False");

    // Whatever it was asked for, the operator never read that Secret by its name, and no list without a selector.
    for event in cluster.audit() {
        if event["user"]["username"] == OPERATOR && event["objectRef"]["resource"] == "secrets" {
            let uri = event["requestURI"].as_str().unwrap();
            let verb = event["verb"].as_str().unwrap();
            assert!(!uri.contains("treasure"), "{verb} {uri}");
            assert!(
                !matches!(verb, "list" | "watch") || uri.contains("labelSelector=") || uri.contains("fieldSelector="),
                "{verb} {uri}"
            );
        }
    }
}
