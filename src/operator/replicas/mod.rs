//! Pushes each AuthServer's configuration to each of its replicas: one link per replica, which nothing that another replica does can
//! delay. Publishes the [`Board`]: what each replica runs on.

mod course;
mod desired;
#[cfg(test)]
mod fixtures;
mod link;
mod propagation;
mod publisher;
mod remote;
#[cfg(test)]
mod tests;
mod wire;

pub use desired::{identity_secret, server_name};
pub use remote::{Base, Described, Dial, Fault, Outcome, Position, Remote, Target};
pub use wire::WireDial;

use super::context::{Context, Controller};
use super::leader::Leader;
use super::overlay::Board;
use super::world::{SecretView, World};
use crate::config::input::Key;
use async_trait::async_trait;
use course::Wanted;
use link::{Inputs, Link};
use propagation::Propagation;
use publisher::Publisher;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// How often links are looked after, besides when something changes: one whose task died is made anew.
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// The controller that keeps the links.
pub struct Replicas<D: Dial> {
    dial: Arc<D>,
    publisher: Publisher,
}

/// What is common to the replicas of one AuthServer.
struct Lane {
    wanted: watch::Sender<Option<Wanted>>,
    identity: watch::Sender<Option<Arc<SecretView>>>,
    propagation: Propagation,
}

/// A running link; ends when this is dropped.
struct Running {
    target: Target,
    task: AbortOnDropHandle<()>,
}

/// The links of one term.
struct Links<D: Dial> {
    dial: Arc<D>,
    publisher: Publisher,
    fence: u64,
    leader: Leader,
    lanes: BTreeMap<Key, Lane>,
    running: BTreeMap<(Key, String), Running>,
}

impl<D: Dial> Replicas<D> {
    /// Publishes the board through `board`, and connects through `dial`.
    pub fn new(board: watch::Sender<Arc<Board>>, dial: D) -> Self {
        Self {
            dial: Arc::new(dial),
            publisher: Publisher::new(board),
        }
    }
}

#[async_trait]
impl<D: Dial> Controller for Replicas<D> {
    fn name(&self) -> &'static str {
        "replicas"
    }

    async fn run(&self, mut context: Context) -> Result<(), String> {
        let fence = context.leader.leading().await.fence;
        let mut board = self.publisher.subscribe();
        self.publisher.clear();
        let mut links = Links {
            dial: Arc::clone(&self.dial),
            publisher: self.publisher.clone(),
            fence,
            leader: context.leader.clone(),
            lanes: BTreeMap::new(),
            running: BTreeMap::new(),
        };
        let mut world = context.synced().await;
        loop {
            links.follow(&world);
            for took in links.settled(&world, &board.borrow_and_update()) {
                context.metrics.propagated(took);
            }
            tokio::select! {
                () = context.stop.cancelled() => return Ok(()),
                changed = context.world.changed() => {
                    changed.map_err(|_| "nobody publishes what is known any more".to_owned())?;
                    world = Arc::clone(&context.world.borrow_and_update());
                }
                _ = board.changed() => {}
                () = tokio::time::sleep(LOOK_AFTER) => {}
            }
        }
    }
}

impl<D: Dial> Links<D> {
    /// Makes the links those that the world asks for, and tells them what is wanted.
    fn follow(&mut self, world: &World) {
        let targets = desired::targets(world);
        self.running
            .retain(|key, running| targets.get(key) == Some(&running.target) && !running.task.is_finished());
        let servers: BTreeSet<&Key> = desired::served(world).map(|(server, _)| server).collect();
        self.lanes.retain(|server, _| servers.contains(server));
        self.publisher.keep(&targets.keys().cloned().collect::<BTreeSet<_>>());
        for server in servers {
            self.lanes.entry(server.clone()).or_insert_with(Lane::new).follow(server, world);
        }
        for (key, target) in targets {
            if self.running.contains_key(&key) {
                continue;
            }
            let (server, uid) = key.clone();
            let Some(lane) = self.lanes.get(&server) else { continue };
            let link = Link {
                dial: Arc::clone(&self.dial),
                server,
                uid,
                target: target.clone(),
                fence: self.fence,
                leader: self.leader.clone(),
                inputs: Inputs {
                    wanted: lane.wanted.subscribe(),
                    identity: lane.identity.subscribe(),
                },
                publisher: self.publisher.clone(),
                directories: None,
            };
            let task = AbortOnDropHandle::new(tokio::spawn(link.keep()));
            self.running.insert(key, Running { target, task });
        }
    }

    /// How long each change took that has now reached every serving replica.
    fn settled(&mut self, world: &World, board: &Board) -> Vec<Duration> {
        let now = Instant::now();
        self.lanes
            .iter_mut()
            .filter_map(|(server, lane)| lane.propagation.settle(world.replicas_of(server), board.servers.get(server), now))
            .collect()
    }
}

impl Lane {
    fn new() -> Self {
        Self {
            wanted: watch::Sender::new(None),
            identity: watch::Sender::new(None),
            propagation: Propagation::default(),
        }
    }

    fn follow(&mut self, server: &Key, world: &World) {
        let snapshot = world.compiled.snapshots.get(server);
        if let Some(snapshot) = snapshot {
            self.propagation.wanted(snapshot, world.changed_at.unwrap_or_else(Instant::now));
        }
        self.wanted.send_if_modified(|wanted| {
            let same = match (&*wanted, snapshot) {
                (Some(wanted), Some(snapshot)) => Arc::ptr_eq(&wanted.snapshot, snapshot),
                (None, None) => true,
                _ => false,
            };
            if !same {
                *wanted = snapshot.map(|snapshot| Wanted {
                    snapshot: Arc::clone(snapshot),
                    sequence: world.sequence,
                });
            }
            !same
        });
        let secret = desired::identity(world, server);
        self.identity.send_if_modified(|identity| {
            let same = match (&*identity, &secret) {
                (Some(identity), Some(secret)) => identity.same_data(secret),
                (None, None) => true,
                _ => false,
            };
            if !same {
                *identity = secret;
            }
            !same
        });
    }
}
