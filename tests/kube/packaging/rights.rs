//! What the operator's ServiceAccount may do, in both modes, by the API server's word and by real requests in its name.

use super::rendered;
use crate::support::control_plane::ControlPlane;
use serde_json::json;
use std::fmt::Write;

/// A question: verb, group, resource (with its subresource), namespace, name.
type Question<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

const OURS: &str = "auth.nauthera.io";

fn may(cluster: &ControlPlane, account: &str, questions: &[Question<'_>]) -> Vec<bool> {
    let mut yaml = String::new();
    for (verb, group, resource, namespace, name) in questions {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": account, "groups": ["system:authenticated", "system:serviceaccounts"], "resourceAttributes": {
                "group": group, "verb": verb, "resource": resource, "subresource": subresource, "namespace": namespace, "name": name}},
        });
        writeln!(yaml, "---\n{review}").unwrap();
    }
    let answers = cluster
        .with_input(&["create", "-o", "jsonpath={.status.allowed}{\"\\n\"}"], &yaml)
        .success();
    answers.lines().map(|line| line == "true").collect()
}

#[track_caller]
fn check(cluster: &ControlPlane, account: &str, expected: bool, questions: &[Question<'_>]) {
    for (question, answer) in questions.iter().zip(may(cluster, account, questions)) {
        assert_eq!(answer, expected, "{account}: {question:?}");
    }
}

/// Applies roles, bindings and the account of a release.
fn install(cluster: &ControlPlane, name: &str, values: &[&str]) -> String {
    let full = format!("fullnameOverride={name}");
    let values: Vec<&str> = values
        .iter()
        .copied()
        .chain([full.as_str(), "crds.install=false", "rbac.personas.create=false"])
        .collect();
    let roles: Vec<String> = rendered(&values)
        .split("\n---")
        .filter(|text| text.contains("templates/rbac/") || text.contains("serviceaccount.yaml"))
        .map(str::to_owned)
        .collect();
    cluster.apply(&roles.join("\n---\n")).success();
    format!("system:serviceaccount:nauthera-system:{name}-operator")
}

/// What its work needs, wherever it works.
fn work(namespace: &str) -> Vec<Question<'_>> {
    let mut questions = vec![
        ("list", OURS, "authclients", namespace, ""),
        ("watch", OURS, "authpolicies", namespace, ""),
        ("patch", OURS, "authclients/status", namespace, "shop"),
        ("patch", OURS, "userstores/status", namespace, "people"),
        ("patch", OURS, "authclients", namespace, "shop"),
        ("watch", "discovery.k8s.io", "endpointslices", namespace, ""),
        ("create", "events.k8s.io", "events", namespace, ""),
    ];
    for (group, resource) in [
        ("apps", "deployments"),
        ("", "services"),
        ("", "secrets"),
        ("", "configmaps"),
        ("", "serviceaccounts"),
        ("policy", "poddisruptionbudgets"),
        ("autoscaling", "horizontalpodautoscalers"),
        ("networking.k8s.io", "networkpolicies"),
        ("networking.k8s.io", "ingresses"),
        ("gateway.networking.k8s.io", "httproutes"),
        ("cert-manager.io", "certificates"),
        ("cert-manager.io", "issuers"),
    ] {
        for verb in ["get", "create", "patch", "delete"] {
            questions.push((verb, group, resource, namespace, "x"));
        }
    }
    questions
}

/// What it has no business with, not even where it works.
fn never(namespace: &str) -> Vec<Question<'_>> {
    vec![
        ("patch", OURS, "authservers", namespace, "main"),
        ("patch", OURS, "authpolicies", namespace, "web"),
        ("create", OURS, "authclients", namespace, ""),
        ("delete", OURS, "authclients", namespace, "shop"),
        ("update", OURS, "authclients", namespace, "shop"),
        ("create", "", "pods", namespace, ""),
        ("create", "", "pods/exec", namespace, "x"),
        ("get", "", "pods/log", namespace, "x"),
        ("create", "", "serviceaccounts/token", namespace, "x"),
        ("deletecollection", "", "secrets", namespace, ""),
        ("create", "rbac.authorization.k8s.io", "rolebindings", namespace, ""),
        ("create", "rbac.authorization.k8s.io", "roles", namespace, ""),
        ("create", "rbac.authorization.k8s.io", "clusterrolebindings", "", ""),
        ("delete", "", "namespaces", "", namespace),
        ("create", "", "namespaces", "", ""),
        ("impersonate", "", "users", "", "admin"),
        ("get", "", "nodes", "", ""),
        (
            "delete",
            "apiextensions.k8s.io",
            "customresourcedefinitions",
            "",
            "authclients.auth.nauthera.io",
        ),
        ("patch", "admissionregistration.k8s.io", "validatingwebhookconfigurations", "", "x"),
    ]
}

