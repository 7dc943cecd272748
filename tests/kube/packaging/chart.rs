//! The chart without a cluster.

use super::{CHART, HOME, VARIANTS, objects, rendered, set};
use crate::support::tools::{Said, helm, repository};
use serde_json::Value;
use std::collections::BTreeSet;

fn template(values: &[&str]) -> Said {
    let chart = repository(CHART);
    let set = set(values);
    let mut args = vec!["template", "nauthera", chart.to_str().unwrap(), "--namespace", HOME];
    args.extend(set.iter().map(String::as_str));
    helm(&args)
}

#[test]
fn lint_has_nothing_to_say_about_any_variant() {
    for (name, values) in VARIANTS {
        let chart = repository(CHART);
        let set = set(values);
        let mut args = vec!["lint", "--strict", "--quiet", chart.to_str().unwrap(), "--namespace", HOME];
        args.extend(set.iter().map(String::as_str));
        let said = helm(&args);
        assert!(said.ok, "{name}: {}{}", said.out, said.err);
    }
}

#[test]
fn refuses_values_that_cannot_be_meant() {
    for (values, words) in [
        (&["watchNamespce=identity"][..], "watchNamespce"),
        (&["watchNamespace=Not a name"], "watchNamespace"),
        (&["replicas=two"], "replicas"),
        (&["image.repository="], "repository"),
        (&["image.digest=sha256:1234"], "digest"),
        (&["image.pullPolicy=Sometimes"], "pullPolicy"),
        (&["webhook.failurePolicy=Maybe"], "failurePolicy"),
        (&["webhook.timeoutSeconds=31"], "timeoutSeconds"),
        (&["metrics.port=0"], "port"),
        (&["metrics.serviceMonitor.interval=often"], "interval"),
        (&["defaultDatabase.url=mysql://db/nauthera"], "url"),
        (&["podDisruptionBudget.maxUnavailable=0"], "maxUnavailable"),
        (&["rbac.personas.aggregate.everyone=true"], "everyone"),
        (&["defaultDatabase.secretRef=db"], "defaultDatabase.namespaces: list the namespaces"),
        (
            &[
                "defaultDatabase.secretRef=db",
                "defaultDatabase.url=postgres://db/nauthera",
                "defaultDatabase.namespaces={a}",
            ],
            "name a secretRef or a url, not both",
        ),
        (&["serviceAccount.create=false"], "serviceAccount.name is needed"),
    ] {
        let complaint = template(values).failure();
        assert!(complaint.contains(words), "{values:?}: {complaint}");
    }
}

#[test]
fn an_operator_of_one_namespace_has_no_right_in_any_other() {
    let objects = objects(&["watchNamespace=identity", "crds.install=false", "rbac.personas.create=false"]);
    let cluster_wide: Vec<&String> = objects
        .keys()
        .filter(|id| id.starts_with("Cluster") || id.starts_with("CustomResourceDefinition") || id.starts_with("ValidatingWebhook"))
        .collect();
    assert!(cluster_wide.is_empty(), "{cluster_wide:?}");
    let namespaces: BTreeSet<&str> = objects
        .values()
        .map(|object| object["metadata"]["namespace"].as_str().expect("every object names its namespace"))
        .collect();
    assert_eq!(namespaces, BTreeSet::from(["identity", HOME]));
}

