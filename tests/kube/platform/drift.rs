//! Somebody deletes what the operator made.

use super::installation::Installation;
use super::server::Server;
use serde_json::Value;

#[tokio::test]
async fn what_is_deleted_by_hand_is_put_back_and_no_pod_notices() {
    let Some(installation) = Installation::shared() else { return };
    let _operator = installation.with_operator().await;
    let server = Server::start(installation, "drift", 2);
    let (pods, robot) = (server.pods(), server.credentials("robot"));
    let kinds = "services,serviceaccounts,configmaps,secrets,poddisruptionbudgets,networkpolicies,deployments";
    let ours = || -> Vec<(String, String)> {
        let list = server.kubectl(&[
            "get",
            kinds,
            "-l",
            "app.kubernetes.io/managed-by=nauthera,app.kubernetes.io/instance=main",
            "-o",
            "json",
        ]);
        let list: Value = serde_json::from_str(&list.success()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (list["items"].as_array().unwrap().iter())
            .map(|object| {
                let name = format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]));
                (name, text(&object["metadata"]["uid"]))
            })
            .collect()
    };
    let made = ours();
    assert!(made.len() > 7, "{made:?}");
    for (name, uid) in &made {
        server.kubectl(&["delete", name, "--cascade=orphan"]).success();
        server.wait("create", name);
        assert_ne!(server.get(name)["metadata"]["uid"], uid.as_str(), "{name}");
    }
    assert_eq!(ours().len(), made.len());
    server
        .kubectl(&["rollout", "status", "deployment/main", "--timeout=120s"])
        .success();
    server.ready("authserver/main");
    server.set_lifetime("5m");
    assert_eq!(
        server.pods(),
        pods,
        "the Deployment that was put back has the Pods of the one before"
    );
    for pod in &pods {
        assert_eq!(server.lifetime_at(pod, &robot).await, 5 * 60, "{}", pod.name);
    }
    server.ask(&server.at(server.service(), 443), &robot).await.unwrap();
}
