//! What controllers found out, for the status writer: it merges the verdict of `compile` with these.

use crate::config::directory_health::DirectoryHealth;
use crate::config::input::{Key, Kind};
use crate::config::snapshot::{Revision, Snapshot};
use crate::resources::condition::Condition;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// What each replica runs on. Published by `operator::replicas`. A replica that is not here has not been heard of in this term yet.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// By AuthServer, then by the pod's uid
    pub servers: BTreeMap<Key, BTreeMap<String, ReplicaState>>,
}

impl Board {
    /// The state of one replica.
    pub fn replica(&self, server: &Key, uid: &str) -> Option<&ReplicaState> {
        self.servers.get(server)?.get(uid)
    }
}

/// What one replica runs on.
#[derive(Clone, Debug, Default)]
pub struct ReplicaState {
    /// The pod's name
    pub pod: String,
    /// The configuration that it acknowledged last
    pub acked: Option<Arc<Snapshot>>,
    /// The configuration that it refused after that
    pub nack: Option<Refused>,
    /// How its directories stand, as it said last over the connection that there is; `None`: it has not said
    pub directories: Option<Arc<Vec<DirectoryHealth>>>,
    /// Why it cannot be reached, if it cannot
    pub error: Option<String>,
    /// Since when this has been so
    pub since: Timestamp,
}

/// A configuration that a replica refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which
    pub revision: Revision,
    /// Why, resource by resource: kind, name, reason
    pub faults: Vec<(String, String, String)>,
}

/// What a controller found out about resources. Each controller publishes its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// By kind and key
    pub resources: BTreeMap<(Kind, Key), Arc<Fact>>,
}

/// What a controller found out about one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fact {
    /// Conditions that it adds, or puts in place of the verdict's. One that does not hold and is listed in `holds_ready` makes `Ready`
    /// false with its reason and message.
    pub conditions: Vec<Condition>,
    /// Types of conditions that `Ready` waits for
    pub holds_ready: Vec<&'static str>,
    /// Further fields of the status, such as a rollout's replicas
    pub fields: Map<String, Value>,
}

/// All overlays, as the status writer reads them.
#[derive(Clone, Debug)]
pub struct Overlays {
    /// From `operator::replicas`
    pub board: watch::Receiver<Arc<Board>>,
    /// From `operator::servers`
    pub servers: watch::Receiver<Arc<Facts>>,
    /// From `operator::clients`
    pub clients: watch::Receiver<Arc<Facts>>,
    /// From `operator::directories`
    pub directories: watch::Receiver<Arc<Facts>>,
}

/// The sending ends, each for its controller.
#[derive(Debug)]
pub struct Publishers {
    /// For `operator::replicas`
    pub board: watch::Sender<Arc<Board>>,
    /// For `operator::servers`
    pub servers: watch::Sender<Arc<Facts>>,
    /// For `operator::clients`
    pub clients: watch::Sender<Arc<Facts>>,
    /// For `operator::directories`
    pub directories: watch::Sender<Arc<Facts>>,
}

/// Empty overlays and their sending ends.
pub fn channels() -> (Publishers, Overlays) {
    let (board, board_reader) = watch::channel(Arc::default());
    let (servers, servers_reader) = watch::channel(Arc::default());
    let (clients, clients_reader) = watch::channel(Arc::default());
    let (directories, directories_reader) = watch::channel(Arc::default());
    let publishers = Publishers {
        board,
        servers,
        clients,
        directories,
    };
    let overlays = Overlays {
        board: board_reader,
        servers: servers_reader,
        clients: clients_reader,
        directories: directories_reader,
    };
    (publishers, overlays)
}
