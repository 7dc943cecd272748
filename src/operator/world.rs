//! What the operator knows, in one consistent piece: published as `watch::Receiver<Arc<World>>`, read by every controller.

use crate::config::input::{Key, Kind, Labels, Resources};
use crate::config::verdict::Compiled;
use jiff::Timestamp;
use kube::core::ObjectMeta;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// A view of everything, all of one moment.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Counts up with each view; 0 until every watch has delivered its first list
    pub sequence: u64,
    /// When the first of the changes was seen that made this view differ from the one before
    pub changed_at: Option<Instant>,
    /// What people wrote, and the Secrets that count, as they were when this was published
    pub resources: Arc<Resources>,
    /// What the resources come to. Compiling takes a moment: the rest of the view may be that much newer
    pub compiled: Arc<Compiled>,
    /// Every custom resource that is there, whether it could be read or not
    pub objects: Objects,
    /// The Secrets that the operator made (label `app.kubernetes.io/managed-by: nauthera`) and those that people gave to clients (label
    /// `auth.nauthera.io/client-secret: "true"`)
    pub secrets: Arc<BTreeMap<Key, Arc<SecretView>>>,
    /// The pods of each AuthServer
    pub replicas: Arc<BTreeMap<Key, Vec<Replica>>>,
}

impl World {
    /// Whether every watch has delivered its first list. Before that nothing is known, and nothing may be concluded from its absence.
    pub fn is_synced(&self) -> bool {
        self.sequence > 0
    }

    /// The pods of an AuthServer; empty if there are none.
    pub fn replicas_of(&self, server: &Key) -> &[Replica] {
        self.replicas.get(server).map_or(&[], Vec::as_slice)
    }
}

/// Facts of the custom resources' metadata, kind by kind. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    kinds: BTreeMap<Kind, Arc<BTreeMap<Key, Arc<Meta>>>>,
}

impl Objects {
    /// One resource.
    pub fn get(&self, kind: Kind, key: &Key) -> Option<&Arc<Meta>> {
        self.kinds.get(&kind)?.get(key)
    }

    /// All of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = (&Key, &Arc<Meta>)> {
        self.kinds.get(&kind).into_iter().flat_map(|objects| objects.iter())
    }

    /// Puts one in, or in place of an earlier form.
    pub fn insert(&mut self, kind: Kind, key: Key, meta: Arc<Meta>) {
        Arc::make_mut(self.kinds.entry(kind).or_default()).insert(key, meta);
    }

    /// Takes one out.
    pub fn remove(&mut self, kind: Kind, key: &Key) -> Option<Arc<Meta>> {
        Arc::make_mut(self.kinds.get_mut(&kind)?).remove(key)
    }
}

/// What is known of a custom resource besides its spec.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// `metadata.uid`
    pub uid: String,
    /// `metadata.resourceVersion`
    pub resource_version: String,
    /// `metadata.generation`
    pub generation: i64,
    /// `metadata.deletionTimestamp`: it is on its way out
    pub deletion_timestamp: Option<Timestamp>,
    /// `metadata.finalizers`
    pub finalizers: Vec<String>,
    /// `metadata.labels`
    pub labels: Labels,
    /// `metadata.annotations`, without kubectl's copy of the whole object
    pub annotations: BTreeMap<String, String>,
    /// `status` as the cluster has it: compact JSON, `null` if there is none
    pub status: Box<str>,
    /// Why its latest form cannot be read, if it cannot
    pub undecodable: Option<String>,
}

impl Meta {
    /// The status as the cluster has it, in one of our types; `None` if there is none or it does not fit.
    pub fn status<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.status).ok()
    }
}

/// The object that owns another (`metadata.ownerReferences`, the controller's entry).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `apiVersion`
    pub api_version: String,
    /// `kind`
    pub kind: String,
    /// `name`, in the owned object's namespace
    pub name: String,
    /// `uid`
    pub uid: String,
}

