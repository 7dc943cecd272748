//! What is known, kept by one task: changes in, [`Resources`] for `compile` and facts for the [`World`](super::world::World) out. Pure.

mod run;
mod secrets;
mod slices;
#[cfg(test)]
mod tests;

pub use run::run;

use super::settings::FINALIZER;
use super::watch::{Change, Observed, Seen, SliceView, Source, Spec};
use super::world::{Objects, Replica, SecretView};
use crate::config::input::{Accepted, Key, Kind, Labels, Object, Resources};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything that the watches have told.
#[derive(Debug, Default)]
pub struct Index {
    resources: Arc<Resources>,
    objects: Objects,
    secrets: Arc<BTreeMap<Key, Arc<SecretView>>>,
    replicas: Arc<BTreeMap<Key, Vec<Replica>>>,
    slices: BTreeMap<Key, SliceView>,
    lists: BTreeMap<Source, List>,
    /// What statuses say was accepted before; complete when every list is
    recovered: Accepted,
    work: Work,
}

/// What one watch has told of.
#[derive(Debug, Default)]
struct List {
    complete: bool,
    keys: BTreeSet<Key>,
    /// While a list goes on: what it held so far
    listing: Option<BTreeSet<Key>>,
}

/// What has to be done because of what was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Something that `compile` reads is different
    pub compile: bool,
    /// Something else that controllers read is different
    pub publish: bool,
}

/// Something that a person has to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// The kind
    pub kind: Kind,
    /// The resource
    pub key: Key,
    /// Why its latest form cannot be read
    pub why: String,
}

impl Index {
    /// Knows nothing yet, and will not be complete before each of these sources is.
    pub fn new(sources: impl IntoIterator<Item = Source>) -> Self {
        Self {
            lists: sources.into_iter().map(|source| (source, List::default())).collect(),
            ..Self::default()
        }
    }

    /// Whether every watch has delivered its first list.
    pub fn is_complete(&self) -> bool {
        self.lists.values().all(|list| list.complete)
    }

    /// The watches that have not.
    pub fn awaited(&self) -> impl Iterator<Item = Source> {
        self.lists.iter().filter(|(_, list)| !list.complete).map(|(source, _)| *source)
    }

    /// What `compile` reads.
    pub fn resources(&self) -> &Arc<Resources> {
        &self.resources
    }

    /// What statuses say was accepted before this process began.
    pub fn recovered(&self) -> &Accepted {
        &self.recovered
    }

    /// A compilation has taken in what was accepted before.
    pub fn forget_recovered(&mut self) {
        self.recovered = Accepted::default();
    }

    /// Metadata of every custom resource.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Secrets.
    pub fn secrets(&self) -> &Arc<BTreeMap<Key, Arc<SecretView>>> {
        &self.secrets
    }

    /// Pods of AuthServers.
    pub fn replicas(&self) -> &Arc<BTreeMap<Key, Vec<Replica>>> {
        &self.replicas
    }

    /// What is to do since this was asked last.
    pub fn take_work(&mut self) -> Work {
        std::mem::take(&mut self.work)
    }

    /// Takes in what a watch tells; says so if a resource cannot be read that could, or cannot for another reason.
    pub fn apply(&mut self, change: Change) -> Option<Undecodable> {
        match change {
            Change::Begins(source) => {
                self.lists.entry(source).or_default().listing = Some(BTreeSet::new());
                None
            }
            Change::Seen(source, seen) => {
                let list = self.lists.entry(source).or_default();
                list.keys.insert(seen.key().clone());
                if let Some(listing) = &mut list.listing {
                    listing.insert(seen.key().clone());
                }
                self.seen(source, *seen)
            }
            Change::Gone(source, key) => {
                self.gone(source, &key);
                None
            }
            Change::Listed(source) => {
                let list = self.lists.entry(source).or_default();
                list.complete = true;
                let listed = list.listing.take().unwrap_or_default();
                let gone: Vec<Key> = list.keys.difference(&listed).cloned().collect();
                for key in gone {
                    self.gone(source, &key);
                }
                None
            }
        }
    }

