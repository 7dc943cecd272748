//! Writes of objects: server-side apply under one name, of what is ours alone.

use super::desired::{Object, Subject};
use super::failure::Failure;
use super::kinds::Made;
use super::live::Live;
use super::step::{Belongs, belongs};
use crate::operator::settings::FIELD_MANAGER;
use kube::Client;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, Preconditions};
use serde_json::{Value, json};

/// Holds `spec.replicas` between the time when the operator decided on it and an autoscaler's first word. A field that is given up by its
/// last manager would fall back to 1.
const HANDOVER: &str = "nauthera-operator-handover";

fn api(client: &Client, subject: &Subject, kind: Made) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), &subject.key.namespace, &kind.api_resource())
}

/// Kind and name, for people.
pub fn name(kind: Made, name: &str) -> String {
    format!("{} {name}", kind.as_str())
}

/// Writes an object; `live` is what is known to be there. What it is now.
///
/// # Errors
/// [`Failure`]
pub async fn apply(client: &Client, subject: &Subject, object: &Object, live: Option<&Live>) -> Result<DynamicObject, Failure> {
    let what = name(object.kind, &object.name);
    let api = api(client, subject, object.kind);
    let found;
    let live = match live {
        Some(live) => Some(live),
        // The watch shows what has our labels. Something else of that name may be there, or somebody took them off.
        None => {
            let there = api.get_opt(&object.name).await.map_err(|error| Failure::of(&what, error))?;
            found = there.map(Live::new);
            found.as_ref()
        }
    };
    let mut value = object.value.clone();
    if let Some(live) = live {
        match belongs(live.owner.as_ref(), |name| live.label(name), subject) {
            Belongs::Another => return Err(Failure::Foreign(what)),
            Belongs::Former => return Err(Failure::Leaving(what)),
            Belongs::Here if live.is_leaving() => return Err(Failure::Leaving(what)),
            Belongs::Here => {}
        }
        if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
            // Another of that name, made meanwhile, is not the one that was looked at.
            metadata.insert("uid".to_owned(), json!(live.uid));
        }
        hand_over_replicas(&api, object, live, &what).await?;
    }
    let params = PatchParams::apply(FIELD_MANAGER).force().validation_strict();
    api.patch(&object.name, &params, &Patch::Apply(&value))
        .await
        .map_err(|error| Failure::of(&what, error))
}

async fn hand_over_replicas(api: &Api<DynamicObject>, object: &Object, live: &Live, what: &str) -> Result<(), Failure> {
    if object.kind != Made::Deployment || object.value.pointer("/spec/replicas").is_some() || !live.owns_replicas {
        return Ok(());
    }
    let Some(replicas) = live.number("/spec/replicas") else {
        return Ok(());
    };
    let resource = object.kind.api_resource();
    let holder = json!({
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": object.name, "uid": live.uid},
        "spec": {"replicas": replicas},
    });
    let params = PatchParams::apply(HANDOVER).force();
    let held = api.patch(&object.name, &params, &Patch::Apply(&holder)).await;
    held.map(drop).map_err(|error| Failure::of(what, error))
}

/// Deletes an object that is not wanted any more, if it is still that one.
///
/// # Errors
/// [`Failure`]
pub async fn delete(client: &Client, subject: &Subject, kind: Made, object: &str, uid: &str) -> Result<(), Failure> {
    let params = DeleteParams {
        preconditions: Some(Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        }),
        ..DeleteParams::background()
    };
    match api(client, subject, kind).delete(object, &params).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(Failure::of(&name(kind, object), error)),
    }
}
