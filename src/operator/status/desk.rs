//! Which status is written next: urgent ones first, the others at a bounded rate, each at most once at a time. Pure: times are handed in.

use super::patch::Urgency;
use super::view::{Id, Inputs};
use backon::{BackoffBuilder, ExponentialBuilder};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

/// What will be over in a moment is not written before it has lasted this long.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// The same for replicas that have yet to be asked, after a change of leader.
pub const PATIENCE_UNHEARD: Duration = Duration::from_secs(10);
/// Between two statuses that nobody waits for.
const SLOW_INTERVAL: Duration = Duration::from_millis(20);

/// What is under way.
#[derive(Default)]
pub struct Desk {
    entries: BTreeMap<Id, Entry>,
    urgent: VecDeque<Id>,
    pending: VecDeque<Id>,
    cosmetic: VecDeque<Id>,
    /// When to look again at an entry
    alarms: BTreeSet<(Instant, Id)>,
    slow_from: Option<Instant>,
}

#[derive(Default)]
struct Entry {
    inputs: Option<Inputs>,
    queued: Option<Urgency>,
    /// A request is under way
    sending: bool,
    /// Something changed while it was
    changed: bool,
    /// Since when it has had something to say that will be over in a moment
    since: Option<Instant>,
    failures: usize,
    /// Not before then: it failed
    not_before: Option<Instant>,
    /// What was written last, and the version of the object that this made
    written: Option<(Value, String)>,
}

/// What an evaluation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nothing is different
    Nothing,
    /// This much
    Different(Urgency, Patience),
}

/// Whether a difference may be over in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It is to be written
    None,
    /// Replicas are being asked
    Short,
    /// Replicas have yet to be asked
    Long,
}

impl Desk {
    /// Whether a resource's status has to be thought about anew.
    pub fn is_news(&mut self, id: &Id, inputs: &Inputs) -> bool {
        let entry = self.entries.entry(id.clone()).or_default();
        if entry.inputs.as_ref() == Some(inputs) {
            return false;
        }
        entry.inputs = Some(inputs.clone());
        true
    }

    /// What was written last, if the index has yet to hear of it: it knows an earlier version of the object.
    pub fn written(&mut self, id: &Id, known_version: &str) -> Option<&Value> {
        let entry = self.entries.get_mut(id)?;
        let number = |version: &str| version.parse::<u64>().ok();
        let heard = entry
            .written
            .as_ref()
            .is_some_and(|(_, version)| match (number(known_version), number(version)) {
                (Some(known), Some(written)) => known >= written,
                _ => known_version == version,
            });
        if heard {
            entry.written = None;
        }
        entry.written.as_ref().map(|(status, _)| status)
    }

    /// Takes in what an evaluation found.
    pub fn found(&mut self, id: &Id, finding: Finding, now: Instant) {
        let entry = self.entries.entry(id.clone()).or_default();
        let (urgency, patience) = match finding {
            Finding::Nothing => {
                entry.since = None;
                entry.queued = None;
                return;
            }
            Finding::Different(urgency, patience) => (urgency, patience),
        };
        if entry.sending {
            entry.changed = true;
            return;
        }
        let patience = match patience {
            Patience::None => None,
            Patience::Short => Some(PATIENCE),
            Patience::Long => Some(PATIENCE_UNHEARD),
        };
        let until = match patience {
            None => {
                entry.since = None;
                None
            }
            Some(patience) => Some(*entry.since.get_or_insert(now) + patience),
        };
        let until = until.max(entry.not_before).filter(|until| now < *until);
        if let Some(until) = until {
            entry.queued = None;
            self.alarms.insert((until, id.clone()));
            return;
        }
        if entry.queued.is_some_and(|queued| queued <= urgency) {
            return;
        }
        entry.queued = Some(urgency);
        let queue = match urgency {
            Urgency::Urgent => &mut self.urgent,
            Urgency::Pending => &mut self.pending,
            Urgency::Cosmetic => &mut self.cosmetic,
        };
        queue.push_back(id.clone());
    }

    /// The next one to write; it is under way from now on.
    pub fn next(&mut self, now: Instant) -> Option<Id> {
        if let Some(id) = take(&mut self.urgent, &mut self.entries, Urgency::Urgent) {
            return Some(id);
        }
        if self.slow_from.is_some_and(|from| now < from) {
            return None;
        }
        let id = take(&mut self.pending, &mut self.entries, Urgency::Pending)
            .or_else(|| take(&mut self.cosmetic, &mut self.entries, Urgency::Cosmetic))?;
        self.slow_from = Some(now + SLOW_INTERVAL);
        Some(id)
    }

    /// Nothing was sent after all.
    pub fn left(&mut self, id: &Id) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.sending = false;
        }
    }

    /// A status was written; whether something changed meanwhile.
    pub fn wrote(&mut self, id: &Id, status: Value, version: String) -> bool {
        let entry = self.entries.entry(id.clone()).or_default();
        entry.written = Some((status, version));
        entry.failures = 0;
        entry.not_before = None;
        entry.since = None;
        entry.sending = false;
        std::mem::take(&mut entry.changed)
    }

    /// A status could not be written: it is looked at again after a while, longer each time.
    pub fn failed(&mut self, id: &Id, now: Instant) {
        let entry = self.entries.entry(id.clone()).or_default();
        entry.sending = false;
        entry.changed = false;
        let mut delays = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_secs(120))
            .without_max_times()
            .with_jitter()
            .build();
        let delay = delays.nth(entry.failures.min(16)).unwrap_or(PATIENCE);
        entry.failures += 1;
        entry.not_before = Some(now + delay);
        self.alarms.insert((now + delay, id.clone()));
    }

    /// The resource is gone.
    pub fn forget(&mut self, id: &Id) {
        self.entries.remove(id);
    }

    /// Forgets all that are not in `ids`.
    pub fn keep_only(&mut self, ids: &BTreeSet<Id>) {
        self.entries.retain(|id, entry| entry.sending || ids.contains(id));
    }

    /// Those to look at again now.
    pub fn due(&mut self, now: Instant) -> Vec<Id> {
        let mut due = Vec::new();
        while self.alarms.first().is_some_and(|(at, _)| *at <= now) {
            due.extend(self.alarms.pop_first().map(|(_, id)| id));
        }
        due
    }

    /// When something is to be done next, if nothing happens before. Without `room` for another request none is begun: that waits for the end
    /// of one.
    pub fn wake(&self, room: bool) -> Option<Instant> {
        let alarm = self.alarms.first().map(|(at, _)| *at);
        let waits = room && !(self.pending.is_empty() && self.cosmetic.is_empty());
        let slow = self.slow_from.filter(|_| waits);
        [alarm, slow].into_iter().flatten().min()
    }
}

/// The first of a queue that is still meant to be in it.
fn take(queue: &mut VecDeque<Id>, entries: &mut BTreeMap<Id, Entry>, urgency: Urgency) -> Option<Id> {
    while let Some(id) = queue.pop_front() {
        if let Some(entry) = entries.get_mut(&id).filter(|entry| entry.queued == Some(urgency)) {
            entry.queued = None;
            entry.sending = true;
            return Some(id);
        }
    }
    None
}