    fn seen(&mut self, source: Source, seen: Seen) -> Option<Undecodable> {
        match (source, seen) {
            (Source::Kind(kind), Seen::Resource(key, observed)) => return self.resource(kind, key, observed),
            (_, Seen::Namespace(key, labels)) => {
                if self.resources.namespaces.get(&key.name) != Some(&labels) {
                    Arc::make_mut(&mut self.resources).namespaces.insert(key.name, labels);
                    self.work.compile = true;
                }
            }
            (_, Seen::Secret(key, view)) => self.secret(key, view),
            (_, Seen::Slice(key, slice)) => self.slice(key, Some(slice)),
            (_, Seen::Resource(..)) => {}
        }
        None
    }

    fn gone(&mut self, source: Source, key: &Key) {
        if !self.lists.entry(source).or_default().keys.remove(key) {
            return;
        }
        match source {
            Source::Kind(kind) => {
                if self.objects.remove(kind, key).is_some() {
                    self.work.publish = true;
                }
                self.withdraw(kind, key);
                self.departed(kind, key);
                self.note_lost_policy(kind, key, None);
            }
            Source::Namespaces => {
                if self.resources.namespaces.contains_key(&key.name) {
                    Arc::make_mut(&mut self.resources).namespaces.remove(&key.name);
                    self.work.compile = true;
                }
            }
            Source::Secrets(_) => {
                let elsewhere = self
                    .lists
                    .iter()
                    .any(|(other, list)| matches!(other, Source::Secrets(_)) && list.keys.contains(key));
                if !elsewhere {
                    self.secret_gone(key);
                }
            }
            Source::Slices => self.slice(key.clone(), None),
        }
    }

    fn resource(&mut self, kind: Kind, key: Key, observed: Observed) -> Option<Undecodable> {
        let before = self.objects.get(kind, &key).cloned();
        let Observed { meta, spec, last_accepted } = observed;
        let mut undecodable = None;
        let mut lost = None;
        match spec {
            spec if meta.deletion_timestamp.is_some() => {
                let known = self.resources.clients.get(&key).cloned();
                self.withdraw(kind, &key);
                let departing = match spec {
                    Ok(Spec::AuthClient(object)) => Some(Arc::new(object)),
                    _ => known,
                };
                // Whoever put the finalizer there has something to end first.
                if let Some(client) = departing.filter(|_| kind == Kind::AuthClient && meta.finalizers.iter().any(|name| name == FINALIZER))
                {
                    let changed = put(
                        &mut self.resources,
                        |all| &all.departing,
                        |all| &mut all.departing,
                        key.clone(),
                        client,
                    );
                    self.work.compile |= changed;
                } else {
                    self.departed(kind, &key);
                }
            }
            Ok(spec) => self.put(key.clone(), spec, kind),
            Err(why) => {
                if before.as_ref().and_then(|before| before.undecodable.as_ref()) != Some(&why) {
                    let key = key.clone();
                    undecodable = Some(Undecodable { kind, key, why });
                }
                // Its last good form stays: the one that is known, else the one that its status remembers.
                let known = self.relabel(kind, &key, &meta.labels);
                match last_accepted.clone() {
                    _ if known => {}
                    Some(earlier) => self.put(key.clone(), earlier, kind),
                    None => lost = Some(&meta.labels),
                }
            }
        }
        if let Some(earlier) = last_accepted
            && !self.is_complete()
        {
            recover(&mut self.recovered, &self.resources, kind, key.clone(), earlier);
        }
        self.note_lost_policy(kind, &key, lost);
        if before.as_deref() != Some(&meta) {
            self.objects.insert(kind, key, Arc::new(meta));
            self.work.publish = true;
        }
        undecodable
    }

