//! Writes to the API server, one at a time per client.

use super::generated::{Content, is_auth_client};
use crate::config::input::Key;
use crate::operator::settings::{FIELD_MANAGER, FINALIZER, MANAGED_BY, NAME_LABEL, NAUTHERA};
use crate::operator::watch::secret::view;
use crate::operator::world::SecretView;
use crate::resources::AuthClient;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{Api, DeleteParams, ObjectMeta, Patch, PatchParams, PostParams, Preconditions};
use kube::{Client, Resource};
use serde_json::{Value, json};

/// One write.
#[derive(Clone, Debug)]
pub enum Act {
    /// Makes a Secret
    Create(Key, Box<Content>),
    /// Changes a Secret
    Write {
        /// Its name
        name: Key,
        /// The resource version that it is at
        version: String,
        /// Its owner is the client already
        owned: bool,
        /// What it is to hold
        content: Box<Content>,
    },
    /// Deletes the Secret with this uid
    Delete(Key, String),
    /// Puts our finalizer behind the ones that are there
    Hold(Vec<String>),
    /// Takes our finalizer off the ones that are there
    Release(Vec<String>),
}

/// Why a write came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The Secret is another's
    #[error("Secret {0} is there and was not made for this client")]
    Foreign(Key),
    /// Something was written meanwhile: what is known has to catch up
    #[error("it was changed meanwhile")]
    Overtaken,
    /// Anything else
    #[error("{0}")]
    Api(String),
}

/// The AuthClient that is acted on.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its namespace and name
    pub key: Key,
    /// Its uid
    pub uid: String,
}

/// All that the API server says of a JSON patch that does not fit what is there, such as one whose test does not hold. What it says of an
/// object that would be invalid is something else.
const DOES_NOT_FIT: &str = "the server rejected our request due to an error in our request";

fn failure(error: kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) if status.code == 409 => Failure::Overtaken,
        kube::Error::Api(status) if status.code == 422 && status.message.starts_with(DOES_NOT_FIT) => Failure::Overtaken,
        kube::Error::Api(status) => Failure::Api(status.message.clone()),
        error => Failure::Api(error.to_string()),
    }
}

fn patching() -> PatchParams {
    PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    }
}

/// Does it.
///
/// # Errors
/// [`Failure`]
pub async fn perform(client: &Client, subject: &Subject, act: &Act) -> Result<(), Failure> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &subject.key.namespace);
    match act {
        Act::Create(name, content) => create(&secrets, subject, name, content).await,
        Act::Write {
            name,
            version,
            owned,
            content,
        } => {
            let patch = Patch::Merge(changes(subject, version, *owned, content));
            secrets.patch(&name.name, &patching(), &patch).await.map(drop).map_err(failure)
        }
        Act::Delete(name, uid) => {
            let params = DeleteParams {
                preconditions: Some(Preconditions {
                    uid: Some(uid.clone()),
                    resource_version: None,
                }),
                ..DeleteParams::default()
            };
            gone_is_fine(secrets.delete(&name.name, &params).await.map(drop))
        }
        Act::Hold(there) => edit_finalizers(client, subject, &hold(&subject.uid, there)).await,
        Act::Release(there) => match release(&subject.uid, there) {
            Some(patch) => edit_finalizers(client, subject, &patch).await,
            None => Ok(()),
        },
    }
}

fn gone_is_fine(answer: kube::Result<()>) -> Result<(), Failure> {
    match answer {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        answer => answer.map_err(failure),
    }
}

async fn edit_finalizers(client: &Client, subject: &Subject, patch: &Value) -> Result<(), Failure> {
    let clients: Api<AuthClient> = Api::namespaced(client.clone(), &subject.key.namespace);
    let patch: Patch<()> = Patch::Json(serde_json::from_value(patch.clone()).map_err(|error| Failure::Api(error.to_string()))?);
    gone_is_fine(clients.patch_metadata(&subject.key.name, &patching(), &patch).await.map(drop))
}

/// Puts our finalizer in, if the ones that are there are still these.
fn hold(uid: &str, there: &[String]) -> Value {
    let same = json!({"op": "test", "path": "/metadata/uid", "value": uid});
    if there.is_empty() {
        json!([
            same,
            {"op": "test", "path": "/metadata/finalizers", "value": null},
            {"op": "add", "path": "/metadata/finalizers", "value": [FINALIZER]},
        ])
    } else {
        json!([
            same,
            {"op": "test", "path": "/metadata/finalizers", "value": there},
            {"op": "add", "path": "/metadata/finalizers/-", "value": FINALIZER},
        ])
    }
}

