//! Somebody deletes or edits what was made; somebody else's is there already.

use super::{ALWAYS, deployed, looked, server};
use crate::support::operated::Operated;
use serde_json::{Value, json};

#[test]
fn each_object_that_is_deleted_comes_back_and_the_key_as_it_was() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "deleted", &json!({"exposure": {"ingress": {}}}));
    deployed(cluster, "deleted");
    let key = cluster.get("deleted", "secret/main-kek")["data"].clone();
    for what in ALWAYS.iter().chain(&["poddisruptionbudget/main", "ingress/main"]) {
        cluster.until("deleted", what, "create");
        let uid = cluster.get("deleted", what)["metadata"]["uid"].clone();
        cluster.kubectl(&["-n", "deleted", "delete", what, "--cascade=orphan"]).success();
        cluster.until("deleted", what, "create");
        assert_ne!(cluster.get("deleted", what)["metadata"]["uid"], uid, "{what}");
    }
    assert_eq!(cluster.get("deleted", "secret/main-kek")["data"], key);
    cluster.until_event("deleted", "main", "DriftCorrected");
}

#[test]
fn each_edit_is_put_back_and_what_others_put_beside_stays() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "edited", &json!({}));
    deployed(cluster, "edited");
    let edits = [
        (
            "serviceaccount/main",
            json!({"automountServiceAccountToken": true}),
            "/automountServiceAccountToken",
        ),
        (
            "configmap/main",
            json!({"data": {"NAUTHERA_DRAIN_SECONDS": "0"}}),
            "/data/NAUTHERA_DRAIN_SECONDS",
        ),
        (
            "service/main",
            json!({"spec": {"selector": {"app.kubernetes.io/instance": "other"}}}),
            "/spec/selector/app.kubernetes.io~1instance",
        ),
        (
            "service/main-config",
            json!({"spec": {"publishNotReadyAddresses": false}}),
            "/spec/publishNotReadyAddresses",
        ),
        ("networkpolicy/main", json!({"spec": {"ingress": [{}]}}), "/spec/ingress"),
        ("deployment/main", json!({"spec": {"replicas": 7}}), "/spec/replicas"),
        (
            "poddisruptionbudget/main",
            json!({"spec": {"minAvailable": 0}}),
            "/spec/minAvailable",
        ),
        ("secret/main-kek", json!({"data": {"kek-1": "AAAA"}}), "/data/kek-1"),
    ];
    for (what, edit, path) in edits {
        cluster.until("edited", what, "create");
        let before = cluster.get("edited", what).pointer(path).cloned().unwrap();
        let mut edit = edit;
        edit["metadata"]["annotations"]["theirs"] = json!("stays");
        let said = cluster
            .kubectl(&["-n", "edited", "patch", what, "--type=merge", "-p", &edit.to_string(), "-o", "json"])
            .success();
        let edited: Value = serde_json::from_str(&said).unwrap();
        assert_ne!(edited.pointer(path), Some(&before), "{what}: the edit is one");
        let version = edited["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
        // The next version is the operator's.
        let begun = std::time::Instant::now();
        let now = loop {
            let now = cluster.get("edited", what);
            if now["metadata"]["resourceVersion"] != version.as_str() && now.pointer(path) == Some(&before) {
                break now;
            }
            assert!(begun.elapsed().as_secs() < 60, "{what} is not put back: {now}");
        };
        assert_eq!(now["metadata"]["annotations"]["theirs"], "stays", "{what}");
    }
}

#[test]
fn a_certificate_that_is_spoilt_is_made_anew() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "spoilt", &json!({}));
    deployed(cluster, "spoilt");
    for what in ["secret/main-config-server", "secret/main-config-operator"] {
        let edit = json!({"data": {"tls.key": "AAAA"}}).to_string();
        cluster
            .kubectl(&["-n", "spoilt", "patch", what, "--type=merge", "-p", &edit])
            .success();
        let begun = std::time::Instant::now();
        while cluster.get("spoilt", what)["data"]["tls.key"] == "AAAA" {
            assert!(begun.elapsed().as_secs() < 60, "{what} stays spoilt");
        }
    }
}

#[test]
fn a_label_or_an_owner_that_somebody_takes_off_comes_back() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "unlabelled", &json!({}));
    deployed(cluster, "unlabelled");
    let label = "jsonpath={.metadata.labels.app\\.kubernetes\\.io/managed-by}=nauthera";
    for what in ["service/main", "deployment/main", "secret/main-kek", "secret/main-config-server"] {
        let before = cluster.get("unlabelled", what);
        cluster
            .kubectl(&["-n", "unlabelled", "label", what, "app.kubernetes.io/managed-by-"])
            .success();
        cluster.until("unlabelled", what, label);
        assert_eq!(
            cluster.get("unlabelled", what)["metadata"]["uid"],
            before["metadata"]["uid"],
            "{what}"
        );
        cluster
            .kubectl(&["-n", "unlabelled", "label", "--overwrite", what, "app.kubernetes.io/instance=other"])
            .success();
        cluster.until(
            "unlabelled",
            what,
            "jsonpath={.metadata.labels.app\\.kubernetes\\.io/instance}=main",
        );
        let disown = json!({"metadata": {"ownerReferences": null}}).to_string();
        cluster
            .kubectl(&["-n", "unlabelled", "patch", what, "--type=merge", "-p", &disown])
            .success();
        cluster.until("unlabelled", what, "jsonpath={.metadata.ownerReferences[0].kind}=AuthServer");
    }
}

#[test]
fn what_is_another_s_is_not_taken_over_and_is_named() {
    let cluster = &Operated::shared().cluster;
    cluster.namespaces(&["taken"]);
    let theirs = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: main, namespace: taken}\ndata: {theirs: yes-it-is}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: main-config, namespace: taken}\nspec: {ports: [{port: 1}]}";
    cluster.apply(theirs).success();
    let versions =
        || ["configmap/main", "service/main-config"].map(|what| cluster.get("taken", what)["metadata"]["resourceVersion"].clone());
    let before = versions();
    server(cluster, "taken", &json!({}));
    cluster.until_reason("taken", "authserver/main", "Deployed", "NameConflict");
    let [_, _, message] = cluster.condition("taken", "authserver/main", "Deployed");
    assert!(
        message.contains("ConfigMap main") && message.contains("Service main-config"),
        "{message}"
    );
    looked(cluster, "taken");
    assert_eq!(versions(), before);
    // When they are out of the way it goes on by itself.
    cluster
        .kubectl(&["-n", "taken", "delete", "configmap/main", "service/main-config"])
        .success();
    deployed(cluster, "taken");
}