    /// A policy that nobody can read may forbid anything: it is known by its labels as long as no form of it can be read.
    fn note_lost_policy(&mut self, kind: Kind, key: &Key, labels: Option<&Labels>) {
        let labels = labels.filter(|_| matches!(kind, Kind::AuthPolicy | Kind::ClusterAuthPolicy));
        let id = (kind, key.clone());
        if self.resources.lost_policies.get(&id) == labels {
            return;
        }
        let lost = &mut Arc::make_mut(&mut self.resources).lost_policies;
        match labels {
            Some(labels) => drop(lost.insert(id, labels.clone())),
            None => drop(lost.remove(&id)),
        }
        self.work.compile = true;
    }

    fn put(&mut self, key: Key, spec: Spec, kind: Kind) {
        let resources = &mut self.resources;
        let changed = match spec {
            Spec::AuthServer(object) => put(resources, |all| &all.servers, |all| &mut all.servers, key, object.into()),
            Spec::AuthClient(object) => put(resources, |all| &all.clients, |all| &mut all.clients, key, object.into()),
            Spec::AuthPolicy(object) if kind == Kind::ClusterAuthPolicy => put(
                resources,
                |all| &all.cluster_policies,
                |all| &mut all.cluster_policies,
                key,
                object.into(),
            ),
            Spec::AuthPolicy(object) => put(resources, |all| &all.policies, |all| &mut all.policies, key, object.into()),
            Spec::UserStore(object) => put(resources, |all| &all.user_stores, |all| &mut all.user_stores, key, object.into()),
            Spec::User(object) => put(resources, |all| &all.users, |all| &mut all.users, key, object.into()),
            Spec::Group(object) => put(resources, |all| &all.groups, |all| &mut all.groups, key, object.into()),
            Spec::Role(object) => put(resources, |all| &all.roles, |all| &mut all.roles, key, object.into()),
            Spec::ClaimMapper(object) => put(
                resources,
                |all| &all.claim_mappers,
                |all| &mut all.claim_mappers,
                key,
                object.into(),
            ),
            Spec::IdentityProvider(object) => put(
                resources,
                |all| &all.identity_providers,
                |all| &mut all.identity_providers,
                key,
                object.into(),
            ),
        };
        self.work.compile |= changed;
    }

    /// Nothing has to be ended any more for a client that was being deleted.
    fn departed(&mut self, kind: Kind, key: &Key) {
        if kind == Kind::AuthClient && self.resources.departing.contains_key(key) {
            Arc::make_mut(&mut self.resources).departing.remove(key);
            self.work.compile = true;
        }
    }

    /// Takes a resource out of what is compiled.
    fn withdraw(&mut self, kind: Kind, key: &Key) {
        if !has(&self.resources, kind, key) {
            return;
        }
        let resources = Arc::make_mut(&mut self.resources);
        match kind {
            Kind::AuthServer => drop(resources.servers.remove(key)),
            Kind::AuthClient => drop(resources.clients.remove(key)),
            Kind::AuthPolicy => drop(resources.policies.remove(key)),
            Kind::ClusterAuthPolicy => drop(resources.cluster_policies.remove(key)),
            Kind::UserStore => drop(resources.user_stores.remove(key)),
            Kind::User => drop(resources.users.remove(key)),
            Kind::Group => drop(resources.groups.remove(key)),
            Kind::Role => drop(resources.roles.remove(key)),
            Kind::ClaimMapper => drop(resources.claim_mappers.remove(key)),
            Kind::IdentityProvider => drop(resources.identity_providers.remove(key)),
        }
        self.work.compile = true;
    }

