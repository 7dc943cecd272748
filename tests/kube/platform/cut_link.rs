//! The operator cannot reach one replica.

use super::installation::{HOME, Installation};
use super::server::Server;
use serde_json::Value;

#[tokio::test]
#[ignore = "the operator does not make servers yet"]
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
    // From inside of the Pod's network: what it answers to the operator goes nowhere.
    let routes = |verb: &str| {
        for operator in operators.split_whitespace() {
            let blackhole = ["ip", "route", verb, "blackhole", operator];
            installation.cluster.in_the_network_of(pods[0].address, &blackhole).success();
        }
    };
    routes("add");
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

    routes("del");
    server.ready("authserver/main");
    server.ready("authpolicy/services");
    assert_eq!(server.lifetime_at(&pods[0], &robot).await, 300);
}
