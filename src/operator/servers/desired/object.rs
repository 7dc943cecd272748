//! One object as it should be.

use super::super::kinds::Made;
use crate::config::input::Key;
use crate::operator::settings::{COMPONENT_LABEL, INSTANCE_LABEL, MANAGED_BY, NAME_LABEL, NAUTHERA};
use crate::resources::API_VERSION;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

/// Digest of the form that the operator wrote last: tells a form that it no longer wants from one that somebody changed.
pub const APPLIED: &str = "auth.nauthera.io/applied";
/// `app.kubernetes.io/component` of a server's objects.
pub const SERVER: &str = "server";

/// The AuthServer that objects are made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its namespace and name
    pub key: Key,
    /// Its uid
    pub uid: String,
}

impl Subject {
    /// Labels by which its pods are selected.
    pub fn selector(&self) -> Value {
        json!({INSTANCE_LABEL: self.key.name, NAME_LABEL: NAUTHERA, COMPONENT_LABEL: SERVER})
    }

    /// Labels of everything that is made for it.
    pub fn labels(&self) -> Value {
        json!({INSTANCE_LABEL: self.key.name, NAME_LABEL: NAUTHERA, COMPONENT_LABEL: SERVER, MANAGED_BY: NAUTHERA})
    }

    /// The entry that makes it the owner of an object.
    pub fn owner(&self) -> Value {
        json!({
            "apiVersion": API_VERSION,
            "kind": "AuthServer",
            "name": self.key.name,
            "uid": self.uid,
            "controller": true,
            "blockOwnerDeletion": false,
        })
    }
}

/// One object as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its kind
    pub kind: Made,
    /// Its name, in the AuthServer's namespace
    pub name: String,
    /// All of it that the operator writes
    pub value: Value,
}

impl Object {
    /// An object with these parts beside its metadata, such as `spec`. Parts that are null are left out, at any depth.
    pub fn new(subject: &Subject, kind: Made, name: impl Into<String>, parts: Value) -> Self {
        Self::annotated(subject, kind, name, Map::new(), parts)
    }

    /// The same with annotations.
    pub fn annotated(subject: &Subject, kind: Made, name: impl Into<String>, mut annotations: Map<String, Value>, parts: Value) -> Self {
        let name = name.into();
        let resource = kind.api_resource();
        let mut value = without_nulls(parts);
        annotations.insert(APPLIED.to_owned(), digest_of(&json!([value, annotations, subject.uid])).into());
        if let Value::Object(parts) = &mut value {
            parts.insert("apiVersion".to_owned(), resource.api_version.into());
            parts.insert("kind".to_owned(), resource.kind.into());
            let metadata = json!({
                "name": name,
                "namespace": subject.key.namespace,
                "labels": subject.labels(),
                "annotations": annotations,
                "ownerReferences": [subject.owner()],
            });
            parts.insert("metadata".to_owned(), metadata);
        }
        Self { kind, name, value }
    }
}

/// A digest of a JSON value.
pub fn digest_of(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, value.to_string().as_bytes()))
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, field)| !field.is_null())
            .map(|(name, field)| (name, without_nulls(field)))
            .collect(),
        Value::Array(items) => items.into_iter().filter(|item| !item.is_null()).map(without_nulls).collect(),
        other => other,
    }
}
