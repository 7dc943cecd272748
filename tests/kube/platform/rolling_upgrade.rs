//! Another release of the image.

use super::installation::Installation;
use super::load::Load;
use super::server::Server;
use crate::support::image::NEXT_IMAGE;
use std::sync::{Arc, Mutex};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_rolls_over_all_replicas_without_a_failed_request() {
    let Some(installation) = Installation::shared() else { return };
    let _operator = installation.with_operator().await;
    let server = Server::start(installation, "upgrade", 2);
    let before = server.pods();
    let load = Load::start(&server, &Arc::new(Mutex::new(server.credentials("robot"))));

    server.patch("authserver/main", &format!(r#"{{"spec":{{"image":"{NEXT_IMAGE}"}}}}"#));
    let image = "{.spec.template.spec.containers[0].image}";
    server.wait(&format!("jsonpath={image}={NEXT_IMAGE}"), "deployment/main");
    server
        .kubectl(&["rollout", "status", "deployment/main", "--timeout=180s"])
        .success();

    let answered = load.stop().await;
    assert!(answered > 20, "{answered}");
    let after = server.pods();
    assert_eq!(after.len(), 2, "{after:?}");
    assert!(!after.iter().any(|pod| before.contains(pod)), "{before:?} {after:?}");
    for pod in &after {
        assert_eq!(
            server.get(&format!("pod/{}", pod.name))["spec"]["containers"][0]["image"],
            NEXT_IMAGE
        );
    }
    server.ready("authserver/main");
}
