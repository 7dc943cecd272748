//! The operator goes away: servers do not need it to serve, nor to start.

use super::installation::{HOME, Installation};
use super::server::Server;

#[tokio::test]
async fn servers_go_on_restart_and_serve_without_the_operator() {
    let Some(installation) = Installation::shared() else { return };
    let server = Server::start(installation, "alone", 2);
    let robot = server.credentials("robot");
    let _alone = installation.alone().await;
    let home = |args: &[&str]| {
        let args: Vec<&str> = ["-n", HOME].into_iter().chain(args.iter().copied()).collect();
        installation.cluster.kubectl(&args).success()
    };
    home(&["scale", "deployment/nauthera-operator", "--replicas=0"]);
    home(&[
        "wait",
        "--for=delete",
        "pods",
        "-l",
        "app.kubernetes.io/component=operator",
        "--timeout=120s",
    ]);

    let before = server.pods();
    for pod in &before {
        server.ask(&server.at_pod(pod), &robot).await.unwrap();
    }
    // All of them anew: what they start with is what was in force last, sealed in the database.
    server
        .kubectl(&["delete", "pods", "-l", "app.kubernetes.io/instance=main", "--wait=true"])
        .success();
    server
        .kubectl(&["rollout", "status", "deployment/main", "--timeout=120s"])
        .success();
    let after = server.pods();
    assert_eq!(after.len(), 2, "{after:?}");
    for pod in &after {
        assert!(!before.iter().any(|old| old.name == pod.name));
        assert_eq!(server.lifetime_at(pod, &robot).await, 15 * 60);
    }
    // What is changed meanwhile is caught up with.
    server.patch("authpolicy/services", r#"{"spec":{"token":{"accessTokenTTL":"5m"}}}"#);
    home(&["scale", "deployment/nauthera-operator", "--replicas=2"]);
    server.ready("authpolicy/services");
    for pod in &after {
        assert_eq!(server.lifetime_at(pod, &robot).await, 5 * 60, "{}", pod.name);
    }
    home(&["rollout", "status", "deployment/nauthera-operator", "--timeout=120s"]);
}

#[tokio::test]
async fn the_standby_takes_over_from_a_leader_that_hangs() {
    let Some(installation) = Installation::shared() else { return };
    let server = Server::start(installation, "take-over", 1);
    let (pods, robot) = (server.pods(), server.credentials("robot"));
    let _alone = installation.alone().await;
    let leader = || {
        let lease = [
            "-n",
            HOME,
            "get",
            "lease/nauthera-operator",
            "-o",
            "jsonpath={.spec.holderIdentity}",
        ];
        let holder = installation.cluster.kubectl(&lease).success();
        // The Pod's name, and something that tells its processes apart.
        holder.split('_').next().unwrap().to_owned()
    };
    let before = leader();
    installation.cluster.signal(HOME, &before, "STOP");
    server.set_lifetime("5m");
    assert_eq!(server.lifetime_at(&pods[0], &robot).await, 5 * 60);
    let after = leader();
    assert_ne!(after, before);

    // It wakes up, and finds out that it leads no more.
    installation.cluster.signal(HOME, &before, "CONT");
    server.set_lifetime("6m");
    assert_eq!(server.lifetime_at(&pods[0], &robot).await, 6 * 60);
    assert_eq!(leader(), after);
}
