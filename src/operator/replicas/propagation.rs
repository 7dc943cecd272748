//! How long a change takes from the moment it was seen until the last serving replica has acknowledged it: pure.

use crate::config::snapshot::{Revision, Snapshot};
use crate::operator::overlay::ReplicaState;
use crate::operator::world::Replica;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Measures the changes of one AuthServer. Changes that overtake one another are one, from the first of them.
#[derive(Debug, Default)]
pub struct Propagation {
    revision: Option<Revision>,
    since: Option<Instant>,
}

impl Propagation {
    /// A configuration is wanted whose cause was seen at `seen`. The first one after a start is no change.
    pub fn wanted(&mut self, snapshot: &Snapshot, seen: Instant) {
        if self.revision.as_ref() == Some(&snapshot.revision) {
            return;
        }
        let is_change = self.revision.replace(snapshot.revision.clone()).is_some();
        if is_change {
            self.since.get_or_insert(seen);
        }
    }

    /// What is measured ends if every serving replica has acknowledged: how long it took. With no replica serving there is nothing to measure.
    pub fn settle(&mut self, replicas: &[Replica], board: Option<&BTreeMap<String, ReplicaState>>, now: Instant) -> Option<Duration> {
        let since = self.since?;
        let mut serving = replicas.iter().filter(|replica| replica.ready && !replica.terminating).peekable();
        if serving.peek().is_none() {
            self.since = None;
            return None;
        }
        let revision = self.revision.as_ref();
        let acked = |replica: &Replica| -> Option<&Arc<Snapshot>> { board?.get(&replica.uid)?.acked.as_ref() };
        let all = serving.all(|replica| acked(replica).map(|snapshot| &snapshot.revision) == revision);
        if !all {
            return None;
        }
        self.since = None;
        Some(now.saturating_duration_since(since))
    }
}