impl Owner {
    /// Who owns an object, if somebody does.
    pub fn of(metadata: &ObjectMeta) -> Option<Self> {
        let mut owners = metadata.owner_references.iter().flatten();
        let owner = owners.find(|owner| owner.controller == Some(true))?;
        Some(Self {
            api_version: owner.api_version.clone(),
            kind: owner.kind.clone(),
            name: owner.name.clone(),
            uid: owner.uid.clone(),
        })
    }
}

/// A Secret. `Debug` shows no value.
#[derive(Clone)]
pub struct SecretView {
    /// `metadata.uid`
    pub uid: String,
    /// `metadata.resourceVersion`
    pub resource_version: String,
    /// `metadata.labels`
    pub labels: Labels,
    /// `metadata.annotations`
    pub annotations: BTreeMap<String, String>,
    /// Who owns it
    pub owner: Option<Owner>,
    /// `metadata.creationTimestamp`
    pub created: Option<Timestamp>,
    /// `metadata.deletionTimestamp`
    pub deletion_timestamp: Option<Timestamp>,
    data: BTreeMap<String, SecretSlice<u8>>,
}

impl SecretView {
    /// A Secret with these values and nothing else known of it.
    pub fn new(data: BTreeMap<String, Vec<u8>>) -> Self {
        Self {
            uid: String::new(),
            resource_version: String::new(),
            labels: Labels::new(),
            annotations: BTreeMap::new(),
            owner: None,
            created: None,
            deletion_timestamp: None,
            data: data.into_iter().map(|(key, value)| (key, SecretSlice::from(value))).collect(),
        }
    }

    /// Its keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.data.keys().map(String::as_str)
    }

    /// One value.
    pub fn bytes(&self, key: &str) -> Option<&[u8]> {
        self.data.get(key).map(|value| value.expose_secret())
    }

    /// One value, if it is text.
    pub fn text(&self, key: &str) -> Option<SecretString> {
        let text = std::str::from_utf8(self.bytes(key)?).ok()?;
        Some(SecretString::from(text))
    }

    /// Whether both hold the same values.
    pub fn same_data(&self, other: &Self) -> bool {
        self.data.len() == other.data.len() && self.data.keys().all(|key| self.bytes(key) == other.bytes(key))
    }
}

impl fmt::Debug for SecretView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretView")
            .field("uid", &self.uid)
            .field("resource_version", &self.resource_version)
            .field("owner", &self.owner)
            .field("keys", &self.data.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A pod of an AuthServer, as EndpointSlices tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// The pod's name
    pub pod: String,
    /// The pod's uid: another pod may get its address later
    pub uid: String,
    /// The pod's address
    pub address: IpAddr,
    /// The port of the config service
    pub port: u16,
    /// It may get requests (`conditions.ready`, without regard to `publishNotReadyAddresses`)
    pub ready: bool,
    /// It answers requests, though it may be on its way out (`conditions.serving`)
    pub serving: bool,
    /// It is on its way out (`conditions.terminating`)
    pub terminating: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_its_keys_and_no_value() {
        let secret = SecretView::new(BTreeMap::from([("client_secret".to_owned(), b"hunter2".to_vec())]));
        let shown = format!("{secret:?}");
        assert!(shown.contains("client_secret") && !shown.contains("hunter2"), "{shown}");
        assert_eq!(secret.bytes("client_secret"), Some(&b"hunter2"[..]));
    }

    #[test]
    fn a_clone_of_the_objects_does_not_change_with_the_original() {
        let key = Key::new("a", "b");
        let mut objects = Objects::default();
        objects.insert(Kind::AuthClient, key.clone(), Arc::default());
        let before = objects.clone();
        objects.remove(Kind::AuthClient, &key);
        assert!(before.get(Kind::AuthClient, &key).is_some() && objects.get(Kind::AuthClient, &key).is_none());
    }
}
