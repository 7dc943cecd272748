//! A cluster in memory for the tests: resources, Secrets, `compile`, replicas, and the desk that acts on them, at a time that the test sets.

use super::act::{Act, Failure};
use super::desk::{Desk, Job};
use super::generated::{Content, Reading, keys, read};
use crate::config::input::{Accepted, Key, Kind, Object, Options, Resources, Runtime, SecretObject};
use crate::config::snapshot::Snapshot;
use crate::config::{compile, share};
use crate::oauth::opaque::TokenHash;
use crate::operator::overlay::{Board, Facts, ReplicaState};
use crate::operator::settings::{MANAGED_BY, NAUTHERA};
use crate::operator::world::{Meta, Owner, Replica, SecretView, World};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

pub const PODS: [&str; 3] = ["a", "b", "c"];

pub fn server() -> Key {
    Key::new("identity", "main")
}

pub fn shop() -> Key {
    Key::new("team-a", "shop")
}

pub fn shop_secret() -> Key {
    Key::new("team-a", "shop-client-secret")
}

pub fn begin() -> Timestamp {
    "2026-11-24T00:00:30Z".parse().unwrap()
}

pub struct Cluster {
    pub resources: Resources,
    pub world: World,
    pub board: Board,
    pub desk: Desk,
    pub now: Timestamp,
    pub instant: Instant,
    /// Replicas that take no configuration
    pub stuck: BTreeSet<String>,
    /// What was done, for the tests to look at
    pub done: Vec<String>,
    accepted: Accepted,
    version: u64,
}

impl Cluster {
    /// One AuthServer with three replicas and one confidential client; the policy renews secrets as it says.
    pub fn new(rotation: Value) -> Self {
        let mut resources = Resources::default();
        let object = |spec: Value| serde_json::from_value(spec).unwrap();
        resources.servers.insert(
            server(),
            Arc::new(Object::new(object_of(json!({"issuerUrl": "https://login.example.org"})))),
        );
        resources.cluster_policies.insert(
            Key::new("", "all"),
            Arc::new(Object::new(object(json!({"clientAuthentication": {"secretRotation": rotation}})))),
        );
        let mut cluster = Self {
            resources,
            world: World::default(),
            board: Board::default(),
            desk: Desk::default(),
            now: begin(),
            instant: Instant::now(),
            stuck: BTreeSet::new(),
            done: Vec::new(),
            accepted: Accepted::default(),
            version: 0,
        };
        let replicas = PODS.map(|pod| Replica {
            pod: pod.to_owned(),
            uid: pod.to_owned(),
            address: [10, 0, 0, 1].into(),
            port: 9443,
            ready: true,
            serving: true,
            terminating: false,
        });
        Arc::make_mut(&mut cluster.world.replicas).insert(server(), replicas.to_vec());
        cluster.put_client(&shop(), json!({}));
        cluster
    }

    /// Writes an AuthClient; the fields come on top of a service's.
    pub fn put_client(&mut self, key: &Key, fields: Value) {
        let mut spec = json!({"authServerRef": {"name": "main", "namespace": "identity"}, "grantTypes": ["client_credentials"]});
        spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let object = Object::new(serde_json::from_value(spec).unwrap());
        self.resources.clients.insert(key.clone(), Arc::new(object));
        let meta = Meta {
            uid: format!("uid of {key}"),
            ..Meta::default()
        };
        let there = self.world.objects.get(Kind::AuthClient, key).cloned();
        self.world
            .objects
            .insert(Kind::AuthClient, key.clone(), there.unwrap_or_else(|| Arc::new(meta)));
    }

    /// `kubectl delete`: with our finalizer it stays until that is taken off.
    pub fn delete_client(&mut self, key: &Key) {
        let mut meta = self.meta(key);
        let object = self.resources.clients.remove(key).unwrap();
        if meta.finalizers.is_empty() {
            self.world.objects.remove(Kind::AuthClient, key);
            return;
        }
        meta.deletion_timestamp = Some(self.now);
        self.world.objects.insert(Kind::AuthClient, key.clone(), Arc::new(meta));
        self.resources.departing.insert(key.clone(), object);
    }

