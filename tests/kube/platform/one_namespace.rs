//! `helm install` for one namespace, without cert-manager and without a database: the quickstart is a login.

use crate::e2e::browser::{Browser, Mode};
use crate::e2e::free_port;
use crate::e2e::pages;
use crate::e2e::process::Process;
use crate::support::node::NodeCluster;
use crate::support::tools::{program, repository};
use std::process::Command;

#[tokio::test]
async fn helm_install_and_four_manifests_are_a_first_login() {
    let Some(cluster) = NodeCluster::start(false) else { return };
    cluster.namespaces(&["identity"]);
    let chart = repository("k8s/chart/nauthera");
    cluster
        .helm(&[
            "install",
            "nauthera",
            chart.to_str().unwrap(),
            "--namespace",
            "nauthera-system",
            "--create-namespace",
            "--set=watchNamespace=identity",
        ])
        .success();
    // As the README says: right after the installation the API server may not know the new kinds in all its answers yet.
    let operator = "deployment/nauthera-operator";
    cluster
        .kubectl(&["-n", "nauthera-system", "rollout", "status", operator, "--timeout=120s"])
        .success();
    let (port, callback_port) = (free_port(), free_port());
    let callback = format!("http://127.0.0.1:{callback_port}/callback");
    for name in ["01-server", "02-policy", "03-person", "04-client"] {
        let text = std::fs::read_to_string(repository("k8s/quickstart").join(format!("{name}.yaml"))).unwrap();
        let text = text
            .replace("http://127.0.0.1:8080", &format!("http://127.0.0.1:{port}"))
            .replace("http://127.0.0.1:8081/callback", &callback)
            .replace("namespace: demo", "namespace: identity");
        cluster.apply(&text).success();
    }
    cluster
        .kubectl(&[
            "-n",
            "identity",
            "wait",
            "--for=condition=Ready",
            "authclient/shop",
            "--timeout=180s",
        ])
        .success();
    let durable = "jsonpath={.status.conditions[?(@.type==\"Durable\")].reason}=EmbeddedDatabase";
    cluster
        .kubectl(&[
            "-n",
            "identity",
            "wait",
            &format!("--for={durable}"),
            "authserver/main",
            "--timeout=30s",
        ])
        .success();

    let kubectl = program("kubectl");
    let forwarded = Process::start(
        "kubectl port-forward",
        Command::new(&kubectl)
            .args(["-n", "identity", "port-forward", "service/main", &format!("{port}:80")])
            .env("KUBECONFIG", cluster.kubeconfig()),
    );
    forwarded.wait_for_line("where it listens", |line| line.starts_with("Forwarding from").then_some(()));
    let path = format!("{}:{}", kubectl.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let script = Process::start(
        "login.py",
        Command::new("python3")
            .arg("-u")
            .arg(repository("k8s/quickstart/login.py"))
            .args(["identity", "shop-client-secret", &callback])
            .env("PATH", path)
            .env("KUBECONFIG", cluster.kubeconfig())
            .env("BROWSER", "true"),
    );
    let address = script.wait_for_line("where to log in", |line| line.strip_prefix("Log in at ").map(str::to_owned));
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&address).await;
    pages::log_in(&browser, "alice", "correct horse battery staple").await;
    browser.click(pages::ALLOW).await;
    browser.see_text("body", "Look at your terminal").await;
    script.wait_for_line("her name", |line| line.contains("Alice Example").then_some(()));
    browser.quit().await;

    drop(forwarded);
    cluster.end();
}
