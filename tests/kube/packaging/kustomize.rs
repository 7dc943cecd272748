//! The overlays install what the chart installs.

use super::objects;
use crate::support::tools::kustomize;
use crate::support::yaml::{by_id, documents};
use serde_json::Value;
use std::collections::BTreeMap;

/// Takes off what only Helm adds, and the order of arguments.
fn plain(mut object: Value) -> Value {
    if let Some(labels) = object.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        for helms in [
            "helm.sh/chart",
            "app.kubernetes.io/managed-by",
            "app.kubernetes.io/version",
            "app.kubernetes.io/part-of",
        ] {
            labels.remove(helms);
        }
        if labels.is_empty() {
            object["metadata"].as_object_mut().unwrap().remove("labels");
        }
    }
    if object["kind"] == "CustomResourceDefinition" {
        object["metadata"].as_object_mut().unwrap().remove("annotations");
    }
    if let Some(arguments) = object
        .pointer_mut("/spec/template/spec/containers/0/args")
        .and_then(Value::as_array_mut)
    {
        arguments.sort_by_key(Value::to_string);
    }
    object
}

fn compare(overlay: &str, values: &[&str]) {
    let mut kustomized: BTreeMap<String, Value> = by_id(documents(&kustomize(overlay)));
    let namespace = kustomized
        .remove("Namespace /nauthera-system")
        .expect("the overlay makes its namespace; helm is told to");
    assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
    let charted = objects(values);
    assert_eq!(
        kustomized.keys().collect::<Vec<_>>(),
        charted.keys().collect::<Vec<_>>(),
        "{overlay}"
    );
    for (id, object) in kustomized {
        assert_eq!(plain(object), plain(charted[&id].clone()), "{overlay}: {id}");
    }
}

#[test]
fn cluster_wide_is_the_chart_as_it_comes() {
    compare("cluster-wide", &[]);
}

#[test]
fn single_namespace_is_the_chart_with_watch_namespace() {
    compare("single-namespace", &["watchNamespace=identity"]);
}

#[test]
fn with_webhook_is_the_chart_with_its_webhook() {
    compare("with-webhook", &["webhook.enabled=true"]);
}
