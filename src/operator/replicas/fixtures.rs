//! Replicas that exist only in memory, for the tests.

use super::remote::{Base, Described, Dial, Fault, Outcome, Position, Remote, Target};
use crate::config::compile;
use crate::config::directory_health::DirectoryHealth;
use crate::config::input::{Accepted, Key, Object, Options, Resources};
use crate::config::snapshot::Snapshot;
use crate::operator::world::SecretView;
use async_trait::async_trait;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub fn main_server() -> Key {
    Key::new("identity", "main")
}

/// A snapshot of the AuthServer `identity/main` with these public clients.
pub fn snapshot(clients: &[&str]) -> Arc<Snapshot> {
    let mut resources = Resources::default();
    let server = json!({"issuerUrl": "https://login.example.org"});
    resources
        .servers
        .insert(main_server(), Arc::new(Object::new(serde_json::from_value(server).unwrap())));
    for name in clients {
        let spec = json!({
            "authServerRef": {"name": "main"},
            "clientType": "public",
            "redirectUris": ["https://shop.example.org/callback"],
        });
        let object = Object::new(serde_json::from_value(spec).unwrap());
        resources.clients.insert(Key::new("identity", *name), Arc::new(object));
    }
    let compiled = compile(&resources, &Options::default(), &Accepted::default());
    let snapshot = Arc::clone(&compiled.snapshots[&main_server()]);
    assert_eq!(snapshot.clients.len(), clients.len());
    snapshot
}

/// How a replica behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Well,
    /// Nothing listens
    Down,
    /// Takes calls and never answers
    Hangs,
    /// Refuses every configuration
    Refuses,
    /// Refuses deltas only
    RefusesDeltas,
    /// Does not know any base
    Forgets,
}

#[derive(Default)]
pub struct State {
    pub mood: Mood,
    pub runs: Option<Arc<Snapshot>>,
    pub position: Option<Position>,
    pub directories: Vec<DirectoryHealth>,
    /// `dial`, `describe`, `full …`, `delta …`
    pub calls: Vec<String>,
    /// Another number: another connection was opened since
    pub connections: usize,
}

/// One replica.
#[derive(Clone, Default)]
pub struct Replica(pub Arc<Mutex<State>>);

impl Replica {
    pub fn mood(&self, mood: Mood) {
        self.0.lock().unwrap().mood = mood;
    }

    /// The process is replaced by one without a configuration; connections are cut.
    pub fn restart_empty(&self) {
        let mut state = self.0.lock().unwrap();
        state.runs = None;
        state.position = None;
    }

    pub fn cut(&self) {
        self.0.lock().unwrap().connections += 1;
    }

    pub fn runs(&self) -> Option<Arc<Snapshot>> {
        self.0.lock().unwrap().runs.clone()
    }

    /// What was called since the last look.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }
}

/// Dials replicas by their pods' names.
#[derive(Clone, Default)]
pub struct Fleet(pub Arc<Mutex<BTreeMap<String, Replica>>>);

impl Fleet {
    pub fn replica(&self, pod: &str) -> Replica {
        self.0.lock().unwrap().entry(pod.to_owned()).or_default().clone()
    }
}

pub struct FakeLink {
    replica: Replica,
    connection: usize,
}

#[async_trait]
impl Dial for Fleet {
    type Link = FakeLink;

    async fn dial(&self, target: &Target, identity: &SecretView) -> Result<FakeLink, Fault> {
        let replica = self.replica(&target.pod);
        let (mood, connection) = {
            let mut state = replica.0.lock().unwrap();
            let certificate = String::from_utf8(identity.bytes("tls.crt").unwrap().to_vec()).unwrap();
            state.calls.push(format!("dial {certificate}"));
            (state.mood, state.connections)
        };
        match mood {
            Mood::Down => Err(Fault("connection refused".to_owned())),
            _ => Ok(FakeLink { replica, connection }),
        }
    }
}

impl FakeLink {
    async fn call(&self, call: String) -> Result<Mood, Fault> {
        let (mood, cut) = {
            let mut state = self.replica.0.lock().unwrap();
            state.calls.push(call);
            (state.mood, state.connections != self.connection)
        };
        match mood {
            Mood::Hangs => std::future::pending().await,
            Mood::Down => Err(Fault("connection reset".to_owned())),
            _ if cut => Err(Fault("connection reset".to_owned())),
            mood => Ok(mood),
        }
    }
}

#[async_trait]
impl Remote for FakeLink {
    type Known = ();

    async fn describe(&mut self) -> Result<Described<()>, Fault> {
        self.call("describe".to_owned()).await?;
        let state = self.replica.0.lock().unwrap();
        Ok(Described {
            revision: state.runs.as_ref().map(|snapshot| snapshot.revision.clone()),
            fence: state.position.map_or(0, |position| position.fence),
            known: (),
            directories: state.directories.clone(),
        })
    }

    async fn apply(&mut self, snapshot: &Arc<Snapshot>, base: &Base<()>, position: Position) -> Result<Outcome, Fault> {
        let how = match base {
            Base::Nothing => "full",
            Base::Held(_) => "delta",
            Base::Told(()) => "delta on digests",
        };
        let mood = self.call(format!("{how} {}", snapshot.clients.len())).await?;
        let mut state = self.replica.0.lock().unwrap();
        if let Some(highest) = state.position.map(|seen| seen.fence).filter(|fence| *fence > position.fence) {
            return Ok(Outcome::Fenced(highest));
        }
        match (mood, base) {
            (Mood::Refuses, _) | (Mood::RefusesDeltas, Base::Held(_) | Base::Told(())) => Ok(Outcome::Nack(vec![(
                "AuthClient".to_owned(),
                "team-a/shop".to_owned(),
                "no".to_owned(),
            )])),
            (Mood::Forgets, Base::Held(_) | Base::Told(())) => Ok(Outcome::BaseUnknown),
            (_, Base::Held(held)) if state.runs.as_ref().map(|runs| &runs.revision) != Some(&held.revision) => Ok(Outcome::BaseUnknown),
            _ => {
                state.runs = Some(Arc::clone(snapshot));
                state.position = Some(position);
                Ok(Outcome::Ack)
            }
        }
    }
}

/// The Secret with the operator's certificate.
pub fn identity(certificate: &str) -> Arc<SecretView> {
    let data = [("tls.crt", certificate), ("tls.key", "key"), ("ca.crt", "ca")];
    let data = data.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()));
    Arc::new(SecretView::new(BTreeMap::from(data)))
}
