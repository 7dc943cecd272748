//! The operator cannot reach one replica.

use super::installation::{HOME, Installation};
use super::server::Server;
use serde_json::Value;

#[tokio::test]
async fn a_replica_that_cannot_be_reached_is_told_of_and_the_others_go_on() {
    let Some(installation) = Installation::shared() else { return };
    let _operator = installation.with_operator().await;
    let server = Server::start(installation, "cut-off", 3);
    let (pods, robot) = (server.pods(), server.credentials("robot"));
    let operators = installation.cluster.kubectl(&[
        "-n",
        HOME,
        "get",
        "pods",
        "-l",
        "app.kubernetes.io/component=operator",
        "-o",
        "jsonpath={.items[*].status.podIP}",
    ]);
    let operators = operators.success();
    // What the operator sends to that Pod goes nowhere.
    let route = |verb: &str| {
        for operator in operators.split_whitespace() {
            let (operator, pod) = (operator.parse().unwrap(), pods[0].address.to_string());
            let blackhole = ["ip", "route", verb, "blackhole", &pod];
            installation.cluster.in_the_network_of(operator, &blackhole).success();
        }
    };
    route("add");
    server.patch("authpolicy/services", r#"{"spec":{"token":{"accessTokenTTL":"5m"}}}"#);
    server.wait(
        "jsonpath={.status.conditions[?(@.type==\"Programmed\")].reason}=ReplicaUnreachable",
        "authserver/main",
    );
    let status = server.get("authserver/main")["status"].clone();
    assert_eq!(status["replicas"]["programmed"], 2, "{status}");
    let programmed: &Value = (status["conditions"].as_array().unwrap().iter())
        .find(|condition| condition["type"] == "Programmed")
        .unwrap();
    let said = programmed["message"].as_str().unwrap();
    assert!(said.starts_with("2/3") && said.contains(&pods[0].name), "{said}");
    for (pod, seconds) in pods.iter().zip([900, 300, 300]) {
        assert_eq!(server.lifetime_at(pod, &robot).await, seconds, "{}", pod.name);
    }

    route("del");
    server.ready("authserver/main");
    server.ready("authpolicy/services");
    assert_eq!(server.lifetime_at(&pods[0], &robot).await, 300);
}
