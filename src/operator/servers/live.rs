//! What is there of what was made: kept by the watches, read by the controller.

use super::kinds::{Extra, Made};
use crate::config::input::Key;
use crate::operator::settings::{FIELD_MANAGER, INSTANCE_LABEL};
use crate::operator::world::{Owner, SecretView};
use kube::api::DynamicObject;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An object as the cluster has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// `metadata.uid`
    pub uid: String,
    /// `metadata.resourceVersion`
    pub version: String,
    /// Who owns it
    pub owner: Option<Owner>,
    /// The operator decides on `spec.replicas`
    pub owns_replicas: bool,
    /// All of it but apiVersion, kind and `metadata.managedFields`
    pub value: Value,
}

impl Live {
    /// Reads an object.
    pub fn new(mut object: DynamicObject) -> Self {
        let managed = object.metadata.managed_fields.take().unwrap_or_default();
        let owns_replicas = managed.iter().any(|entry| {
            entry.manager.as_deref() == Some(FIELD_MANAGER)
                && entry
                    .fields_v1
                    .as_ref()
                    .is_some_and(|fields| fields.0.pointer("/f:spec/f:replicas").is_some())
        });
        // An object of a list does not say what it is.
        object.types = None;
        Self {
            owner: Owner::of(&object.metadata),
            uid: object.metadata.uid.clone().unwrap_or_default(),
            version: object.metadata.resource_version.clone().unwrap_or_default(),
            owns_replicas,
            value: serde_json::to_value(object).unwrap_or_default(),
        }
    }

    /// A text in it, by its JSON pointer.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.value.pointer(pointer)?.as_str()
    }

    /// A number in it, by its JSON pointer.
    pub fn number(&self, pointer: &str) -> Option<i64> {
        self.value.pointer(pointer)?.as_i64()
    }

    /// A label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.value.get("metadata")?.get("labels")?.get(name)?.as_str()
    }

    /// An annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.value.get("metadata")?.get("annotations")?.get(name)?.as_str()
    }

    /// Whether it is on its way out.
    pub fn is_leaving(&self) -> bool {
        self.text("/metadata/deletionTimestamp").is_some()
    }

    /// A condition of its status: its status, reason and message.
    pub fn condition(&self, type_: &str) -> Option<(&str, &str, &str)> {
        let conditions = self.value.pointer("/status/conditions")?.as_array()?;
        let condition = conditions
            .iter()
            .find(|condition| condition.get("type").and_then(Value::as_str) == Some(type_))?;
        let of = |field: &str| condition.get(field).and_then(Value::as_str).unwrap_or_default();
        Some((of("status"), of("reason"), of("message")))
    }
}

/// Versions of one object are numbers that grow.
fn is_older(new: &Live, known: &Live) -> bool {
    let number = |live: &Live| live.version.parse::<u64>().ok();
    new.uid == known.uid && number(new).zip(number(known)).is_some_and(|(new, known)| new < known)
}

/// Everything that is there.
#[derive(Debug, Default)]
pub struct Store {
    objects: BTreeMap<(Key, Made, String), Arc<Live>>,
    listed: BTreeSet<Made>,
    listing: BTreeMap<Made, BTreeSet<(Key, String)>>,
    extras: BTreeSet<Extra>,
    looked: bool,
    default_database: Option<Arc<SecretView>>,
    default_database_known: bool,
    changed: BTreeMap<Key, u64>,
    changes: u64,
}

impl Store {
    /// One object of an AuthServer.
    pub fn get(&self, server: &Key, kind: Made, name: &str) -> Option<&Arc<Live>> {
        self.objects.get(&(server.clone(), kind, name.to_owned()))
    }

