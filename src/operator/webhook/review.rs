//! One question of the API server, and its answer: pure.

use crate::config::admission::{Judgement, judge};
use crate::config::input::{Key, Kind, Options, Resources, Runtime};
use crate::operator::settings::Scope;
use crate::operator::watch::decode;
use crate::operator::world::World;
use crate::resources::GROUP;
use kube::api::DynamicObject;
use kube::core::admission::{AdmissionRequest, AdmissionResponse, Operation};

/// The API server shows at most so many characters of a warning.
const LONGEST_WARNING: usize = 250;

/// Answers one question from what is known.
pub fn answer(world: &World, scope: &Scope, request: &AdmissionRequest<DynamicObject>) -> AdmissionResponse {
    let allowed = AdmissionResponse::from(request);
    let Some((kind, object)) = in_question(request) else {
        return allowed;
    };
    let mut object = object.clone();
    // At its creation an object may have neither: the request says where it is about to be.
    if object.metadata.namespace.is_none() {
        object.metadata.namespace.clone_from(&request.namespace);
    }
    if object.metadata.name.is_none() {
        let name = Some(&request.name).filter(|name| !name.is_empty()).cloned();
        object.metadata.name = name.or_else(|| object.metadata.generate_name.clone());
    }
    let (key, observed) = decode(kind, object);
    if kind.is_namespaced() && !scope.includes(&key.namespace) {
        return allowed;
    }
    let spec = match observed.spec {
        Ok(spec) => spec,
        Err(why) => return denied(allowed, kind, &key, "InvalidSpec", &why),
    };
    if !world.is_synced() {
        let warning = "Nauthera's operator is starting and has not checked this; look at its status";
        return warned(allowed, vec![warning.to_owned()]);
    }
    let mut candidate = Resources::default();
    spec.insert_into(&mut candidate, kind, key.clone());
    let options = Options {
        runtime: Runtime::Cluster,
        namespaces_are_watched: true,
        ..Options::default()
    };
    let Judgement { refused, warnings } = judge(&world.resources, &options, &world.compiled.accepted, kind, &key, candidate);
    match refused {
        Some((reason, message)) => denied(allowed, kind, &key, &reason, &message),
        None => warned(allowed, warnings),
    }
}

/// The object to judge. None where there is nothing to say: a deletion, another kind, an object on its way out, or a change that touches
/// neither spec nor labels (a finalizer that is taken away must never be stopped).
fn in_question(request: &AdmissionRequest<DynamicObject>) -> Option<(Kind, &DynamicObject)> {
    let kind = Kind::ALL.iter().copied().find(|kind| kind.as_str() == request.kind.kind)?;
    let is_write = matches!(request.operation, Operation::Create | Operation::Update);
    if request.kind.group != GROUP || !is_write || request.sub_resource.as_ref().is_some_and(|name| !name.is_empty()) {
        return None;
    }
    let object = request
        .object
        .as_ref()
        .filter(|object| object.metadata.deletion_timestamp.is_none())?;
    let is_same = request
        .old_object
        .as_ref()
        .is_some_and(|old| old.data.get("spec") == object.data.get("spec") && old.metadata.labels == object.metadata.labels);
    (!is_same).then_some((kind, object))
}

fn denied(response: AdmissionResponse, kind: Kind, key: &Key, reason: &str, message: &str) -> AdmissionResponse {
    let mut response = response.deny(format!("{kind} {key} is refused ({reason}): {message}"));
    response.result.reason = reason.to_owned();
    response.result.code = 403;
    response
}

