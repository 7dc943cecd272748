//! Writes of Secrets. What is in them came about once and is nowhere else, so they are made and merged into, never replaced as a whole.

use super::desired::Subject;
use super::failure::Failure;
use super::step::{Belongs, belongs};
use crate::operator::settings::FIELD_MANAGER;
use crate::operator::watch::secret::view;
use crate::operator::world::SecretView;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a Secret is to hold.
pub struct Content {
    /// Its name
    pub name: String,
    /// Its type; cannot be changed once it is there
    pub type_: &'static str,
    /// Its values
    pub data: BTreeMap<String, Vec<u8>>,
    /// Its annotations
    pub annotations: BTreeMap<&'static str, String>,
    /// Whether values that are there already stay
    pub keep: bool,
}

fn api(client: &Client, subject: &Subject) -> Api<Secret> {
    Api::namespaced(client.clone(), &subject.key.namespace)
}

fn what(name: &str) -> String {
    format!("Secret {name}")
}

/// Whom a Secret belongs to.
pub fn owner_of(secret: &SecretView, subject: &Subject) -> Belongs {
    belongs(secret.owner.as_ref(), |label| secret.labels.get(label).map(String::as_str), subject)
}

/// Whether labels and owner are as they should be.
pub fn is_marked(secret: &SecretView, subject: &Subject) -> bool {
    let labels = subject.labels();
    let labelled = labels.as_object().is_some_and(|labels| {
        labels
            .iter()
            .all(|(name, value)| secret.labels.get(name).map(String::as_str) == value.as_str())
    });
    labelled && secret.owner.as_ref().is_some_and(|owner| owner.uid == subject.uid)
}

/// A Secret by its name, watched or not.
///
/// # Errors
/// [`Failure`]
pub async fn get(client: &Client, subject: &Subject, name: &str) -> Result<Option<SecretView>, Failure> {
    let found = api(client, subject).get_opt(name).await;
    let found = found.map_err(|error| Failure::of(&what(name), error))?;
    Ok(found.map(|secret| view(secret).1))
}

/// Makes a Secret, or puts these values into the one that is there; `known` is that one.
///
/// # Errors
/// [`Failure`]
pub async fn put(client: &Client, subject: &Subject, content: &Content, known: Option<&SecretView>) -> Result<SecretView, Failure> {
    let found;
    let known = match known {
        Some(known) => known,
        None => match create(client, subject, content).await? {
            Some(made) => return Ok(made),
            // It is there, and the watch does not show it: somebody took our labels off, or it is another's.
            None => {
                found = get(client, subject, &content.name).await?;
                found.as_ref().ok_or_else(|| Failure::Overtaken(what(&content.name)))?
            }
        },
    };
    match owner_of(known, subject) {
        Belongs::Here if known.deletion_timestamp.is_none() => {}
        Belongs::Another => return Err(Failure::Foreign(what(&content.name))),
        _ => return Err(Failure::Leaving(what(&content.name))),
    }
    let patch = Patch::Merge(changes(subject, content, known));
    let params = PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let written = api(client, subject).patch(&content.name, &params, &patch).await;
    written
        .map(|secret| view(secret).1)
        .map_err(|error| Failure::of(&what(&content.name), error))
}

async fn create(client: &Client, subject: &Subject, content: &Content) -> Result<Option<SecretView>, Failure> {
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    let manifest = json!({
        "metadata": {
            "name": content.name,
            "namespace": subject.key.namespace,
            "labels": subject.labels(),
            "annotations": content.annotations,
            "ownerReferences": [subject.owner()],
        },
        "type": content.type_,
        "data": encoded(&content.data),
    });
    let manifest: Secret = serde_json::from_value(manifest).map_err(|error| Failure::Refused {
        what: what(&content.name),
        why: error.to_string(),
    })?;
    match api(client, subject).create(&params, &manifest).await {
        Ok(made) => Ok(Some(view(made).1)),
        Err(kube::Error::Api(status)) if status.code == 409 && status.reason == "AlreadyExists" => Ok(None),
        Err(error) => Err(Failure::of(&what(&content.name), error)),
    }
}

fn encoded(data: &BTreeMap<String, Vec<u8>>) -> Value {
    data.iter()
        .map(|(key, value)| (key.clone(), Value::String(STANDARD.encode(value))))
        .collect()
}

/// A merge patch for the Secret at the version that is known.
fn changes(subject: &Subject, content: &Content, known: &SecretView) -> Value {
    let mut metadata = json!({
        "resourceVersion": known.resource_version,
        "uid": known.uid,
        "labels": subject.labels(),
        "annotations": content.annotations,
    });
    if known.owner.is_none()
        && let Some(metadata) = metadata.as_object_mut()
    {
        metadata.insert("ownerReferences".to_owned(), json!([subject.owner()]));
    }
    let mut data = content.data.clone();
    if content.keep {
        data.retain(|key, _| known.bytes(key).is_none());
    }
    json!({"metadata": metadata, "data": encoded(&data)})
}

/// Deletes a Secret that is not wanted any more, if it is still that one.
///
/// # Errors
/// [`Failure`]
pub async fn delete(client: &Client, subject: &Subject, name: &str, uid: &str) -> Result<(), Failure> {
    let params = DeleteParams {
        preconditions: Some(Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        }),
        ..DeleteParams::default()
    };
    match api(client, subject).delete(name, &params).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(Failure::of(&what(name), error)),
    }
}