/// Takes our finalizer out and leaves the others. `None` if it is not there.
fn release(uid: &str, there: &[String]) -> Option<Value> {
    let place = format!(
        "/metadata/finalizers/{}",
        there.iter().position(|finalizer| finalizer == FINALIZER)?
    );
    Some(json!([
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": place, "value": FINALIZER},
        {"op": "remove", "path": place},
    ]))
}

async fn create(secrets: &Api<Secret>, subject: &Subject, name: &Key, content: &Content) -> Result<(), Failure> {
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    match secrets.create(&params, &manifest(subject, name, content)).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 409 && status.reason == "AlreadyExists" => {
            adopt(secrets, subject, name, content).await
        }
        Err(error) => Err(failure(error)),
    }
}

/// A Secret of that name is there, though the watch does not show it. If it is this client's, somebody took its label off.
async fn adopt(secrets: &Api<Secret>, subject: &Subject, name: &Key, content: &Content) -> Result<(), Failure> {
    let Some(found) = secrets.get_opt(&name.name).await.map_err(failure)? else {
        return Err(Failure::Overtaken);
    };
    let (_, found) = view(found);
    if !is_this_clients(&found, subject) {
        return Err(Failure::Foreign(name.clone()));
    }
    if found.deletion_timestamp.is_some() {
        return Err(Failure::Overtaken);
    }
    // What it held goes on, if nobody has touched that.
    let kept = Content::read(name, &found).ok();
    let patch = Patch::Merge(changes(subject, &found.resource_version, true, kept.as_ref().unwrap_or(content)));
    secrets.patch(&name.name, &patching(), &patch).await.map(drop).map_err(failure)
}

fn is_this_clients(found: &SecretView, subject: &Subject) -> bool {
    let owner = found.owner.as_ref();
    owner.is_some_and(|owner| is_auth_client(owner) && owner.uid == subject.uid)
}

fn owner(subject: &Subject) -> OwnerReference {
    OwnerReference {
        api_version: AuthClient::api_version(&()).into_owned(),
        kind: AuthClient::kind(&()).into_owned(),
        name: subject.key.name.clone(),
        uid: subject.uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(false),
    }
}

fn manifest(subject: &Subject, name: &Key, content: &Content) -> Secret {
    let annotations = content
        .annotations()
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let data = content
        .data()
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), ByteString(value?.as_bytes().to_vec()))));
    let labels = [(MANAGED_BY, NAUTHERA), (NAME_LABEL, NAUTHERA)];
    Secret {
        metadata: ObjectMeta {
            name: Some(name.name.clone()),
            namespace: Some(name.namespace.clone()),
            labels: Some(labels.map(|(label, value)| (label.to_owned(), value.to_owned())).into()),
            annotations: Some(annotations.collect()),
            owner_references: Some(vec![owner(subject)]),
            ..ObjectMeta::default()
        },
        type_: Some("Opaque".to_owned()),
        data: Some(data.collect()),
        ..Secret::default()
    }
}

/// A merge patch that makes the Secret hold this, if it is still at that version. What others put beside it stays.
fn changes(subject: &Subject, version: &str, owned: bool, content: &Content) -> Value {
    let data: serde_json::Map<String, Value> = content
        .data()
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.map_or(Value::Null, |value| STANDARD.encode(value).into())))
        .collect();
    let mut metadata = json!({
        "resourceVersion": version,
        "labels": {MANAGED_BY: NAUTHERA, NAME_LABEL: NAUTHERA},
        "annotations": content.annotations(),
    });
    if !owned && let Some(metadata) = metadata.as_object_mut() {
        metadata.insert("ownerReferences".to_owned(), json!([owner(subject)]));
    }
    json!({"metadata": metadata, "data": data})
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    #[test]
    fn a_patch_that_no_longer_fits_was_overtaken_and_an_invalid_object_is_a_fault() {
        let refused = |message: &str| failure(kube::Error::Api(Status::failure(message, "Invalid").with_code(422).boxed()));
        assert!(matches!(refused(DOES_NOT_FIT), Failure::Overtaken));
        let invalid = "AuthClient.auth.nauthera.io \"shop\" is invalid: spec: Invalid value";
        assert!(matches!(refused(invalid), Failure::Api(said) if said == invalid));
    }

    #[test]
    fn our_finalizer_comes_beside_the_others_and_goes_alone() {
        assert_eq!(hold("u", &[])[2]["value"], json!([FINALIZER]));
        let there = ["example.org/theirs".to_owned(), FINALIZER.to_owned()];
        assert_eq!(hold("u", &there[..1])[1]["value"], json!(["example.org/theirs"]));
        let patch = release("u", &there).unwrap();
        assert_eq!(patch[2], json!({"op": "remove", "path": "/metadata/finalizers/1"}));
        assert_eq!(release("u", &there[..1]), None);
    }
}
