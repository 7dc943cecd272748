//! A namespace goes, with all its clients.

use super::installation::Installation;
use super::server::Server;
use std::fmt::Write;

#[tokio::test]
async fn a_namespace_with_twenty_clients_is_gone_within_a_minute_while_a_replica_hangs() {
    let Some(installation) = Installation::shared() else { return };
    let _operator = installation.with_operator().await;
    let server = Server::start(installation, "crowd", 2);
    installation.cluster.namespaces(&["crowd-team"]);
    let mut clients = String::new();
    for number in 0..20 {
        write!(
            clients,
            "---
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {{name: robot-{number}, namespace: crowd-team, labels: {{profile: service}}}}
spec: {{authServerRef: {{name: main, namespace: crowd}}, grantTypes: [client_credentials]}}
"
        )
        .unwrap();
    }
    let kubectl = |args: &[&str]| installation.cluster.kubectl(args).success();
    installation.cluster.apply(&clients).success();
    kubectl(&[
        "-n",
        "crowd-team",
        "wait",
        "--for=condition=Ready",
        "authclients",
        "--all",
        "--timeout=120s",
    ]);

    let pods = server.pods();
    installation.cluster.signal("crowd", &pods[0].name, "STOP");
    kubectl(&["delete", "namespace", "crowd-team", "--timeout=60s"]);
    installation.cluster.signal("crowd", &pods[0].name, "CONT");
    server.ready("authserver/main");
    let status = server.get("authserver/main")["status"].clone();
    assert_eq!(status["clients"], 1, "{status}");
}
