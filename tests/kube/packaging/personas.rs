//! Who may do what: Kubernetes' own roles after they took in ours, by real requests in someone's name.

use super::objects;
use crate::support::control_plane::ControlPlane;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// kind, plural, and a spec that the API server takes.
const KINDS: &[(&str, &str, &str)] = &[
    (
        "AuthClient",
        "authclients",
        r#"{"authServerRef":{"name":"main"},"grantTypes":["client_credentials"]}"#,
    ),
    ("AuthPolicy", "authpolicies", "{}"),
    ("ClusterAuthPolicy", "clusterauthpolicies", "{}"),
    ("AuthServer", "authservers", r#"{"issuerUrl":"https://login.example.org"}"#),
    ("UserStore", "userstores", r#"{"type":"local"}"#),
    ("User", "users", r#"{"username":"a","userStoreRef":{"name":"a"}}"#),
    ("Group", "groups", r#"{"userStoreRef":{"name":"a"}}"#),
    ("Role", "roles", r#"{"users":["a"],"userStoreRef":{"name":"a"}}"#),
    (
        "ClaimMapper",
        "claimmappers",
        r#"{"authServerRef":{"name":"main"},"claims":[{"name":"teams","from":"groups","in":["id_token"]}]}"#,
    ),
    (
        "IdentityProvider",
        "identityproviders",
        r#"{"oidc":{"issuerUrl":"https://up.example.org","clientId":"a","clientSecretRef":{"name":"a"}}}"#,
    ),
];

const PLATFORM: &[&str] = &[
    "AuthServer",
    "UserStore",
    "User",
    "Group",
    "Role",
    "ClaimMapper",
    "IdentityProvider",
];
const EVERYTHING: &[&str] = &[
    "AuthClient",
    "AuthPolicy",
    "AuthServer",
    "UserStore",
    "User",
    "Group",
    "Role",
    "ClaimMapper",
    "IdentityProvider",
];
/// Persons, the role each has in the namespace `personas`, and the kinds that each may write there. Everyone may read every kind.
const PERSONS: &[(&str, &str, &[&str])] = &[
    ("viewer", "view", &[]),
    ("developer", "edit", &["AuthClient"]),
    ("security", "nauthera-security", &["AuthPolicy"]),
    ("platform", "nauthera-platform", PLATFORM),
    ("admin", "admin", EVERYTHING),
];

/// Installs the personas and gives each person their role in `personas`, and nothing elsewhere.
fn persons() -> &'static ControlPlane {
    let cluster = ControlPlane::shared();
    cluster.namespaces(&["personas", "elsewhere"]);
    let mut yaml = String::new();
    for (id, object) in objects(&[]) {
        if id.starts_with("ClusterRole /nauthera-") && !id.ends_with("-operator") {
            writeln!(yaml, "---\n{object}").unwrap();
        }
    }
    for (person, role, _) in PERSONS {
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": person, "namespace": "personas"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": person}],
        });
        writeln!(yaml, "---\n{binding}").unwrap();
    }
    cluster
        .with_input(&["apply", "--server-side", "--force-conflicts"], &yaml)
        .success();
    // The controller that aggregates roles works by itself: wait for what it does last, admin taking in edit taking in developer.
    let started = Instant::now();
    for (person, plural) in [
        ("admin", "authclients"),
        ("admin", "authpolicies"),
        ("admin", "authservers"),
        ("viewer", "authservers"),
    ] {
        let verb = if person == "viewer" { "list" } else { "create" };
        let resource = format!("{plural}.auth.nauthera.io");
        while !cluster
            .kubectl(&["auth", "can-i", verb, &resource, "-n", "personas", "--as", person])
            .ok
        {
            assert!(started.elapsed() < Duration::from_secs(30), "roles were not aggregated");
        }
    }
    cluster
}

/// What the API server says to each of these questions (person, verb, resource, subresource, namespace), asked in one go.
fn may(cluster: &ControlPlane, questions: &[(&str, &str, &str, &str, &str)]) -> Vec<bool> {
    let mut yaml = String::new();
    for (person, verb, resource, subresource, namespace) in questions {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": person, "groups": ["system:authenticated"], "resourceAttributes": {
                "group": "auth.nauthera.io", "verb": verb, "resource": resource, "subresource": subresource, "namespace": namespace}},
        });
        writeln!(yaml, "---\n{review}").unwrap();
    }
    let answers = cluster
        .with_input(&["create", "-o", "jsonpath={.status.allowed}{\"\\n\"}"], &yaml)
        .success();
    let answers: Vec<bool> = answers.lines().map(|line| line == "true").collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