#[test]
fn cluster_wide_it_may_do_its_work_everywhere_and_nothing_else() {
    let cluster = ControlPlane::shared();
    cluster.namespaces(&["nauthera-system", "identity", "team-a"]);
    let account = install(cluster, "rights-wide", &[]);
    for namespace in ["identity", "team-a"] {
        check(cluster, &account, true, &work(namespace));
        check(cluster, &account, false, &never(namespace));
    }
    check(
        cluster,
        &account,
        true,
        &[
            ("watch", OURS, "clusterauthpolicies", "", ""),
            ("patch", OURS, "clusterauthpolicies/status", "", "x"),
            ("watch", "", "namespaces", "", ""),
        ],
    );
    // A Lease is its own, in its own namespace, by name.
    check(
        cluster,
        &account,
        true,
        &[
            ("update", "coordination.k8s.io", "leases", "nauthera-system", "rights-wide-operator"),
            ("create", "coordination.k8s.io", "leases", "nauthera-system", ""),
        ],
    );
    check(
        cluster,
        &account,
        false,
        &[
            ("update", "coordination.k8s.io", "leases", "nauthera-system", "another"),
            ("get", "coordination.k8s.io", "leases", "kube-system", "kube-scheduler"),
            ("update", "coordination.k8s.io", "leases", "identity", "rights-wide-operator"),
        ],
    );
}

#[test]
fn in_one_namespace_it_may_do_its_work_there_and_see_nothing_of_any_other() {
    let cluster = ControlPlane::shared();
    cluster.namespaces(&["nauthera-system", "one", "other"]);
    let account = install(
        cluster,
        "rights-one",
        &[
            "watchNamespace=one",
            "defaultDatabase.secretRef=postgres",
            "defaultDatabase.namespaces={one}",
        ],
    );
    check(cluster, &account, true, &work("one"));
    check(cluster, &account, false, &never("one"));
    // Not one of its rights holds elsewhere, nor in the namespace that it runs in but for Events and the Lease.
    check(cluster, &account, false, &work("other"));
    let at_home: Vec<Question<'_>> = work("nauthera-system")
        .into_iter()
        .filter(|question| question.2 != "events")
        .collect();
    check(cluster, &account, false, &at_home);
    check(
        cluster,
        &account,
        true,
        &[
            ("get", "", "namespaces", "one", "one"),
            ("get", "", "secrets", "nauthera-system", "postgres"),
            ("update", "coordination.k8s.io", "leases", "nauthera-system", "rights-one-operator"),
        ],
    );
    check(
        cluster,
        &account,
        false,
        &[
            ("get", "", "namespaces", "other", "other"),
            ("list", "", "namespaces", "", ""),
            ("list", OURS, "clusterauthpolicies", "", ""),
            ("list", "", "secrets", "", ""),
            ("list", OURS, "authclients", "", ""),
            ("get", "", "secrets", "nauthera-system", "another"),
            ("patch", "", "secrets", "nauthera-system", "postgres"),
        ],
    );
}

#[test]
fn cluster_policies_are_read_in_one_namespace_only_when_that_is_wanted() {
    let cluster = ControlPlane::shared();
    cluster.namespaces(&["nauthera-system", "one"]);
    let account = install(cluster, "rights-policies", &["watchNamespace=one", "rbac.clusterPolicies=true"]);
    check(cluster, &account, true, &[("watch", OURS, "clusterauthpolicies", "", "")]);
    check(
        cluster,
        &account,
        false,
        &[
            ("patch", OURS, "clusterauthpolicies/status", "", "x"),
            ("list", OURS, "authpolicies", "", ""),
        ],
    );
}

/// Not by the authorizer's word but by asking for the thing.
#[test]
fn a_secret_or_a_config_map_of_another_namespace_is_not_given_to_it() {
    let cluster = ControlPlane::shared();
    cluster.namespaces(&["nauthera-system", "one", "other"]);
    let account = install(cluster, "rights-real", &["watchNamespace=one"]);
    for namespace in ["one", "other"] {
        cluster
            .apply(&format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: {namespace}}}\nstringData: {{a: b}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: {namespace}}}\ndata: {{a: b}}\n"))
            .success();
    }
    for (kind, name) in [("secret", "s"), ("configmap", "c")] {
        let get = |namespace: &str| cluster.kubectl(&["-n", namespace, "get", kind, name, "-o", "jsonpath={.data}", "--as", &account]);
        get("one").success();
        let complaint = get("other").failure();
        assert!(complaint.contains("forbidden"), "{complaint}");
    }
}
