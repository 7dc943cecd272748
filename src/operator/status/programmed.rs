//! How far a change has come: which serving replicas run on it.

use crate::config::input::{Key, Kind};
use crate::config::snapshot::Snapshot;
use crate::oauth::ids::ClientId;
use crate::operator::overlay::{Board, ReplicaState};
use crate::operator::world::{Replica, World};
use crate::resources::condition::Condition;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reason while replicas have yet to answer.
pub const PROGRAMMING: &str = "Programming";
/// Reason while no replica serves.
pub const NO_REPLICAS: &str = "NoReplicas";
/// Reason while a replica cannot be reached.
pub const UNREACHABLE: &str = "ReplicaUnreachable";
/// Reason if a replica refused the configuration.
pub const REFUSED: &str = "ReplicaRefused";

/// At most this many characters of what replicas said go into a message.
const MOST_SAID: usize = 600;

/// How many of the replicas that serve run the present form of something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Programmed {
    /// Replicas that serve
    pub serving: usize,
    /// Those of them that have acknowledged it
    pub current: usize,
    /// A replica has not been asked yet in this term
    pub unheard: bool,
    /// What keeps it from the others: a reason and a sentence
    pub obstacle: Option<(&'static str, String)>,
}

impl Programmed {
    /// Whether every serving replica runs it, and there is one.
    pub fn is_complete(&self) -> bool {
        self.serving > 0 && self.current == self.serving
    }

    /// Both together: a policy that several servers obey.
    pub fn and(self, other: Self) -> Self {
        Self {
            serving: self.serving + other.serving,
            current: self.current + other.current,
            unheard: self.unheard || other.unheard,
            obstacle: self.obstacle.or(other.obstacle),
        }
    }

    /// The condition `Programmed`.
    pub fn condition(&self) -> Condition {
        let so_far = format!("{}/{} replicas have acknowledged this generation", self.current, self.serving);
        match &self.obstacle {
            Some((reason, said)) if *reason == NO_REPLICAS => Condition::no("Programmed", reason, said.clone()),
            Some((reason, said)) => Condition::no("Programmed", reason, format!("{so_far}; {said}")),
            None if self.is_complete() => Condition::yes("Programmed", "Programmed", so_far),
            None => Condition::no("Programmed", PROGRAMMING, so_far),
        }
    }
}

/// The replicas of every server, looked at once for all resources.
pub struct Overview<'a> {
    servers: BTreeMap<&'a Key, Server<'a>>,
}

struct Server<'a> {
    snapshot: &'a Arc<Snapshot>,
    replicas: Vec<(&'a Replica, Option<&'a ReplicaState>)>,
    /// Those that do not serve yet
    starting: Vec<(&'a Replica, &'a ReplicaState)>,
    /// Of the whole snapshot
    whole: Programmed,
}

impl<'a> Overview<'a> {
    /// Looks at every server.
    pub fn new(world: &'a World, board: &'a Board) -> Self {
        let servers = world.compiled.snapshots.iter().map(|(key, snapshot)| {
            let there = world.replicas_of(key).iter();
            let serving = there.clone().filter(|replica| replica.ready);
            let starting = there.filter(|replica| !replica.ready && !replica.terminating);
            let mut server = Server {
                snapshot,
                replicas: serving.map(|replica| (replica, board.replica(key, &replica.uid))).collect(),
                starting: starting
                    .filter_map(|replica| Some((replica, board.replica(key, &replica.uid)?)))
                    .collect(),
                whole: Programmed::default(),
            };
            server.whole = server.look(key, |acked| acked.revision == snapshot.revision, |_, _| true);
            (key, server)
        });
        Self {
            servers: servers.collect(),
        }
    }

    /// How far a server's whole configuration has come; `None` if the server was refused.
    pub fn server(&self, key: &Key) -> Option<&Programmed> {
        self.servers.get(key).map(|server| &server.whole)
    }

