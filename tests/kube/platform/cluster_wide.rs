//! From an empty cluster to logins, for every namespace, with cert-manager and PostgreSQL.

use super::installation::Installation;
use super::person::Application;
use super::server::Server;
use std::collections::BTreeSet;

#[tokio::test]
async fn four_manifests_are_a_token_from_each_replica_and_a_login_in_a_browser() {
    let Some(installation) = Installation::shared() else { return };
    let _operator = installation.with_operator().await;
    let server = Server::start(installation, "first", 3);
    let pods = server.pods();
    assert_eq!(pods.len(), 3, "{pods:?}");
    let robot = server.credentials("robot");
    let mut keys = BTreeSet::new();
    for pod in &pods {
        assert_eq!(server.lifetime_at(pod, &robot).await, 15 * 60);
        let keys_here = server.at_pod(pod).get(format!("{}/jwks", server.issuer)).send().await.unwrap();
        keys.insert(keys_here.text().await.unwrap());
    }
    assert_eq!(keys.len(), 1, "the replicas sign with the same keys");

    let shop = Application::start();
    server.apply(&shop.manifest());
    server.ready("authclient/shop");
    let alice = shop.log_in(&server, &server.credentials("shop")).await;
    assert_eq!(alice["email"], "alice@example.org");
    assert_eq!(alice["nonce"], "once");
}
