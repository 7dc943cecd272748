//! Statuses of every kind.

use super::{server, service};
use crate::support::operated::Operated;
use serde_json::Value;

/// One of each kind, and something that is wrong with some.
fn everything(namespace: &str) -> String {
    format!(
        "
apiVersion: auth.nauthera.io/v1alpha1
kind: ClusterAuthPolicy
metadata: {{name: {namespace}}}
spec: {{appliesTo: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}}}, enforcePKCE: true}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: UserStore
metadata: {{name: people, namespace: {namespace}}}
spec: {{type: local}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: User
metadata: {{name: alice, namespace: {namespace}}}
spec: {{username: alice, userStoreRef: {{name: people}}}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: Group
metadata: {{name: staff, namespace: {namespace}}}
spec: {{members: [alice], userStoreRef: {{name: people}}}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: Role
metadata: {{name: buyers, namespace: {namespace}}}
spec: {{users: [alice], userStoreRef: {{name: people}}}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: ClaimMapper
metadata: {{name: teams, namespace: {namespace}}}
spec: {{authServerRef: {{name: main}}, claims: [{{name: teams, from: groups, in: [id_token]}}]}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: IdentityProvider
metadata: {{name: upstream, namespace: {namespace}}}
spec: {{oidc: {{issuerUrl: \"https://up.example.org\", clientId: a, clientSecretRef: {{name: a}}}}}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: User
metadata: {{name: lost, namespace: {namespace}}}
spec: {{username: lost, userStoreRef: {{name: not-there}}}}
"
    )
}

#[test]
fn every_kind_has_a_status_of_its_generation() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "all-kinds");
    cluster
        .kubectl(&[
            "-n",
            "all-kinds",
            "patch",
            "authserver/main",
            "--type=merge",
            "-p",
            r#"{"spec":{"userStoreRef":{"name":"people"}}}"#,
        ])
        .success();
    cluster
        .apply(&(everything("all-kinds") + service("all-kinds", "shop", "all-kinds", "").as_str()))
        .success();
    for what in [
        "authserver/main",
        "authpolicy/all",
        "clusterauthpolicy/all-kinds",
        "userstore/people",
        "users.auth.nauthera.io/alice",
        "groups.auth.nauthera.io/staff",
        "roles.auth.nauthera.io/buyers",
        "claimmapper/teams",
        "identityprovider/upstream",
        "authclient/shop",
        "users.auth.nauthera.io/lost",
    ] {
        let generation = cluster.get("all-kinds", what)["metadata"]["generation"].clone();
        cluster.until("all-kinds", what, &format!("jsonpath={{.status.observedGeneration}}={generation}"));
        let status = cluster.get("all-kinds", what)["status"].clone();
        let ready = |status: &Value| {
            let conditions = status["conditions"].as_array().unwrap().clone();
            conditions.into_iter().find(|condition| condition["type"] == "Ready").unwrap()
        };
        let ready = ready(&status);
        for field in ["reason", "message", "lastTransitionTime"] {
            assert!(
                ready[field].as_str().is_some_and(|text| !text.is_empty()),
                "{what}: {field}: {ready}"
            );
        }
        assert_eq!(ready["observedGeneration"], generation, "{what}");
    }
    cluster.until_reason("all-kinds", "users.auth.nauthera.io/lost", "Ready", "UserStoreNotReady");
}

#[test]
fn an_edit_beyond_the_policies_is_said_and_the_form_before_stays_written_down() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "beyond");
    cluster.apply(&service("beyond", "shop", "beyond", "")).success();
    cluster.until_reason("beyond", "authclient/shop", "SecretSynced", "Synced");
    let more = r#"{"spec":{"scopes":["orders:read","orders:write"]}}"#;
    cluster
        .kubectl(&["-n", "beyond", "patch", "authclient/shop", "--type=merge", "-p", more])
        .success();
    cluster.until_reason("beyond", "authclient/shop", "Ready", "PolicyViolation");
    let status = cluster.get("beyond", "authclient/shop")["status"].clone();
    assert_eq!(status["observedGeneration"], 2);
    assert_eq!(status["lastAcceptedSpec"]["scopes"], serde_json::json!(["orders:read"]));
    let [_, _, message] = cluster.condition("beyond", "authclient/shop", "PolicyAccepted");
    assert!(message.contains("orders:write") && message.contains("beyond/all"), "{message}");
    let less = r#"{"spec":{"scopes":["orders:read"]}}"#;
    cluster
        .kubectl(&["-n", "beyond", "patch", "authclient/shop", "--type=merge", "-p", less])
        .success();
    cluster.until_reason("beyond", "authclient/shop", "PolicyAccepted", "WithinPolicies");
    assert!(cluster.get("beyond", "authclient/shop")["status"].get("lastAcceptedSpec").is_none());
}

/// What an older operator meets after a newer release's definitions were installed.
#[test]
fn what_cannot_be_read_is_reported_and_skipped() {
    let operated = Operated::start();
    let cluster = &operated.cluster;
    server(cluster, "unreadable");
    let loosened = r#"[{"op":"replace","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec","value":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}]"#;
    cluster
        .kubectl(&["patch", "crd", "userstores.auth.nauthera.io", "--type=json", "-p", loosened])
        .success();
    let store = |spec: &str| {
        format!("apiVersion: auth.nauthera.io/v1alpha1\nkind: UserStore\nmetadata: {{name: people, namespace: unreadable}}\nspec: {spec}\n")
    };
    // The API server takes up a changed definition a moment after it was written.
    while !cluster.apply(&store("{type: {of: tomorrow}}")).ok {}
    cluster.until_reason("unreadable", "userstore/people", "Ready", "Undecodable");
    let [_, _, message] = cluster.condition("unreadable", "userstore/people", "Ready");
    assert!(message.contains("spec"), "{message}");
    // Everything else goes on.
    cluster.apply(&service("unreadable", "shop", "unreadable", "")).success();
    cluster.until_reason("unreadable", "authclient/shop", "SecretSynced", "Synced");
    // And so does it, once it can be read.
    cluster.apply(&store("{type: local}")).success();
    cluster.until_reason("unreadable", "userstore/people", "Ready", "StoreReady");
}