fn warned(mut response: AdmissionResponse, warnings: Vec<String>) -> AdmissionResponse {
    let shown = |warning: String| {
        // They travel in HTTP headers.
        let mut shown: String = warning.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        if let Some((end, _)) = shown.char_indices().nth(LONGEST_WARNING) {
            shown.truncate(end);
            shown.push('…');
        }
        shown
    };
    response.warnings = (!warnings.is_empty()).then(|| warnings.into_iter().map(shown).collect());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::compile;
    use crate::config::input::{Accepted, Object};
    use serde_json::{Value, json};
    use std::sync::Arc;

    /// One server with one policy, compiled.
    fn world() -> World {
        let spec = |spec: Value| Arc::new(Object::new(serde_json::from_value(spec).unwrap()));
        let mut resources = Resources::default();
        let server = json!({"issuerUrl": "https://login.example.org", "policySelector": {}});
        resources.servers.insert(
            Key::new("identity", "main"),
            Arc::new(Object::new(serde_json::from_value(server).unwrap())),
        );
        let policy = spec(json!({"allowedScopes": ["openid"]}));
        resources.policies.insert(Key::new("identity", "web"), policy);
        resources.namespaces.insert("team-a".to_owned(), Default::default());
        World {
            sequence: 1,
            compiled: Arc::new(compile(&resources, &Options::default(), &Accepted::default())),
            resources: Arc::new(resources),
            ..World::default()
        }
    }

    fn client(scopes: &[&str]) -> Value {
        json!({
            "apiVersion": "auth.nauthera.io/v1alpha1", "kind": "AuthClient",
            "metadata": {"name": "shop", "namespace": "team-a", "labels": {"tier": "web"}},
            "spec": {"authServerRef": {"name": "main", "namespace": "identity"}, "clientType": "public",
                "redirectUris": ["https://shop.example.org/callback"], "scopes": scopes}
        })
    }

    fn request(operation: &str, object: &Value, old: &Value) -> AdmissionRequest<DynamicObject> {
        serde_json::from_value(json!({
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "auth.nauthera.io", "version": "v1alpha1", "kind": "AuthClient"},
            "resource": {"group": "auth.nauthera.io", "version": "v1alpha1", "resource": "authclients"},
            "name": "shop", "namespace": "team-a", "operation": operation, "userInfo": {"username": "dev"},
            "object": object, "oldObject": old, "dryRun": false
        }))
        .unwrap()
    }

    fn ask(operation: &str, object: &Value, old: &Value) -> AdmissionResponse {
        answer(&world(), &Scope::Cluster, &request(operation, object, old))
    }

    #[test]
    fn lets_a_good_client_in_and_answers_with_the_uid_of_the_question() {
        let answer = ask("CREATE", &client(&["openid"]), &Value::Null);
        assert!(answer.allowed && answer.warnings.is_none());
        assert_eq!(answer.uid, "705ab4f5-6393-11e8-b7cc-42010a800002");
    }

    #[test]
    fn refuses_a_violation_with_what_was_asked_and_what_is_allowed() {
        let answer = ask("UPDATE", &client(&["openid", "admin"]), &client(&["openid"]));
        assert!(!answer.allowed);
        let message = answer.result.message;
        assert_eq!(
            message,
            "AuthClient team-a/shop is refused (PolicyViolation): scopes: asks for admin, AuthPolicy identity/web allows openid"
        );
    }

    #[test]
    fn a_change_that_touches_neither_spec_nor_labels_is_never_stopped() {
        let violating = client(&["openid", "admin"]);
        let mut finalized = violating.clone();
        finalized["metadata"]["finalizers"] = json!(["auth.nauthera.io/grants"]);
        assert!(ask("UPDATE", &finalized, &violating).allowed);
        let mut relabelled = violating.clone();
        relabelled["metadata"]["labels"]["tier"] = json!("other");
        assert!(!ask("UPDATE", &relabelled, &violating).allowed, "labels choose policies");
    }

    #[test]
    fn what_is_on_its_way_out_and_what_is_deleted_may_go() {
        let mut leaving = client(&["admin"]);
        leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert!(ask("UPDATE", &leaving, &client(&["openid"])).allowed);
        assert!(ask("DELETE", &Value::Null, &client(&["admin"])).allowed);
    }

    #[test]
    fn refuses_what_cannot_be_read() {
        let mut object = client(&["openid"]);
        object["spec"]["clientType"] = json!("secretive");
        let answer = ask("CREATE", &object, &Value::Null);
        assert!(!answer.allowed && answer.result.message.contains("secretive"), "{answer:?}");
    }

    #[test]
    fn a_reference_to_what_is_not_there_yet_is_a_warning() {
        let mut object = client(&["openid"]);
        object["spec"]["authServerRef"]["name"] = json!("later");
        let answer = ask("CREATE", &object, &Value::Null);
        assert!(answer.allowed);
        assert!(answer.warnings.unwrap()[0].starts_with("RefNotPermitted: "));
    }

    #[test]
    fn an_operator_that_is_starting_lets_everything_in_and_says_so() {
        let starting = World::default();
        let request = request("CREATE", &client(&["admin"]), &Value::Null);
        let answer = answer(&starting, &Scope::Cluster, &request);
        assert!(answer.allowed && answer.warnings.unwrap()[0].contains("starting"));
    }

    #[test]
    fn another_namespace_is_none_of_an_operator_of_one_namespace() {
        let request = request("CREATE", &client(&["admin"]), &Value::Null);
        assert!(answer(&world(), &Scope::Namespace("team-b".to_owned()), &request).allowed);
    }

    #[test]
    fn an_object_whose_name_is_yet_to_be_generated_is_judged() {
        let mut object = client(&["admin"]);
        object["metadata"] = json!({"generateName": "shop-"});
        let mut request = request("CREATE", &object, &Value::Null);
        request.name.clear();
        assert!(!answer(&world(), &Scope::Cluster, &request).allowed);
    }

    #[test]
    fn a_long_warning_is_cut() {
        let response = warned(AdmissionResponse::invalid(""), vec!["ä\n".repeat(400)]);
        let warning = &response.warnings.unwrap()[0];
        assert!(warning.chars().count() == LONGEST_WARNING + 1 && !warning.contains('\n'));
    }
}
