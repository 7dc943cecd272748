//! Keeps the [`Board`]: each link writes its own replica's line.

use crate::config::directory_health::DirectoryHealth;
use crate::config::input::Key;
use crate::config::snapshot::Snapshot;
use crate::operator::overlay::{Board, Refused, ReplicaState};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// The board's only writer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Publisher(watch::Sender<Arc<Board>>);

/// What a link knows of its replica.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// What it acknowledged last
    pub acked: Option<Arc<Snapshot>>,
    /// What is wanted and was refused
    pub nack: Option<Refused>,
    /// How its directories stand
    pub directories: Option<Arc<Vec<DirectoryHealth>>>,
    /// Why it cannot be reached or told anything
    pub error: Option<String>,
}

impl Line {
    fn says_the_same(&self, state: &ReplicaState) -> bool {
        let same_snapshot = match (&self.acked, &state.acked) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        };
        same_snapshot && self.nack == state.nack && self.directories == state.directories && self.error == state.error
    }
}

impl Publisher {
    /// Publishes through this sender.
    pub fn new(sender: watch::Sender<Arc<Board>>) -> Self {
        Self(sender)
    }

    /// Follows the board.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Board>> {
        self.0.subscribe()
    }

    /// Forgets everything: another term begins, and nothing was heard in it yet.
    pub fn clear(&self) {
        self.0.send_if_modified(|board| {
            let is_filled = !board.servers.is_empty();
            if is_filled {
                *board = Arc::default();
            }
            is_filled
        });
    }

    /// Forgets the replicas that are not among these (AuthServer, pod uid).
    pub fn keep(&self, there: &BTreeSet<(Key, String)>) {
        let is_there = |server: &Key, uid: &String| there.contains(&(server.clone(), uid.clone()));
        self.0.send_if_modified(|board| {
            let gone = board
                .servers
                .iter()
                .any(|(server, replicas)| replicas.keys().any(|uid| !is_there(server, uid)));
            if gone {
                let board = Arc::make_mut(board);
                for (server, replicas) in &mut board.servers {
                    replicas.retain(|uid, _| is_there(server, uid));
                }
                board.servers.retain(|_, replicas| !replicas.is_empty());
            }
            gone
        });
    }

    /// Writes a replica's line; nobody is woken if it says what it said before.
    pub fn write(&self, server: &Key, uid: &str, pod: &str, line: Line) {
        self.0.send_if_modified(|board| {
            if board.replica(server, uid).is_some_and(|state| line.says_the_same(state)) {
                return false;
            }
            let replicas = Arc::make_mut(board).servers.entry(server.clone()).or_default();
            replicas.insert(
                uid.to_owned(),
                ReplicaState {
                    pod: pod.to_owned(),
                    acked: line.acked,
                    nack: line.nack,
                    directories: line.directories,
                    error: line.error,
                    since: Timestamp::now(),
                },
            );
            true
        });
    }
}
