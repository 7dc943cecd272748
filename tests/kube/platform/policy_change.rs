//! A policy that tightens, on live servers.

use super::installation::Installation;
use super::server::Server;

#[tokio::test]
async fn every_token_after_the_status_says_so_obeys_the_new_policy_on_every_replica() {
    let Some(installation) = Installation::shared() else { return };
    let _operator = installation.with_operator().await;
    let server = Server::start(installation, "policy-change", 3);
    let (pods, robot) = (server.pods(), server.credentials("robot"));
    assert_eq!(pods.len(), 3, "{pods:?}");
    for (lifetime, seconds) in [("5m", 300), ("7m", 420), ("4m", 240)] {
        server.set_lifetime(lifetime);
        for pod in &pods {
            assert_eq!(server.lifetime_at(pod, &robot).await, seconds, "{}", pod.name);
        }
    }
    assert_eq!(server.pods(), pods, "no Pod was restarted for it");
    let status = server.get("authserver/main")["status"].clone();
    assert_eq!(status["replicas"]["programmed"], 3, "{status}");
}
