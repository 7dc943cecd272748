//! Whether an object is as it should be: every field that the operator writes has its value. What others put beside is theirs. Pure.

use super::quantity;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Where an object differs, and what is there (null: nothing).
pub type Differences = BTreeMap<String, Value>;

/// Where `live` differs from `wanted`, as far as `wanted` says anything.
pub fn differences(wanted: &Value, live: &Value) -> Differences {
    let mut found = Differences::new();
    compare("", wanted, live, &mut found);
    // What it is nobody can change, and an object of a list does not say.
    found.retain(|path, _| path != "/apiVersion" && path != "/kind");
    found
}

fn compare(path: &str, wanted: &Value, live: &Value, found: &mut Differences) {
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => fields(path, wanted, live, found),
        (Value::Array(wanted), Value::Array(live)) => items(path, wanted, live, found),
        _ if wanted == live => {}
        (Value::String(wanted), Value::String(live)) if is_quantity(path) && quantity::is_same(wanted, live) => {}
        // What is empty is not written.
        (Value::Object(wanted), Value::Null) if wanted.is_empty() => {}
        (Value::Array(wanted), Value::Null) if wanted.is_empty() => {}
        _ => drop(found.insert(path.to_owned(), live.clone())),
    }
}

/// Whether there is a quantity: what a container asks for, and what it may have.
fn is_quantity(path: &str) -> bool {
    let parent = path.rsplit_once('/').map(|(parent, _)| parent);
    parent.is_some_and(|parent| parent.ends_with("/resources/requests") || parent.ends_with("/resources/limits"))
}

fn fields(path: &str, wanted: &Map<String, Value>, live: &Map<String, Value>, found: &mut Differences) {
    for (name, wanted) in wanted {
        compare(&format!("{path}/{name}"), wanted, live.get(name).unwrap_or(&Value::Null), found);
    }
}

fn items(path: &str, wanted: &[Value], live: &[Value], found: &mut Differences) {
    match key_of(path) {
        // A list whose items have names: others may add some, in any order.
        Some(key) => {
            for wanted in wanted {
                let name = wanted.get(key);
                let same = live.iter().find(|live| live.get(key) == name).unwrap_or(&Value::Null);
                let name = name.map(Value::to_string).unwrap_or_default();
                compare(&format!("{path}/{name}"), wanted, same, found);
            }
        }
        None if wanted.len() != live.len() => drop(found.insert(path.to_owned(), Value::Array(live.to_vec()))),
        None => {
            for (index, (wanted, live)) in wanted.iter().zip(live).enumerate() {
                compare(&format!("{path}/{index}"), wanted, live, found);
            }
        }
    }
}

/// The field by which the API server tells the items of this list apart (`x-kubernetes-list-map-keys`), where it does.
fn key_of(path: &str) -> Option<&'static str> {
    match path.rsplit('/').next()? {
        "containers" | "volumes" => Some("name"),
        "volumeMounts" => Some("mountPath"),
        "ownerReferences" => Some("uid"),
        "topologySpreadConstraints" => Some("topologyKey"),
        "ports" if path.ends_with("/spec/ports") => Some("port"),
        "ports" if path.contains("/containers/") => Some("containerPort"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(wanted: &Value, live: &Value) -> Vec<String> {
        differences(wanted, live).into_keys().collect()
    }

    #[test]
    fn what_others_put_beside_is_theirs() {
        let wanted =
            json!({"metadata": {"labels": {"a": "1"}}, "spec": {"template": {"spec": {"containers": [{"name": "server", "image": "x"}]}}}});
        let live = json!({
            "metadata": {"labels": {"a": "1", "team": "b"}, "resourceVersion": "7"},
            "spec": {"replicas": 3, "template": {"spec": {"dnsPolicy": "ClusterFirst", "containers": [
                {"name": "theirs", "image": "y"},
                {"name": "server", "image": "x", "terminationMessagePath": "/dev/termination-log"},
            ]}}},
            "status": {},
        });
        assert!(paths(&wanted, &live).is_empty());
    }

    #[test]
    fn what_was_edited_or_removed_is_named_with_what_is_there() {
        let wanted =
            json!({"spec": {"replicas": 2, "ports": [{"port": 80, "name": "http"}, {"port": 443, "name": "https"}], "type": "ClusterIP"}});
        let live = json!({"spec": {"replicas": 5, "ports": [{"port": 80, "name": "web"}]}});
        let found = differences(&wanted, &live);
        assert_eq!(found["/spec/replicas"], json!(5));
        assert_eq!(found["/spec/ports/80/name"], json!("web"));
        assert_eq!(found["/spec/ports/443"], Value::Null);
        assert_eq!(found["/spec/type"], Value::Null);
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn a_list_without_names_is_compared_as_a_whole() {
        let rule = |port: &str| json!({"ports": [{"port": port, "protocol": "TCP"}]});
        let wanted = json!({"spec": {"ingress": [rule("http")]}});
        assert!(paths(&wanted, &json!({"spec": {"ingress": [rule("http")]}})).is_empty());
        assert_eq!(
            paths(&wanted, &json!({"spec": {"ingress": [rule("http"), rule("ssh")]}})),
            ["/spec/ingress"]
        );
        assert_eq!(
            paths(&wanted, &json!({"spec": {"ingress": [rule("ssh")]}})),
            ["/spec/ingress/0/ports/0/port"]
        );
    }

    #[test]
    fn a_quantity_is_the_same_however_it_is_written() {
        let container = |cpu: &str| json!({"spec": {"containers": [{"name": "server", "resources": {"requests": {"cpu": cpu}}}]}});
        assert!(paths(&container("0.5"), &container("500m")).is_empty());
        assert_eq!(
            paths(&container("0.5"), &container("5")),
            ["/spec/containers/\"server\"/resources/requests/cpu"]
        );
        assert_eq!(paths(&json!({"data": {"a": "0.5"}}), &json!({"data": {"a": "500m"}})), ["/data/a"]);
    }

    #[test]
    fn what_is_empty_may_be_missing() {
        let wanted = json!({"spec": {"volumes": [{"name": "data", "emptyDir": {}}], "selfSigned": {}}});
        assert!(paths(&wanted, &json!({"spec": {"volumes": [{"name": "data"}]}})).is_empty());
        assert_eq!(paths(&wanted, &json!({"spec": {"volumes": []}})), ["/spec/volumes/\"data\""]);
    }
}
