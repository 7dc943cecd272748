//! What a link talks to, apart from how: the config service of one replica.

use crate::config::directory_health::DirectoryHealth;
pub use crate::config::snapshot::Position;
use crate::config::snapshot::{Revision, Snapshot};
use crate::operator::world::SecretView;
use async_trait::async_trait;
use std::net::SocketAddr;
use std::sync::Arc;

/// One replica's config service: where it is, and whom it has to prove to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The pod's name, for people
    pub pod: String,
    /// Where it listens
    pub address: SocketAddr,
    /// The DNS name that its certificate must carry
    pub server_name: String,
}

/// What a replica says of itself.
#[derive(Clone, Debug)]
pub struct Described<K> {
    /// What it runs on; `None` if it has no configuration
    pub revision: Option<Revision>,
    /// The highest fence that it has seen
    pub fence: u64,
    /// What a delta can be made from: digests of what it holds
    pub known: K,
    /// How its directories stand
    pub directories: Vec<DirectoryHealth>,
}

/// What the replica is taken to hold, so that only what differs need be sent.
#[derive(Clone, Debug)]
pub enum Base<K> {
    /// Nothing that helps: everything is sent
    Nothing,
    /// Exactly this
    Held(Arc<Snapshot>),
    /// What it said of itself
    Told(K),
}

/// What a replica answers to a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in force
    Ack,
    /// It was refused; the one before stays. Kind, name, reason of each fault
    Nack(Vec<(String, String, String)>),
    /// The replica does not hold what the delta starts from
    BaseUnknown,
    /// A later leader has spoken
    Fenced(u64),
}

/// Why a replica cannot be talked to; a sentence for people, without any secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// Makes connections to replicas.
#[async_trait]
pub trait Dial: Send + Sync + 'static {
    /// A connection
    type Link: Remote;

    /// Connects with the operator's certificate (`tls.crt`, `tls.key`, `ca.crt` of the Secret).
    async fn dial(&self, target: &Target, identity: &SecretView) -> Result<Self::Link, Fault>;
}

/// A connection to one replica. Dropping it closes it; a call that is dropped may or may not have taken effect.
#[async_trait]
pub trait Remote: Send {
    /// What the replica says of itself that a delta can be made from
    type Known: Clone + Send + Sync;

    /// Asks what the replica runs on.
    async fn describe(&mut self) -> Result<Described<Self::Known>, Fault>;

    /// Puts a configuration in force.
    async fn apply(&mut self, snapshot: &Arc<Snapshot>, base: &Base<Self::Known>, position: Position) -> Result<Outcome, Fault>;
}
