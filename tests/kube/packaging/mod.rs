//! The chart, the overlays, the definitions and the roles: what `helm` and `kubectl` make of them, and what a real API server says.

mod alerts;
mod chart;
mod chart_on_a_cluster;
mod kustomize;
mod least_privilege;
mod personas;
mod rights;
mod schemas;

use crate::support::tools::{helm, repository};
use crate::support::yaml::{by_id, documents};
use serde_json::Value;
use std::collections::BTreeMap;

/// Sets of values that between them use every option of the chart.
const VARIANTS: &[(&str, &[&str])] = &[
    ("as it comes", &[]),
    ("one namespace", &["watchNamespace=identity"]),
    (
        "one namespace, with cluster policies",
        &["watchNamespace=identity", "rbac.clusterPolicies=true"],
    ),
    (
        "one namespace, nothing of the cluster",
        &["watchNamespace=identity", "crds.install=false", "rbac.personas.create=false"],
    ),
    (
        "everything",
        &[
            "webhook.enabled=true",
            "metrics.serviceMonitor.enabled=true",
            "metrics.serviceMonitor.labels.release=prometheus",
            "metrics.prometheusRule.enabled=true",
            "metrics.prometheusRule.labels.release=prometheus",
            "metrics.dashboard.enabled=true",
            "metrics.dashboard.annotations.folder=Identity",
            "networkPolicy.enabled=true",
            "defaultDatabase.secretRef=postgres",
            "defaultDatabase.namespaces={identity,customers}",
            "imagePullSecrets[0].name=registry",
            "priorityClassName=system-cluster-critical",
            "podAnnotations.a=b",
            "podLabels.team=platform",
            "serviceAccount.annotations.a=b",
            "nodeSelector.disk=ssd",
            "tolerations[0].operator=Exists",
            "extraArgs={--log=debug}",
            "extraEnv[0].name=RUST_BACKTRACE",
            "extraEnv[0].value=full",
        ],
    ),
    (
        "everything, in one namespace",
        &[
            "watchNamespace=identity",
            "webhook.enabled=true",
            "webhook.failurePolicy=Fail",
            "webhook.issuerRef.kind=ClusterIssuer",
            "webhook.issuerRef.name=internal",
            "metrics.serviceMonitor.enabled=true",
            "metrics.dashboard.enabled=true",
            "metrics.scrapeAnnotations=true",
            "networkPolicy.enabled=true",
            "networkPolicy.metricsFrom[0].podSelector.matchLabels.app=prometheus",
            "networkPolicy.apiServerTo[0].ipBlock.cidr=10.0.0.1/32",
            "defaultDatabase.url=postgres://nauthera@db.internal/nauthera",
            "defaultDatabase.namespaces={*}",
        ],
    ),
    (
        "roles, account and names of one's own",
        &[
            "rbac.create=false",
            "serviceAccount.create=false",
            "serviceAccount.name=mine",
            "fullnameOverride=login",
            "replicas=1",
            "image.repository=registry.example.org:5000/nauthera",
            "image.digest=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ],
    ),
];

const CHART: &str = "k8s/chart/nauthera";
/// Where the operator is installed.
const HOME: &str = "nauthera-system";

/// `--set` for each value.
fn set(values: &[&str]) -> Vec<String> {
    values.iter().flat_map(|value| ["--set".to_owned(), (*value).to_owned()]).collect()
}

/// What the chart renders, as text.
fn rendered(values: &[&str]) -> String {
    let chart = repository(CHART);
    let set = set(values);
    let mut args = vec!["template", "nauthera", chart.to_str().unwrap(), "--namespace", HOME];
    args.extend(set.iter().map(String::as_str));
    helm(&args).success()
}

/// What the chart renders, by `Kind namespace/name`.
fn objects(values: &[&str]) -> BTreeMap<String, Value> {
    by_id(documents(&rendered(values)))
}