    /// How far one client has come; `None` if its server has it not (yet).
    pub fn client(&self, key: &Key, server: &Key, id: &ClientId) -> Option<Programmed> {
        let (server_key, server) = self.servers.get_key_value(server)?;
        let wanted = server.snapshot.clients.get(id)?;
        if server.whole.obstacle.is_none() && server.whole.is_complete() {
            return Some(server.whole.clone());
        }
        let has_it = |acked: &Snapshot| {
            acked
                .clients
                .get(id)
                .is_some_and(|acked| Arc::ptr_eq(acked, wanted) || acked == wanted)
        };
        // What a replica said of other resources is for their owners and for the server's.
        let own = |kind: &str, name: &str| kind == Kind::AuthClient.as_str() && name == key.to_string();
        Some(server.look(server_key, has_it, own))
    }

    /// How far a resource has come that several servers may obey; `None` if none does.
    pub fn governed(&self, servers: impl IntoIterator<Item = &'a Key>) -> Option<Programmed> {
        let each = servers.into_iter().filter_map(|key| self.server(key).cloned());
        each.reduce(Programmed::and)
    }

    /// How many replicas are in each state: current, outdated, refused, unreachable.
    pub fn states(&self) -> [(&'static str, usize); 4] {
        let mut states = [("current", 0), ("outdated", 0), ("refused", 0), ("unreachable", 0)];
        for server in self.servers.values() {
            for (_, state) in &server.replicas {
                let is_current =
                    state.and_then(|state| state.acked.as_ref()).map(|acked| &acked.revision) == Some(&server.snapshot.revision);
                let index = match state {
                    Some(state) if state.error.is_some() => 3,
                    _ if is_current => 0,
                    Some(state) if state.nack.is_some() => 2,
                    _ => 1,
                };
                if let Some((_, number)) = states.get_mut(index) {
                    *number += 1;
                }
            }
        }
        states
    }
}

impl Server<'_> {
    fn look(&self, key: &Key, has_it: impl Fn(&Snapshot) -> bool, may_say: impl Fn(&str, &str) -> bool) -> Programmed {
        if self.replicas.is_empty() {
            // One that refuses its first configuration never serves.
            let refusal = self
                .starting
                .iter()
                .find_map(|(replica, state)| self.refusal(key, replica, state, &may_say));
            let none = || (NO_REPLICAS, format!("no replica of AuthServer {key} is serving"));
            return Programmed {
                obstacle: Some(refusal.unwrap_or_else(none)),
                ..Programmed::default()
            };
        }
        let mut programmed = Programmed {
            serving: self.replicas.len(),
            ..Programmed::default()
        };
        for (replica, state) in &self.replicas {
            let Some(state) = state else {
                programmed.unheard = true;
                continue;
            };
            if state.acked.as_deref().is_some_and(&has_it) {
                programmed.current += 1;
                continue;
            }
            // A refusal says more than a link that broke.
            let known = programmed.obstacle.as_ref().is_some_and(|(reason, _)| *reason == REFUSED);
            let refusal = self.refusal(key, replica, state, &may_say).filter(|_| !known);
            if refusal.is_some() {
                programmed.obstacle = refusal;
            } else if let (Some(error), None) = (&state.error, &programmed.obstacle) {
                programmed.obstacle = Some((UNREACHABLE, format!("{} cannot be reached: {}", replica.pod, shortened(error))));
            }
        }
        programmed
    }

    /// That a replica refused what is wanted now, if it did; with what it said of resources of which it may be told.
    fn refusal(
        &self,
        key: &Key,
        replica: &Replica,
        state: &ReplicaState,
        may_say: impl Fn(&str, &str) -> bool,
    ) -> Option<(&'static str, String)> {
        let nack = state.nack.as_ref().filter(|nack| nack.revision == self.snapshot.revision)?;
        let faults = nack.faults.iter().filter(|(kind, name, _)| may_say(kind, name));
        let faults: Vec<String> = faults.map(|(kind, name, reason)| format!("{kind} {name}: {reason}")).collect();
        let said = if faults.is_empty() {
            format!("AuthServer {key} says why")
        } else {
            shortened(&faults.join("; "))
        };
        Some((REFUSED, format!("{} refused the configuration: {said}", replica.pod)))
    }
}

/// Only so much, and nothing that a terminal would obey.
fn shortened(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(MOST_SAID)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
