//! A cluster in memory whose statuses are evaluated and written as the API server would.

use super::view::{Evaluation, Id, View};
use crate::config::compile;
use crate::config::input::{Accepted, Key, Kind, Object, Options, Resources, Runtime};
use crate::config::snapshot::{Revision, Snapshot};
use crate::operator::overlay::{self, Board, Fact, Facts, Refused, ReplicaState};
use crate::operator::world::{Meta, Replica, World};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

pub const PODS: [&str; 3] = ["a", "b", "c"];

pub fn server() -> Id {
    (Kind::AuthServer, Key::new("identity", "main"))
}

pub fn policy() -> Id {
    (Kind::AuthPolicy, Key::new("identity", "web"))
}

pub fn client(name: &str) -> Id {
    (Kind::AuthClient, Key::new("team-a", name))
}

pub fn begin() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

pub fn later() -> Timestamp {
    "2026-11-24T11:00:00Z".parse().unwrap()
}

fn object<S: DeserializeOwned>(spec: Value, generation: i64) -> Arc<Object<S>> {
    let mut object = Object::new(serde_json::from_value(spec).unwrap());
    object.generation = Some(generation);
    object.into()
}

pub struct Scene {
    pub resources: Resources,
    pub world: World,
    pub board: Board,
    pub servers: Facts,
    pub clients: Facts,
    pub directories: Facts,
    accepted: Accepted,
}

impl Scene {
    /// One AuthServer with three replicas, which have heard of nothing yet, a policy, and the public clients `shop` and `blog`.
    pub fn new() -> Self {
        let mut scene = Self {
            resources: Resources::default(),
            world: World {
                sequence: 1,
                ..World::default()
            },
            board: Board::default(),
            servers: Facts::default(),
            clients: Facts::default(),
            directories: Facts::default(),
            accepted: Accepted::default(),
        };
        scene.put_server("main", 1);
        scene.put_policy(json!({"allowedScopes": ["openid", "email"]}), 1);
        for name in ["shop", "blog"] {
            scene.put_client(name, json!({}), 1);
        }
        for pod in PODS {
            scene.pod(pod, true);
        }
        scene.compile();
        scene
    }

    pub fn put_server(&mut self, name: &str, generation: i64) {
        let id = (Kind::AuthServer, Key::new("identity", name));
        let spec = json!({"issuerUrl": format!("https://{name}.example.org"), "policySelector": {}});
        self.resources.servers.insert(id.1.clone(), object(spec, generation));
        self.note(&id, generation);
    }

    pub fn put_policy(&mut self, spec: Value, generation: i64) {
        self.resources.policies.insert(policy().1, object(spec, generation));
        self.note(&policy(), generation);
    }

    /// An AuthClient; the fields come on top of a public one's.
    pub fn put_client(&mut self, name: &str, fields: Value, generation: i64) {
        let mut spec = json!({
            "authServerRef": {"name": "main", "namespace": "identity"},
            "clientType": "public",
            "scopes": ["openid"],
            "redirectUris": ["https://shop.example.org/callback"],
        });
        spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.resources.clients.insert(client(name).1, object(spec, generation));
        self.note(&client(name), generation);
    }

    /// Its metadata; what was written of its status stays.
    fn note(&mut self, id: &Id, generation: i64) {
        self.meta(id, |meta| {
            meta.uid = id.1.to_string();
            meta.generation = generation;
        });
    }

    pub fn meta(&mut self, (kind, key): &Id, change: impl FnOnce(&mut Meta)) {
        let fresh = || Meta {
            status: "null".into(),
            ..Meta::default()
        };
        let mut meta = self.world.objects.get(*kind, key).map_or_else(fresh, |meta| Meta::clone(meta));
        change(&mut meta);
        self.world.objects.insert(*kind, key.clone(), meta.into());
    }

    pub fn compile(&mut self) {
        let options = Options {
            runtime: Runtime::Cluster,
            ..Options::default()
        };
        let compiled = compile(&self.resources, &options, &self.accepted);
        self.accepted = compiled.accepted.clone();
        self.world.compiled = compiled.into();
    }

    pub fn pod(&mut self, name: &str, ready: bool) {
        let pod = Replica {
            pod: name.to_owned(),
            uid: name.to_owned(),
            address: [10, 0, 0, 1].into(),
            port: 9443,
            ready,
            serving: ready,
            terminating: false,
        };
        let pods = Arc::make_mut(&mut self.world.replicas).entry(server().1).or_default();
        pods.retain(|known| known.pod != name);
        pods.push(pod);
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.world.compiled.snapshots[&server().1])
    }

    fn state(&mut self, pod: &str) -> &mut ReplicaState {
        let pods = self.board.servers.entry(server().1).or_default();
        pods.entry(pod.to_owned()).or_default()
    }

    /// A replica runs on what is wanted now.
    pub fn acks(&mut self, pods: &[&str]) {
        let snapshot = self.snapshot();
        for pod in pods {
            *self.state(pod) = ReplicaState {
                acked: Some(Arc::clone(&snapshot)),
                ..ReplicaState::default()
            };
        }
    }

    /// A replica refuses what is wanted now: kind, name, reason.
    pub fn nacks(&mut self, pod: &str, faults: &[(&str, &str, &str)]) {
        let revision: Revision = self.snapshot().revision.clone();
        let text = |text: &str| text.to_owned();
        self.state(pod).nack = Some(Refused {
            revision,
            faults: faults
                .iter()
                .map(|(kind, name, reason)| (text(kind), text(name), text(reason)))
                .collect(),
        });
    }

    pub fn cannot_be_reached(&mut self, pod: &str, why: &str) {
        self.state(pod).error = Some(why.to_owned());
    }

    pub fn view(&self) -> View {
        let (publishers, overlays) = overlay::channels();
        publishers.board.send_replace(Arc::new(self.board.clone()));
        publishers.servers.send_replace(Arc::new(self.servers.clone()));
        publishers.clients.send_replace(Arc::new(self.clients.clone()));
        publishers.directories.send_replace(Arc::new(self.directories.clone()));
        View::now(Arc::new(self.world.clone()), &overlays)
    }

    pub fn evaluate(&self, id: &Id, now: Timestamp) -> Evaluation {
        let view = self.view();
        view.evaluate(&view.overview(), id, None, now).unwrap()
    }

    /// What the status should be.
    pub fn wanted(&self, id: &Id) -> Value {
        self.evaluate(id, begin()).wanted.status
    }

    /// Writes the status as it should be, and says what was sent for that.
    pub fn write(&mut self, id: &Id, now: Timestamp) -> Option<Value> {
        let evaluation = self.evaluate(id, now);
        let status = evaluation.wanted.status.to_string();
        self.meta(id, |meta| meta.status = status.into());
        evaluation.patch.map(|(patch, _)| patch)
    }
}

/// Status, reason and message of a condition.
pub fn condition(status: &Value, type_: &str) -> [String; 3] {
    let found = super::merge::condition_of(status, type_).unwrap_or_else(|| panic!("no {type_} in {status}"));
    ["status", "reason", "message"].map(|field| found[field].as_str().unwrap().to_owned())
}

/// Status and reason of a condition.
pub fn gist(status: &Value, type_: &str) -> [String; 2] {
    let [status, reason, _] = condition(status, type_);
    [status, reason]
}

pub fn fact(conditions: Vec<crate::resources::condition::Condition>, holds_ready: &[&'static str], fields: Value) -> Arc<Fact> {
    let Value::Object(fields) = fields else { panic!("no object") };
    Arc::new(Fact {
        conditions,
        holds_ready: holds_ready.to_vec(),
        fields,
    })
}
