//! Certificates are renewed while everything runs.

use super::installation::Installation;
use super::server::{Pod, Server};
use crate::support::tools::run;
use std::path::Path;
use std::time::{Duration, Instant};

/// The serial number of the certificate that a Pod shows at this port.
fn shown(pod: &Pod, port: u16) -> String {
    let script = format!(
        "openssl s_client -connect {}:{port} </dev/null 2>/dev/null | openssl x509 -noout -serial",
        pod.address
    );
    run(Path::new("sh"), ["-c", &script], &[], "").out
}

#[tokio::test]
async fn renewed_certificates_are_taken_without_a_restart_and_pushes_go_on() {
    let Some(installation) = Installation::shared() else { return };
    let _operator = installation.with_operator().await;
    let server = Server::start(installation, "renewal", 2);
    let (pods, robot) = (server.pods(), server.credentials("robot"));
    let before: Vec<[String; 2]> = pods.iter().map(|pod| [shown(pod, 9443), shown(pod, 8443)]).collect();
    assert!(before.iter().flatten().all(|serial| serial.starts_with("serial=")), "{before:?}");

    // What cert-manager does at two thirds of a certificate's life, it does when its Secret is gone.
    for secret in ["main-config-server", "main-config-operator", "main-tls"] {
        server.kubectl(&["delete", "secret", secret]).success();
        server.wait("create", &format!("secret/{secret}"));
    }
    // kubelet hands a Secret's new content to a Pod within its own period, a minute at most.
    let deadline = Instant::now() + Duration::from_secs(150);
    for (pod, old) in pods.iter().zip(&before) {
        for (port, old) in [9443, 8443].into_iter().zip(old) {
            while shown(pod, port) == *old {
                assert!(Instant::now() < deadline, "{} shows {old} at {port} still", pod.name);
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
    server.set_lifetime("5m");
    for pod in &pods {
        assert_eq!(server.lifetime_at(pod, &robot).await, 5 * 60, "{}", pod.name);
    }
    assert_eq!(server.pods(), pods, "no Pod was restarted for it");
}