#[test]
fn both_modes_have_the_same_rules_but_for_what_is_of_the_whole_cluster() {
    let rules = |values: &[&str], id: &str| -> BTreeSet<String> {
        objects(values)[id]["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::to_string)
            .collect()
    };
    let wide = rules(&[], "ClusterRole /nauthera-operator");
    let narrow = rules(&["watchNamespace=identity"], "Role identity/nauthera-operator");
    let only_wide: String = wide.difference(&narrow).cloned().collect();
    let only_narrow: Vec<&String> = narrow.difference(&wide).collect();
    assert_eq!(wide.difference(&narrow).count(), 3, "{only_wide}");
    assert!(
        only_wide.contains("clusterauthpolicies") && only_wide.contains("namespaces"),
        "{only_wide}"
    );
    assert_eq!(only_narrow.len(), 1);
    assert!(only_narrow[0].contains(r#""resourceNames":["identity"]"#) && only_narrow[0].contains(r#""verbs":["get"]"#));
}

#[test]
fn every_right_of_the_operator_says_what_it_is_for() {
    for values in [&[][..], &["watchNamespace=identity", "rbac.clusterPolicies=true"]] {
        let text = rendered(values);
        let roles: Vec<&str> = text
            .split("\n---")
            .filter(|text| text.contains("\nrules:") && text.contains("name: nauthera-operator"))
            .collect();
        assert!(roles.len() >= 2);
        for role in roles {
            let rules: Vec<&str> = role.split("\nrules:").nth(1).unwrap().lines().collect();
            for pair in rules.windows(2).filter(|pair| pair[1].trim_start().starts_with("- apiGroups")) {
                assert!(pair[0].trim_start().starts_with("# "), "no reason above {pair:?} in {role}");
            }
        }
    }
}

#[test]
fn no_right_is_a_wildcard_or_lets_the_operator_give_itself_more() {
    for (name, values) in VARIANTS {
        for (id, object) in objects(values) {
            let Some(rules) = object["rules"].as_array().filter(|_| id.contains("Role ")) else {
                continue;
            };
            for rule in rules {
                let text = rule.to_string();
                for never in [
                    "\"*\"",
                    "escalate",
                    "\"bind\"",
                    "impersonate",
                    "rbac.authorization",
                    "\"pods",
                    "nonResourceURLs",
                ] {
                    assert!(!text.contains(never), "{name}: {id}: {text}");
                }
            }
        }
    }
}

#[test]
fn every_kind_is_somebody_s_and_the_operator_s() {
    let there = objects(&[]);
    let may = |role: &str, resource: &str, verb: &str| {
        there[&format!("ClusterRole /nauthera-{role}")]["rules"]
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| {
                let has = |field: &str, value: &str| rule[field].as_array().unwrap().iter().any(|item| item == value);
                has("apiGroups", "auth.nauthera.io") && has("resources", resource) && has("verbs", verb)
            })
    };
    let definitions: Vec<&Value> = there
        .values()
        .filter(|object| object["kind"] == "CustomResourceDefinition")
        .collect();
    for definition in &definitions {
        let plural = definition["spec"]["names"]["plural"].as_str().unwrap();
        assert!(may("view", plural, "list"), "{plural}");
        assert!(may("operator", plural, "watch"), "{plural}");
        assert!(may("operator", &format!("{plural}/status"), "patch"), "{plural}");
        let owners: Vec<&str> = ["developer", "security", "platform"]
            .into_iter()
            .filter(|role| may(role, plural, "create"))
            .collect();
        assert_eq!(owners.len(), 1, "{plural} is {owners:?}'s");
    }
    assert!(definitions.len() >= 10);
}

#[test]
fn the_definitions_are_upgraded_with_the_release_and_outlive_it() {
    let there = objects(&[]);
    let definitions: Vec<&Value> = there
        .values()
        .filter(|object| object["kind"] == "CustomResourceDefinition")
        .collect();
    let files = std::fs::read_dir(repository("k8s/crds")).unwrap().count() - 1;
    assert_eq!(definitions.len(), files, "one for each file but kustomization.yaml");
    for definition in definitions {
        assert_eq!(definition["metadata"]["annotations"]["helm.sh/resource-policy"], "keep");
    }
    let without = objects(&["crds.install=false"]);
    assert!(without.keys().all(|id| !id.starts_with("CustomResourceDefinition")));
}

#[test]
fn each_option_changes_what_is_rendered() {
    for (values, words) in [
        (
            &["image.repository=r.example.org/n", "image.tag=v9"][..],
            &["image: r.example.org/n:v9", "--server-image=r.example.org/n:v9"][..],
        ),
        (&["image.pullPolicy=Always"], &["imagePullPolicy: Always"]),
        (&["imagePullSecrets[0].name=registry"], &["- name: registry"]),
        (&["nameOverride=login"], &["name: nauthera-login-operator"]),
        (
            &["fullnameOverride=login"],
            &["name: login-operator", "--lease-name=login-operator"],
        ),
        (&["watchNamespace=identity"], &["--watch-namespace=identity"]),
        (
            &["watchNamespace=identity", "rbac.clusterPolicies=true"],
            &["--cluster-policies", "nauthera-operator-cluster-policies"],
        ),
        (&["replicas=3"], &["replicas: 3"]),
        (&["serviceAccount.name=mine"], &["serviceAccountName: mine"]),
        (&["serviceAccount.annotations.a=b"], &["a: b"]),
        (
            &["defaultDatabase.namespaces={a,b}", "defaultDatabase.secretRef=db"],
            &[
                "--default-database-secret=db",
                "--default-database-namespaces=a,b",
                "resourceNames: [db]",
            ],
        ),
        (
            &["defaultDatabase.namespaces={*}", "defaultDatabase.url=postgres://db/n"],
            &[
                "--default-database-secret=nauthera-default-database",
                "--default-database-namespaces=*",
                "url: \"postgres://db/n\"",
            ],
        ),
        (
            &["webhook.enabled=true"],
            &[
                "--webhook-listen=0.0.0.0:9443",
                "kind: ValidatingWebhookConfiguration",
                "selfSigned: {}",
            ],
        ),
        (&["webhook.enabled=true", "webhook.failurePolicy=Fail"], &["failurePolicy: Fail"]),
        (&["webhook.enabled=true", "webhook.timeoutSeconds=7"], &["timeoutSeconds: 7"]),
        (
            &["webhook.enabled=true", "webhook.namespaceSelector.matchLabels.a=b"],
            &["namespaceSelector:\n      matchLabels:\n        a: b"],
        ),
        (&["webhook.enabled=true", "webhook.issuerRef.name=internal"], &["name: internal"]),
        (
            &["metrics.port=9000"],
            &["--metrics-listen=0.0.0.0:9000", "containerPort: 9000", "port: 9000"],
        ),
        (&["metrics.scrapeAnnotations=true"], &["prometheus.io/port: \"8081\""]),
        (
            &["metrics.serviceMonitor.enabled=true"],
            &["kind: ServiceMonitor", "kind: PodMonitor"],
        ),
        (
            &["metrics.serviceMonitor.enabled=true", "metrics.serviceMonitor.interval=7s"],
            &["interval: 7s"],
        ),
        (
            &["metrics.serviceMonitor.enabled=true", "metrics.serviceMonitor.labels.a=b"],
            &["a: b"],
        ),
        (
            &["metrics.prometheusRule.enabled=true", "metrics.prometheusRule.labels.a=b"],
            &["kind: PrometheusRule", "a: b"],
        ),
        (&["metrics.dashboard.enabled=true"], &["nauthera.json", "grafana_dashboard: \"1\""]),
        (&["metrics.dashboard.enabled=true", "metrics.dashboard.annotations.a=b"], &["a: b"]),
        (&["networkPolicy.enabled=true"], &["kind: NetworkPolicy", "port: 6443"]),
        (
            &["networkPolicy.enabled=true", "networkPolicy.apiServerPorts={7443}"],
            &["port: 7443"],
        ),
        (
            &[
                "networkPolicy.enabled=true",
                "networkPolicy.metricsFrom[0].podSelector.matchLabels.a=b",
            ],
            &["a: b"],
        ),
        (
            &[
                "networkPolicy.enabled=true",
                "networkPolicy.apiServerTo[0].ipBlock.cidr=10.0.0.1/32",
            ],
            &["cidr: 10.0.0.1/32"],
        ),
        (&["podDisruptionBudget.maxUnavailable=50%"], &["maxUnavailable: 50%"]),
        (&["resources.limits.memory=1Gi"], &["memory: 1Gi"]),
        (&["log.filter=debug", "log.format=human"], &["--log=debug", "--log-format=human"]),
        (&["extraArgs={--help}"], &["- --help"]),
        (&["extraEnv[0].name=A", "extraEnv[0].value=b"], &["- name: A"]),
        (&["podAnnotations.a=b"], &["a: b"]),
        (&["podLabels.a=b"], &["a: b"]),
        (&["priorityClassName=high"], &["priorityClassName: high"]),
        (&["nodeSelector.a=b"], &["a: b"]),
        (&["tolerations[0].key=a"], &["- key: a"]),
        (&["affinity.podAffinity.a=b"], &["a: b"]),
        (&["topologySpreadConstraints[0].maxSkew=5"], &["maxSkew: 5"]),
        (&["terminationGracePeriodSeconds=5"], &["terminationGracePeriodSeconds: 5"]),
        (&["podSecurityContext.fsGroup=7"], &["fsGroup: 7"]),
        (&["securityContext.runAsUser=7"], &["runAsUser: 7"]),
    ] {
        let text = rendered(values);
        let plain = rendered(&values[..values.len() - 1]);
        for word in words {
            assert!(text.contains(word), "{values:?} does not render {word}");
        }
        assert_ne!(text, plain, "{} does nothing", values[values.len() - 1]);
    }
    for (off, gone) in [
        ("crds.install=false", "kind: CustomResourceDefinition"),
        ("rbac.create=false", "kind: ClusterRoleBinding"),
        ("rbac.personas.create=false", "nauthera-developer"),
        ("rbac.personas.aggregate.view=false", "aggregate-to-view"),
        ("rbac.personas.aggregate.developer=false", "aggregate-to-edit"),
        ("podDisruptionBudget.enabled=false", "kind: PodDisruptionBudget"),
        ("replicas=1", "kind: PodDisruptionBudget"),
    ] {
        assert!(rendered(&[]).contains(gone) && !rendered(&[off]).contains(gone), "{off}");
    }
    assert_eq!(
        rendered(&["rbac.personas.aggregate.security=false"])
            .matches("aggregate-to-admin")
            .count(),
        1
    );
    assert_eq!(
        rendered(&["rbac.personas.aggregate.platform=false"])
            .matches("aggregate-to-admin")
            .count(),
        1
    );
    let servers = "metrics.serviceMonitor.servers=false";
    assert!(!rendered(&["metrics.serviceMonitor.enabled=true", servers]).contains("kind: PodMonitor"));
}

#[test]
fn the_schema_and_the_values_name_the_same_settings() {
    fn paths(value: &Value, schema: bool, at: &str, into: &mut BTreeSet<String>) {
        let children = if schema { &value["properties"] } else { value };
        match children.as_object().filter(|children| !children.is_empty()) {
            Some(children) => {
                for (name, child) in children {
                    paths(child, schema, &format!("{at}.{name}"), into);
                }
            }
            None => {
                into.insert(at.to_owned());
            }
        }
    }
    let read = |file: &str| std::fs::read_to_string(repository(CHART).join(file)).unwrap();
    let schema: Value = serde_json::from_str(&read("values.schema.json")).unwrap();
    let values: Value = serde_saphyr::from_str(&read("values.yaml")).unwrap();
    let (mut of_schema, mut of_values) = (BTreeSet::new(), BTreeSet::new());
    paths(&schema, true, "", &mut of_schema);
    paths(&values, false, "", &mut of_values);
    // Open objects: the schema leaves to Kubernetes what is in them, the values have defaults.
    let open = |path: &String| {
        [
            ".global",
            ".resources",
            ".podSecurityContext",
            ".securityContext",
            ".webhook.issuerRef",
            ".metrics.dashboard.labels",
        ]
        .iter()
        .any(|prefix| path.starts_with(prefix))
    };
    of_schema.retain(|path| !open(path));
    of_values.retain(|path| !open(path));
    assert_eq!(of_schema, of_values);
}
