//! From an object of the API server to a resource. What the operator does not read is dropped here: `managedFields` most of all.

use super::{Observed, Spec};
use crate::config::input::{Key, Kind, Labels, Object};
use crate::operator::world::Meta;
use jiff::Timestamp;
use kube::api::DynamicObject;
use kube::core::ObjectMeta;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// kubectl's copy of the whole object: nothing that the operator reads.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Namespace and name of an object.
pub fn key_of(meta: &ObjectMeta) -> Key {
    Key::new(meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
}

/// Reads an object of this kind.
pub fn decode(kind: Kind, object: DynamicObject) -> (Key, Observed) {
    let DynamicObject { metadata, mut data, .. } = object;
    let key = key_of(&metadata);
    let status = data.get_mut("status").map_or(Value::Null, Value::take);
    let spec = data.get_mut("spec").map_or(Value::Null, Value::take);
    let frame = Frame {
        labels: metadata.labels.clone().unwrap_or_default(),
        generation: metadata.generation,
        created: metadata.creation_timestamp.as_ref().map(|time| time.0),
    };
    let last_accepted = status.get("lastAcceptedSpec").and_then(|spec| frame.spec(kind, spec.clone()).ok());
    let spec = frame.spec(kind, spec);
    let last_accepted = match (&spec, last_accepted) {
        (Ok(latest), None) if was_accepted(kind, &status, frame.generation) => Some(latest.clone()),
        (_, earlier) => earlier,
    };
    let undecodable = spec.as_ref().err().cloned();
    let meta = Meta {
        status: serde_json::to_string(&status).unwrap_or_default().into(),
        undecodable,
        ..meta(metadata)
    };
    let observed = Observed { meta, spec, last_accepted };
    (key, observed)
}

/// Whether a status says that the latest form of a resource is accepted: what policies say of a client by now, or who else wants a name, then
/// comes after that. Of kinds that nothing can come before it says nothing.
fn was_accepted(kind: Kind, status: &Value, generation: Option<i64>) -> bool {
    let conditions = status.get("conditions").and_then(Value::as_array);
    let text = |condition: &Value, field: &str, is: &str| condition.get(field).and_then(Value::as_str) == Some(is);
    let is = |type_: &str, state: &str| {
        let mut conditions = conditions.into_iter().flatten();
        conditions.any(|condition| text(condition, "type", type_) && text(condition, "status", state))
    };
    let of_latest = generation.is_some() && status.get("observedGeneration").and_then(Value::as_i64) == generation;
    of_latest
        && match kind {
            Kind::AuthClient => is("ReferencesResolved", "True") && is("PolicyAccepted", "True"),
            Kind::AuthServer => status.get("revision").is_some_and(Value::is_string),
            // What is refused is not said to be on its way to replicas.
            Kind::User | Kind::ClaimMapper => is("Ready", "True") || is("Programmed", "False"),
            _ => false,
        }
}

fn meta(metadata: ObjectMeta) -> Meta {
    let mut annotations = metadata.annotations.unwrap_or_default();
    annotations.remove(LAST_APPLIED);
    Meta {
        uid: metadata.uid.unwrap_or_default(),
        resource_version: metadata.resource_version.unwrap_or_default(),
        generation: metadata.generation.unwrap_or_default(),
        deletion_timestamp: metadata.deletion_timestamp.map(|time| time.0),
        finalizers: metadata.finalizers.unwrap_or_default(),
        labels: metadata.labels.unwrap_or_default(),
        annotations,
        status: "null".into(),
        undecodable: None,
    }
}

/// The metadata that `compile` reads.
struct Frame {
    labels: Labels,
    generation: Option<i64>,
    created: Option<Timestamp>,
}

impl Frame {
    fn object<S: DeserializeOwned>(&self, spec: Value) -> Result<Object<S>, String> {
        // A message of serde's may quote a value, and no spec of ours holds a secret.
        let spec = serde_json::from_value(spec).map_err(|error| format!("spec: {error}"))?;
        Ok(Object {
            labels: self.labels.clone(),
            generation: self.generation,
            created: self.created,
            spec,
        })
    }

    fn spec(&self, kind: Kind, spec: Value) -> Result<Spec, String> {
        match kind {
            Kind::AuthServer => self.object(spec).map(|object| Spec::AuthServer(Box::new(object))),
            Kind::AuthClient => self.object(spec).map(Spec::AuthClient),
            Kind::AuthPolicy | Kind::ClusterAuthPolicy => self.object(spec).map(Spec::AuthPolicy),
            Kind::UserStore => self.object(spec).map(Spec::UserStore),
            Kind::User => self.object(spec).map(Spec::User),
            Kind::Group => self.object(spec).map(Spec::Group),
            Kind::Role => self.object(spec).map(Spec::Role),
            Kind::ClaimMapper => self.object(spec).map(Spec::ClaimMapper),
            Kind::IdentityProvider => self.object(spec).map(Spec::IdentityProvider),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(spec: Value, status: Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "auth.nauthera.io/v1alpha1",
            "kind": "AuthClient",
            "metadata": {
                "name": "shop", "namespace": "team-a", "uid": "u1", "resourceVersion": "7", "generation": 2,
                "labels": {"tier": "web"}, "creationTimestamp": "2026-01-02T03:04:05Z",
                "annotations": {LAST_APPLIED: "{}", "mine": "kept"},
                "managedFields": [{"manager": "kubectl"}],
            },
            "spec": spec,
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn reads_spec_metadata_and_status() {
        let spec = json!({"authServerRef": {"name": "main"}, "redirectUris": ["https://shop.example.org/callback"]});
        let (key, observed) = decode(Kind::AuthClient, object(spec, json!({"observedGeneration": 1})));
        assert_eq!(key, Key::new("team-a", "shop"));
        assert_eq!((observed.meta.uid.as_str(), observed.meta.generation), ("u1", 2));
        assert_eq!(observed.meta.annotations.keys().collect::<Vec<_>>(), ["mine"]);
        assert_eq!(&*observed.meta.status, r#"{"observedGeneration":1}"#);
        let Ok(Spec::AuthClient(client)) = observed.spec else {
            panic!("not an AuthClient")
        };
        assert_eq!((client.generation, client.labels.len()), (Some(2), 1));
        assert!(client.created.is_some());
    }

    #[test]
    fn says_why_a_spec_cannot_be_read_and_keeps_the_rest() {
        let (_, observed) = decode(Kind::AuthClient, object(json!({"redirectUris": 3}), Value::Null));
        let why = observed.spec.unwrap_err();
        assert!(
            why.contains("spec: ") && why.contains("redirectUris") || why.contains("sequence"),
            "{why}"
        );
        assert_eq!(observed.meta.undecodable.as_ref(), Some(&why));
        assert_eq!(observed.meta.uid, "u1");
    }

    #[test]
    fn the_latest_form_was_accepted_if_the_status_of_that_form_says_so() {
        let client = json!({"authServerRef": {"name": "main"}, "redirectUris": ["https://shop.example.org/callback"]});
        let server = json!({"issuerUrl": "https://login.example.org"});
        let status = |generation: i64, conditions: &[[&str; 2]]| {
            let conditions: Vec<Value> = conditions
                .iter()
                .map(|[type_, status]| json!({"type": type_, "status": status}))
                .collect();
            json!({"observedGeneration": generation, "conditions": conditions})
        };
        let accepted = |kind: Kind, spec: &Value, status: Value| decode(kind, object(spec.clone(), status)).1.last_accepted.is_some();
        let resolved = ["ReferencesResolved", "True"];
        for (generation, policy, is) in [(2, "True", true), (1, "True", false), (2, "False", false), (2, "Unknown", false)] {
            let status = status(generation, &[["Ready", "False"], resolved, ["PolicyAccepted", policy]]);
            assert_eq!(accepted(Kind::AuthClient, &client, status), is, "{generation} {policy}");
        }
        let mut serving = status(2, &[["Ready", "False"]]);
        assert!(!accepted(Kind::AuthServer, &server, serving.clone()));
        serving["revision"] = json!("abc");
        assert!(accepted(Kind::AuthServer, &server, serving));
        assert!(accepted(
            Kind::User,
            &json!({}),
            status(2, &[["Ready", "False"], ["Programmed", "False"]])
        ));
        assert!(!accepted(Kind::User, &json!({}), status(2, &[["Ready", "False"]])));
    }

    #[test]
    fn finds_the_form_that_was_accepted_before() {
        let good = json!({"authServerRef": {"name": "main"}, "redirectUris": ["https://shop.example.org/callback"]});
        let bad = json!({"authServerRef": {"name": "main"}, "redirectUris": ["https://*"]});
        let (_, observed) = decode(Kind::AuthClient, object(bad, json!({"lastAcceptedSpec": good})));
        let Some(Spec::AuthClient(before)) = observed.last_accepted else {
            panic!("nothing was found")
        };
        assert_eq!(before.spec.redirect_uris, ["https://shop.example.org/callback"]);
    }
}