    /// Gives the form that is known the labels that the resource has now: selectors go by those. `false` if no form is known.
    fn relabel(&mut self, kind: Kind, key: &Key, labels: &Labels) -> bool {
        let resources = &self.resources;
        let known = match kind {
            Kind::AuthServer => resources
                .servers
                .get(key)
                .map(|old| Spec::AuthServer(Box::new(with_labels(old, labels)))),
            Kind::AuthClient => resources.clients.get(key).map(|old| Spec::AuthClient(with_labels(old, labels))),
            Kind::AuthPolicy => resources.policies.get(key).map(|old| Spec::AuthPolicy(with_labels(old, labels))),
            Kind::ClusterAuthPolicy => resources
                .cluster_policies
                .get(key)
                .map(|old| Spec::AuthPolicy(with_labels(old, labels))),
            Kind::UserStore => resources.user_stores.get(key).map(|old| Spec::UserStore(with_labels(old, labels))),
            Kind::User => resources.users.get(key).map(|old| Spec::User(with_labels(old, labels))),
            Kind::Group => resources.groups.get(key).map(|old| Spec::Group(with_labels(old, labels))),
            Kind::Role => resources.roles.get(key).map(|old| Spec::Role(with_labels(old, labels))),
            Kind::ClaimMapper => resources
                .claim_mappers
                .get(key)
                .map(|old| Spec::ClaimMapper(with_labels(old, labels))),
            Kind::IdentityProvider => resources
                .identity_providers
                .get(key)
                .map(|old| Spec::IdentityProvider(with_labels(old, labels))),
        };
        known.map(|spec| self.put(key.clone(), spec, kind)).is_some()
    }
}

fn with_labels<S: Clone>(old: &Object<S>, labels: &Labels) -> Object<S> {
    Object {
        labels: labels.clone(),
        ..old.clone()
    }
}

/// Puts a value in if it is new or different; says whether it was. `Resources` is copied only then, and only while a compilation reads it.
fn put<V: PartialEq>(
    resources: &mut Arc<Resources>,
    read: impl Fn(&Resources) -> &BTreeMap<Key, V>,
    write: impl Fn(&mut Resources) -> &mut BTreeMap<Key, V>,
    key: Key,
    value: V,
) -> bool {
    let changed = read(resources).get(&key) != Some(&value);
    if changed {
        write(Arc::make_mut(resources)).insert(key, value);
    }
    changed
}

fn has(resources: &Resources, kind: Kind, key: &Key) -> bool {
    match kind {
        Kind::AuthServer => resources.servers.contains_key(key),
        Kind::AuthClient => resources.clients.contains_key(key),
        Kind::AuthPolicy => resources.policies.contains_key(key),
        Kind::ClusterAuthPolicy => resources.cluster_policies.contains_key(key),
        Kind::UserStore => resources.user_stores.contains_key(key),
        Kind::User => resources.users.contains_key(key),
        Kind::Group => resources.groups.contains_key(key),
        Kind::Role => resources.roles.contains_key(key),
        Kind::ClaimMapper => resources.claim_mappers.contains_key(key),
        Kind::IdentityProvider => resources.identity_providers.contains_key(key),
    }
}

/// Remembers a form that a status says was accepted. Only the operator may write statuses: the roles for people grant no `/status`.
fn recover(accepted: &mut Accepted, resources: &Resources, kind: Kind, key: Key, spec: Spec) {
    match spec {
        Spec::AuthServer(object) => drop(accepted.servers.insert(key, object.into())),
        Spec::AuthClient(object) => {
            // Most often it is the latest form: thousands of them are not kept twice.
            let latest = resources.clients.get(&key).filter(|latest| ***latest == object).cloned();
            accepted.clients.insert(key, latest.unwrap_or_else(|| object.into()));
        }
        Spec::AuthPolicy(object) if kind == Kind::ClusterAuthPolicy => drop(accepted.cluster_policies.insert(key, object.into())),
        Spec::AuthPolicy(object) => drop(accepted.policies.insert(key, object.into())),
        Spec::User(object) => drop(accepted.users.insert(key, object.into())),
        Spec::ClaimMapper(object) => drop(accepted.claim_mappers.insert(key, object.into())),
        Spec::UserStore(_) | Spec::Group(_) | Spec::Role(_) | Spec::IdentityProvider(_) => {}
    }
}