#[test]
fn each_person_may_write_their_kinds_read_all_and_write_no_status() {
    let cluster = persons();
    let mut questions = Vec::new();
    let mut expected = Vec::new();
    for (person, _, own) in PERSONS {
        for (kind, plural, _) in KINDS {
            // A RoleBinding gives nothing on what is of the whole cluster.
            let of_cluster = *kind == "ClusterAuthPolicy";
            for verb in ["get", "list", "watch"] {
                questions.push((*person, verb, *plural, "", "personas"));
                expected.push(true);
            }
            for verb in ["create", "update", "patch", "delete", "deletecollection"] {
                questions.push((*person, verb, *plural, "", "personas"));
                expected.push(own.contains(kind) || (of_cluster && own.contains(&"AuthPolicy")));
                questions.push((*person, verb, *plural, "", if of_cluster { "" } else { "elsewhere" }));
                expected.push(false);
            }
            for (verb, subresource) in [("update", "status"), ("patch", "status"), ("update", "finalizers")] {
                questions.push((*person, verb, *plural, subresource, "personas"));
                expected.push(false);
            }
        }
    }
    let answers = may(cluster, &questions);
    for ((question, answer), expected) in questions.iter().zip(answers).zip(expected) {
        assert_eq!(answer, expected, "{question:?}");
    }
}

/// The same by real requests: the API server makes the object, or says that it is forbidden.
#[test]
fn a_developer_makes_clients_and_nothing_else() {
    let cluster = persons();
    for (person, _, own) in PERSONS {
        for (kind, plural, spec) in KINDS {
            let mut object: BTreeMap<&str, Value> = BTreeMap::new();
            object.insert("apiVersion", json!("auth.nauthera.io/v1alpha1"));
            object.insert("kind", json!(kind));
            object.insert("metadata", json!({"name": format!("of-{person}"), "namespace": "personas"}));
            if *kind == "ClusterAuthPolicy" {
                object.insert("metadata", json!({"name": format!("of-{person}")}));
            }
            object.insert("spec", serde_json::from_str(spec).unwrap());
            let said = cluster.with_input(&["create", "--as", person], &serde_json::to_string(&object).unwrap());
            if own.contains(kind) {
                assert!(said.ok, "{person} {kind}: {}", said.err);
            } else {
                let complaint = said.failure();
                assert!(
                    complaint.contains("forbidden") && complaint.contains(&format!("cannot create resource \"{plural}\"")),
                    "{person} {kind}: {complaint}"
                );
            }
        }
    }
}

#[test]
fn nobody_forges_the_status_of_their_client() {
    let cluster = persons();
    let client = json!({"apiVersion": "auth.nauthera.io/v1alpha1", "kind": "AuthClient", "metadata": {"name": "forged", "namespace": "personas"},
        "spec": {"authServerRef": {"name": "main"}, "grantTypes": ["client_credentials"]}});
    cluster.with_input(&["create", "--as", "developer"], &client.to_string()).success();
    for person in ["developer", "admin"] {
        let complaint = cluster
            .kubectl(&[
                "-n",
                "personas",
                "patch",
                "authclient",
                "forged",
                "--subresource=status",
                "--type=merge",
                "--as",
                person,
                "-p",
                r#"{"status":{"clientId":"another.client"}}"#,
            ])
            .failure();
        assert!(complaint.contains("forbidden"), "{person}: {complaint}");
    }
}

/// Whoever is given the security role in the whole cluster makes policies for the whole cluster.
#[test]
fn cluster_policies_take_a_cluster_role_binding() {
    let cluster = persons();
    cluster
        .apply("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: test-chief}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: nauthera-security}\nsubjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: chief}]\n")
        .success();
    let policy =
        json!({"apiVersion": "auth.nauthera.io/v1alpha1", "kind": "ClusterAuthPolicy", "metadata": {"name": "of-chief"}, "spec": {}});
    cluster.with_input(&["create", "--as", "chief"], &policy.to_string()).success();
    let answers = may(
        cluster,
        &[
            ("chief", "create", "authpolicies", "", "elsewhere"),
            ("chief", "create", "authclients", "", "elsewhere"),
            ("chief", "create", "authservers", "", "elsewhere"),
        ],
    );
    assert_eq!(answers, [true, false, false]);
}
