//! What is rendered, before a real API server; and a release from its installation to its end.

use super::{CHART, HOME, VARIANTS, objects, rendered};
use crate::support::control_plane::ControlPlane;
use crate::support::tools::{kustomize, repository};
use serde_json::{Value, json};

/// A namespace with the strictest of the Pod security standards, as the overlays make it.
fn home(cluster: &ControlPlane) {
    cluster.namespaces(&["identity", "customers"]);
    cluster
        .apply(&std::fs::read_to_string(repository("k8s/base/namespace.yaml")).unwrap())
        .success();
}

#[test]
fn the_api_server_takes_every_object_of_every_variant() {
    let cluster = ControlPlane::shared();
    home(cluster);
    for (name, values) in VARIANTS {
        let said = cluster.try_out(&rendered(values));
        assert!(said.ok, "{name}: {}", said.err);
        assert!(!said.err.contains("Warning"), "{name}: {}", said.err);
    }
}

#[test]
fn the_api_server_takes_every_object_of_every_overlay() {
    let cluster = ControlPlane::shared();
    home(cluster);
    for overlay in ["cluster-wide", "single-namespace", "with-webhook"] {
        let said = cluster.try_out(&kustomize(overlay));
        assert!(said.ok, "{overlay}: {}", said.err);
        assert!(!said.err.contains("Warning"), "{overlay}: {}", said.err);
    }
}

#[test]
fn the_operators_pod_is_admitted_where_the_strictest_standard_is_enforced() {
    let cluster = ControlPlane::shared();
    home(cluster);
    for (name, values) in VARIANTS {
        let objects = objects(values);
        let deployment = objects.values().find(|object| object["kind"] == "Deployment").unwrap();
        let mut pod = deployment["spec"]["template"].clone();
        // Admission asks for the account; that is another object's test.
        pod["spec"]["serviceAccountName"] = json!("default");
        pod["spec"].as_object_mut().unwrap().remove("priorityClassName");
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["name"] = json!("operator");
        pod["metadata"]["namespace"] = json!(HOME);
        let said = cluster.try_out(&pod.to_string());
        assert!(said.ok, "{name}: {}", said.err);
        pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = Value::Bool(true);
        let complaint = cluster.try_out(&pod.to_string()).failure();
        assert!(
            complaint.contains("violates PodSecurity"),
            "{name}: the standard is not enforced here: {complaint}"
        );
    }
}

/// From an empty cluster: install, use, upgrade, uninstall, install again.
#[test]
fn a_release_comes_and_goes_and_leaves_peoples_resources() {
    let cluster = ControlPlane::empty();
    let chart = repository(CHART);
    let chart = chart.to_str().unwrap();
    let install = ["install", "nauthera", chart, "--namespace", HOME, "--create-namespace"];
    let notes = cluster.helm(&install).success();
    assert!(notes.contains("kubectl apply -f k8s/quickstart"), "{notes}");
    assert!(
        notes.contains("works in every namespace") && notes.contains("embedded SQLite"),
        "{notes}"
    );

    cluster
        .kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"])
        .success();
    cluster.namespaces(&["identity", "demo"]);
    let quickstart = repository("k8s/quickstart");
    cluster.kubectl(&["apply", "-f", quickstart.to_str().unwrap()]).success();

    // A second operator, of one namespace, beside it: it shares definitions and personas.
    let single = ["watchNamespace=team-b", "crds.install=false", "rbac.personas.create=false"].map(|value| ["--set", value]);
    cluster.namespaces(&["team-b"]);
    let mut second = vec!["install", "nauthera", chart, "--namespace", "team-b"];
    second.extend(single.iter().flatten());
    let notes = cluster.helm(&second).success();
    assert!(
        notes.contains("works in the namespace team-b alone") && notes.contains("ClusterAuthPolicies are not read"),
        "{notes}"
    );
    let line = notes.lines().map(str::trim).find(|line| line.starts_with("sed ")).unwrap();
    cluster.shell(line).success();
    for (kind, name) in [
        ("authserver", "main"),
        ("authpolicy", "web"),
        ("user", "alice"),
        ("authclient", "shop"),
    ] {
        cluster.kubectl(&["-n", "team-b", "get", kind, name]).success();
    }

    cluster
        .helm(&["upgrade", "nauthera", chart, "--namespace", HOME, "--set", "replicas=3"])
        .success();
    let replicas = [
        "-n",
        HOME,
        "get",
        "deployment",
        "nauthera-operator",
        "-o",
        "jsonpath={.spec.replicas}",
    ];
    assert_eq!(cluster.kubectl(&replicas).success(), "3");

    cluster.helm(&["uninstall", "nauthera", "--namespace", HOME]).success();
    cluster.kubectl(&replicas).failure();
    cluster.kubectl(&["-n", "demo", "get", "authclient", "shop"]).success();

    // Its definitions are still there; the release takes them back.
    cluster.helm(&install).success();
    cluster.kubectl(&["-n", "demo", "get", "authclient", "shop"]).success();
}