    pub fn meta(&self, key: &Key) -> Meta {
        Meta::clone(self.world.objects.get(Kind::AuthClient, key).unwrap())
    }

    pub fn secret(&self, name: &Key) -> Option<&SecretView> {
        self.world.secrets.get(name).map(Arc::as_ref)
    }

    pub fn value(&self, name: &Key, key: &str) -> Option<String> {
        self.secret(name)?.text(key).map(|text| text.expose_secret().to_owned())
    }

    pub fn client_secret(&self) -> String {
        self.value(&shop_secret(), keys::CLIENT_SECRET).unwrap()
    }

    /// Changes a Secret as somebody with kubectl would.
    pub fn edit_secret(&mut self, name: &Key, data: &[(&str, &str)], change: impl FnOnce(&mut SecretView)) {
        let old = self.secret(name).unwrap().clone();
        let mut values: BTreeMap<String, Vec<u8>> = old.keys().map(|key| (key.to_owned(), old.bytes(key).unwrap().to_vec())).collect();
        values.extend(data.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())));
        let mut view = SecretView::new(values);
        (view.uid, view.labels, view.annotations, view.owner) = (old.uid, old.labels, old.annotations, old.owner);
        change(&mut view);
        self.put_secret(name, view);
    }

    pub fn put_secret(&mut self, name: &Key, mut view: SecretView) {
        self.version += 1;
        view.resource_version = self.version.to_string();
        Arc::make_mut(&mut self.world.secrets).insert(name.clone(), Arc::new(view));
    }

    pub fn delete_secret(&mut self, name: &Key) {
        Arc::make_mut(&mut self.world.secrets).remove(name);
        self.resources.generated.remove(name);
    }

    /// What the index does.
    pub fn compile(&mut self) {
        let mut generated = BTreeMap::new();
        for (name, view) in self.world.secrets.iter() {
            let before = self.resources.generated.get(name);
            self.resources.secrets.remove(name);
            match read(name, view, before.map(Arc::as_ref)) {
                Reading::Made(made) => drop(generated.insert(name.clone(), Arc::new(made))),
                Reading::Spoilt => {}
                Reading::Foreign => {
                    let data = view.keys().filter_map(|key| Some((key.to_owned(), view.text(key)?)));
                    let secret = SecretObject {
                        labels: view.labels.clone(),
                        data: data.collect(),
                    };
                    self.resources.secrets.insert(name.clone(), secret.into());
                }
            }
        }
        self.resources.generated = generated;
        let options = Options {
            runtime: Runtime::Cluster,
            ..Options::default()
        };
        let mut compiled = compile(&self.resources, &options, &self.accepted);
        share(&mut compiled, &self.world.compiled);
        self.accepted = compiled.accepted.clone();
        self.world.compiled = Arc::new(compiled);
        self.world.sequence += 1;
    }

    /// One replica takes what is wanted.
    pub fn push(&mut self, pod: &str) {
        if self.stuck.contains(pod) {
            return;
        }
        let acked = self.world.compiled.snapshots.get(&server()).cloned();
        let state = ReplicaState {
            pod: pod.to_owned(),
            acked,
            ..ReplicaState::default()
        };
        self.board.servers.entry(server()).or_default().insert(pod.to_owned(), state);
    }

    pub fn cannot_be_reached(&mut self, pod: &str) {
        self.stuck.insert(pod.to_owned());
        let replicas = self.board.servers.entry(server()).or_default();
        replicas.entry(pod.to_owned()).or_default().error = Some("connection refused".to_owned());
    }

    pub fn runs(&self, pod: &str) -> Option<&Arc<Snapshot>> {
        self.board.replica(&server(), pod)?.acked.as_ref()
    }

    /// Whether a replica takes this secret for the shop.
    pub fn takes(&self, pod: &str, secret: &str) -> bool {
        let client = self.runs(pod).and_then(|snapshot| snapshot.client("team-a.shop"));
        let hash = TokenHash::of(secret);
        client.is_some_and(|client| {
            let mut secrets = client.secrets.iter();
            secrets.any(|known| known.hash == hash && known.not_after.is_none_or(|end| self.now < end))
        })
    }

    /// One look of the desk, and what it does about it.
    pub fn act(&mut self) {
        let plan = self.desk.plan(&self.world, &self.board, self.now, self.instant);
        for job in plan.jobs {
            let outcome = self.perform(&job);
            let _ = self.desk.done(&job.subject.key, &outcome, self.instant);
        }
    }

    fn perform(&mut self, job: &Job) -> Result<(), Failure> {
        let owner = Owner {
            api_version: "auth.nauthera.io/v1alpha1".to_owned(),
            kind: "AuthClient".to_owned(),
            name: job.subject.key.name.clone(),
            uid: job.subject.uid.clone(),
        };
        for act in &job.acts {
            match act {
                Act::Create(name, content) => {
                    self.done
                        .push(job.cause.map_or_else(|| "create".to_owned(), |cause| format!("create: {cause:?}")));
                    if self.world.secrets.contains_key(name) {
                        return Err(Failure::Foreign(name.clone()));
                    }
                    self.put_secret(name, view_of(content, owner.clone(), &format!("uid of {name}")));
                }
                Act::Write {
                    name, version, content, ..
                } => {
                    self.done.push(format!("write: {:?}", job.cause.unwrap()));
                    if self.secret(name).map(|view| &view.resource_version) != Some(version) {
                        return Err(Failure::Overtaken);
                    }
                    self.put_secret(name, view_of(content, owner.clone(), &format!("uid of {name}")));
                }
                Act::Delete(name, _) => {
                    self.done.push("delete".to_owned());
                    self.delete_secret(name);
                }
                Act::Hold(_) | Act::Release(_) => {
                    let mut meta = self.meta(&job.subject.key);
                    match act {
                        Act::Hold(there) => {
                            self.done.push("hold".to_owned());
                            meta.finalizers = there.iter().cloned().chain(["auth.nauthera.io/grants".to_owned()]).collect();
                        }
                        _ => {
                            self.done.push("release".to_owned());
                            meta.finalizers.retain(|finalizer| finalizer != "auth.nauthera.io/grants");
                        }
                    }
                    if meta.deletion_timestamp.is_some() && meta.finalizers.is_empty() {
                        self.world.objects.remove(Kind::AuthClient, &job.subject.key);
                        self.resources.departing.remove(&job.subject.key);
                    } else {
                        self.world.objects.insert(Kind::AuthClient, job.subject.key.clone(), Arc::new(meta));
                    }
                }
            }
        }
        Ok(())
    }

    /// The operator ends, and another one begins with nothing but what the cluster holds.
    pub fn restart_operator(&mut self) {
        self.desk = Desk::default();
        self.accepted = Accepted::default();
        self.resources.generated.clear();
        self.board.servers.clear();
    }

    pub fn pass(&mut self, time: Duration) {
        self.now += SignedDuration::try_from(time).unwrap();
        self.instant += time;
    }

    /// Lets everything come to rest, without a moment passing.
    pub fn settle(&mut self) {
        for _ in 0..8 {
            self.compile();
            for pod in PODS {
                self.push(pod);
            }
            self.act();
        }
    }

    pub fn done(&mut self) -> Vec<String> {
        std::mem::take(&mut self.done)
    }

    pub fn facts(&self) -> Facts {
        self.desk.facts()
    }
}

fn object_of<S: serde::de::DeserializeOwned>(spec: Value) -> S {
    serde_json::from_value(spec).unwrap()
}

pub fn view_of(content: &Content, owner: Owner, uid: &str) -> SecretView {
    let data = content.data().into_iter();
    let data = data.filter_map(|(key, value)| Some((key.to_owned(), value?.as_bytes().to_vec())));
    let mut view = SecretView::new(data.collect());
    let annotations = content.annotations().into_iter();
    view.annotations = annotations.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    view.labels.insert(MANAGED_BY.to_owned(), NAUTHERA.to_owned());
    view.owner = Some(owner);
    view.uid = uid.to_owned();
    view
}