    /// All of an AuthServer's.
    pub fn of<'a>(&'a self, server: &'a Key) -> impl Iterator<Item = (Made, &'a str, &'a Arc<Live>)> {
        let first = (server.clone(), Made::ServiceAccount, String::new());
        let all = self.objects.range(first..).take_while(move |((of, ..), _)| of == server);
        all.map(|((_, kind, name), live)| (*kind, name.as_str(), live))
    }

    /// Grows whenever something of this AuthServer is different.
    pub fn age(&self, server: &Key) -> u64 {
        self.changed.get(server).copied().unwrap_or_default()
    }

    /// Whether everything that is there is known, and which APIs there are.
    pub fn is_complete(&self) -> bool {
        let awaited = |kind: &Made| kind.needs().is_none_or(|extra| self.extras.contains(&extra));
        self.looked && self.default_database_known && Made::ALL.iter().filter(|kind| awaited(kind)).all(|kind| self.listed.contains(kind))
    }

    /// The Secret with the operator's default database, if there is one.
    pub fn default_database(&self) -> Option<&Arc<SecretView>> {
        self.default_database.as_ref()
    }

    /// The Secret with the operator's default database is this.
    pub fn set_default_database(&mut self, secret: Option<SecretView>) {
        self.default_database = secret.map(Arc::new);
        self.default_database_known = true;
    }

    /// Which further APIs there are is known.
    pub fn set_looked(&mut self) {
        self.looked = true;
    }

    /// Which further APIs are served.
    pub fn serves(&self, extra: Extra) -> bool {
        self.extras.contains(&extra)
    }

    /// An API is served, or is not any more.
    pub fn set_served(&mut self, extra: Extra, served: bool) {
        if served {
            self.extras.insert(extra);
            return;
        }
        self.extras.remove(&extra);
        for kind in Made::ALL.into_iter().filter(|kind| kind.needs() == Some(extra)) {
            self.listed.remove(&kind);
            self.listing.remove(&kind);
            self.objects.retain(|(_, of, _), _| *of != kind);
        }
    }

    /// A list begins.
    pub fn begins(&mut self, kind: Made) {
        self.listing.insert(kind, BTreeSet::new());
    }

    /// A list is complete: what it did not hold is gone.
    pub fn complete(&mut self, kind: Made) {
        let listed = self.listing.remove(&kind).unwrap_or_default();
        let gone: Vec<_> = self
            .objects
            .keys()
            .filter(|(server, of, name)| *of == kind && !listed.contains(&(server.clone(), name.clone())))
            .cloned()
            .collect();
        for id in gone {
            self.objects.remove(&id);
            self.touch(&id.0);
        }
        self.listed.insert(kind);
    }

    /// An object is there in this form. Whether it is new.
    pub fn put(&mut self, kind: Made, object: DynamicObject) -> bool {
        let (Some(namespace), Some(name)) = (object.metadata.namespace.clone(), object.metadata.name.clone()) else {
            return false;
        };
        let live = Live::new(object);
        let server = live.label(INSTANCE_LABEL).map(|server| Key::new(namespace.clone(), server));
        // Somebody may have written another server's name on it.
        let strayed = self.remove_where(kind, &namespace, &name, |filed| Some(filed) != server.as_ref());
        let Some(server) = server else {
            return strayed;
        };
        if let Some(listing) = self.listing.get_mut(&kind) {
            listing.insert((server.clone(), name.clone()));
        }
        let id = (server, kind, name);
        if let Some(known) = self.objects.get(&id)
            && (is_older(&live, known) || **known == live)
        {
            return false;
        }
        self.touch(&id.0);
        self.objects.insert(id, Arc::new(live));
        true
    }

    /// An object is gone. Whether it was there.
    pub fn remove(&mut self, kind: Made, namespace: &str, name: &str) -> bool {
        self.remove_where(kind, namespace, name, |_| true)
    }

    fn remove_where(&mut self, kind: Made, namespace: &str, name: &str, filed: impl Fn(&Key) -> bool) -> bool {
        let gone: Vec<_> = self
            .objects
            .keys()
            .filter(|(server, of, its)| *of == kind && its == name && server.namespace == namespace && filed(server))
            .cloned()
            .collect();
        for id in &gone {
            self.objects.remove(id);
            self.touch(&id.0);
        }
        !gone.is_empty()
    }

    fn touch(&mut self, server: &Key) {
        self.changes += 1;
        self.changed.insert(server.clone(), self.changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(version: &str, labels: Value) -> DynamicObject {
        let metadata = json!({"name": "main", "namespace": "identity", "uid": "s1", "resourceVersion": version, "labels": labels});
        serde_json::from_value(json!({"metadata": metadata})).unwrap()
    }

    fn of(server: &str) -> Value {
        json!({"app.kubernetes.io/instance": server})
    }

    fn key(server: &str) -> Key {
        Key::new("identity", server)
    }

    #[test]
    fn an_object_with_another_servers_name_on_it_is_missed_by_its_own() {
        let mut store = Store::default();
        assert!(store.put(Made::Service, service("1", of("main"))));
        let age = store.age(&key("main"));
        assert!(store.put(Made::Service, service("2", of("other"))));
        assert!(store.get(&key("main"), Made::Service, "main").is_none() && store.age(&key("main")) > age);
        assert!(store.put(Made::Service, service("3", json!({}))));
        assert!(store.get(&key("other"), Made::Service, "main").is_none());
    }

    #[test]
    fn what_a_watch_tells_late_is_old() {
        let mut store = Store::default();
        store.put(Made::Service, service("10", of("main")));
        assert!(!store.put(Made::Service, service("9", of("main"))));
        assert!(!store.put(Made::Service, service("10", of("main"))), "nothing is different");
        assert_eq!(store.get(&key("main"), Made::Service, "main").unwrap().version, "10");
    }

    #[test]
    fn what_a_new_list_does_not_hold_is_gone() {
        let mut store = Store::default();
        store.put(Made::Service, service("1", of("main")));
        store.begins(Made::Service);
        store.complete(Made::Service);
        assert!(store.get(&key("main"), Made::Service, "main").is_none());
    }
}
