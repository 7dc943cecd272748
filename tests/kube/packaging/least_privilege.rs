//! The operator at work with the arguments and the rights that the chart gives it, and no other.

use super::{CHART, HOME, objects};
use crate::support::control_plane::ControlPlane;
use crate::support::operator::OperatorProcess;
use crate::support::tools::repository;

const ACCOUNT: &str = "system:serviceaccount:nauthera-system:nauthera-operator";

/// The Deployment's own arguments, but for the port: several operators run on this machine.
fn arguments(values: &[&str]) -> Vec<String> {
    let objects = objects(values);
    let deployment = &objects["Deployment nauthera-system/nauthera-operator"];
    deployment["spec"]["template"]["spec"]["containers"][0]["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|argument| argument.as_str().unwrap().to_owned())
        .map(|argument| {
            if argument.starts_with("--metrics-listen=") {
                "--metrics-listen=127.0.0.1:0".to_owned()
            } else {
                argument
            }
        })
        .collect()
}

/// Installs, runs the operator as its account until it leads and has looked at the quickstart, and says what was refused to it.
fn refusals(values: &[&str], quickstart: &str) -> Vec<(String, String, u64)> {
    let cluster = ControlPlane::empty();
    let chart = repository(CHART);
    let mut install = vec![
        "install",
        "nauthera",
        chart.to_str().unwrap(),
        "--namespace",
        HOME,
        "--create-namespace",
    ];
    install.extend(values.iter().flat_map(|value| ["--set", *value]));
    cluster.namespaces(&["identity", "demo"]);
    cluster.helm(&install).success();
    cluster
        .kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"])
        .success();

    let operator = OperatorProcess::start(&cluster, HOME, "nauthera-operator", &arguments(values));
    cluster
        .kubectl(&["-n", HOME, "wait", "--for=create", "lease/nauthera-operator", "--timeout=60s"])
        .success();
    cluster
        .kubectl(&[
            "-n",
            HOME,
            "wait",
            "--for=jsonpath={.spec.holderIdentity}",
            "lease/nauthera-operator",
            "--timeout=60s",
        ])
        .success();
    cluster.apply(quickstart).success();
    cluster
        .kubectl(&[
            "-n",
            "identity",
            "wait",
            "--for=jsonpath={.status.observedGeneration}=1",
            "authserver/main",
            "--timeout=60s",
        ])
        .success();
    assert!(!operator.log().to_lowercase().contains("forbidden"), "{}", operator.log());
    let requests = cluster.requests_of(ACCOUNT);
    assert!(
        requests
            .iter()
            .any(|(verb, resource, _)| verb == "patch" && resource.ends_with("/status")),
        "{requests:?}"
    );
    requests.into_iter().filter(|(_, _, code)| [401, 403].contains(code)).collect()
}

fn quickstart() -> String {
    ["01-server", "02-policy", "03-person", "04-client"]
        .map(|name| std::fs::read_to_string(repository("k8s/quickstart").join(format!("{name}.yaml"))).unwrap())
        .join("\n---\n")
}

#[test]
fn cluster_wide_nothing_that_the_operator_asks_for_is_refused() {
    assert_eq!(refusals(&[], &quickstart()), []);
}

#[test]
fn in_one_namespace_nothing_that_the_operator_asks_for_is_refused() {
    let quickstart = quickstart().replace("namespace: demo", "namespace: identity");
    assert_eq!(refusals(&["watchNamespace=identity"], &quickstart), []);
}

#[test]
fn in_one_namespace_with_cluster_policies_neither() {
    let policy = "apiVersion: auth.nauthera.io/v1alpha1\nkind: ClusterAuthPolicy\nmetadata: {name: all}\nspec: {token: {accessTokenTTL: 10m}}\n---\n";
    let quickstart = format!("{policy}{}", quickstart().replace("namespace: demo", "namespace: identity"));
    assert_eq!(refusals(&["watchNamespace=identity", "rbac.clusterPolicies=true"], &quickstart), []);
}

#[test]
fn in_one_namespace_with_a_default_database_neither() {
    let quickstart = quickstart().replace("namespace: demo", "namespace: identity");
    let values = [
        "watchNamespace=identity",
        "defaultDatabase.secretRef=postgres",
        "defaultDatabase.namespaces={identity}",
    ];
    assert_eq!(refusals(&values, &quickstart), []);
}
