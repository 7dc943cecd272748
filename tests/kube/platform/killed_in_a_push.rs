//! A server is killed while configurations come in.

use super::installation::Installation;
use super::server::Server;

#[tokio::test]
async fn a_server_that_is_killed_during_a_push_comes_back_with_the_latest_configuration() {
    let Some(installation) = Installation::shared() else { return };
    let _operator = installation.with_operator().await;
    let server = Server::start(installation, "killed", 2);
    let (pods, robot) = (server.pods(), server.credentials("robot"));
    // Change after change, and in the midst of them the program is killed, with no time to say goodbye.
    for minutes in [7, 8, 9, 10] {
        server.patch(
            "authpolicy/services",
            &format!(r#"{{"spec":{{"token":{{"accessTokenTTL":"{minutes}m"}}}}}}"#),
        );
        if minutes == 8 {
            installation.cluster.signal("killed", &pods[0].name, "KILL");
        }
    }
    let killed = format!("pod/{}", pods[0].name);
    server.wait("jsonpath={.status.containerStatuses[0].restartCount}=1", &killed);
    server.wait("condition=Ready", &killed);
    server.wait("jsonpath={.status.replicas.programmed}=2", "authserver/main");
    server.ready("authpolicy/services");
    assert_eq!(server.pods(), pods, "the same Pods: it is the program that was started anew");
    for pod in &pods {
        assert_eq!(server.lifetime_at(pod, &robot).await, 10 * 60, "{}", pod.name);
    }
}
