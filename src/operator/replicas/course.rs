//! What to say to a replica next: pure. The link asks [`Course::next`], does it, and reports what came of it.

use super::remote::{Base, Described, Outcome, Position};
use crate::config::snapshot::Snapshot;
use crate::operator::overlay::Refused;
use crate::operator::pauses::Pauses;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often an idle replica is asked what it runs on: finds one that lost its configuration.
pub const DESCRIBE_EVERY: Duration = Duration::from_secs(15);
/// The first pause before a refused configuration is tried again as it is; a new one goes out at once.
const FIRST_RETRY: Duration = Duration::from_secs(15);
const LONGEST_RETRY: Duration = Duration::from_secs(300);

/// A configuration that a replica has to run on.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The configuration
    pub snapshot: Arc<Snapshot>,
    /// The world that it first was in
    pub sequence: u64,
}

/// The next thing to do.
#[derive(Clone, Debug)]
pub enum Step<K> {
    /// Ask what the replica runs on
    Describe,
    /// Send a configuration
    Apply(Wanted, Base<K>),
    /// Nothing, until then or until something else is wanted
    Wait(Instant),
}

/// Where the talk with one replica stands. Outlives a connection.
#[derive(Debug)]
pub struct Course<K> {
    fence: u64,
    /// What it acknowledged last
    acked: Option<Arc<Snapshot>>,
    /// What it holds; `None`: it has to be asked
    base: Option<Base<K>>,
    /// The deltas of late did not work: send everything
    whole: bool,
    /// It has not heard from this leader yet, and would still listen to an earlier one
    announce: bool,
    refused: Option<(Arc<Snapshot>, Refused)>,
    not_before: Option<Instant>,
    fenced: bool,
    describe_at: Option<Instant>,
    retries: Pauses,
}

/// Equal content: the revision is its digest.
fn same(one: &Arc<Snapshot>, other: &Arc<Snapshot>) -> bool {
    Arc::ptr_eq(one, other) || one.revision == other.revision
}

impl<K: Clone> Course<K> {
    /// Nothing is known yet. `fence` is this leader's.
    pub fn new(fence: u64) -> Self {
        Self {
            fence,
            acked: None,
            base: None,
            whole: false,
            announce: true,
            refused: None,
            not_before: None,
            fenced: false,
            describe_at: None,
            retries: Pauses::new(FIRST_RETRY, LONGEST_RETRY),
        }
    }

    /// The connection is a new one: what happened meanwhile has to be asked, and what was refused may be tried once.
    pub fn connected(&mut self) {
        self.base = None;
        self.not_before = None;
    }

    /// What the replica runs on, as far as it has been acknowledged to this leader.
    pub fn acked(&self) -> Option<&Arc<Snapshot>> {
        self.acked.as_ref()
    }

    /// Why it does not run on what is wanted, if it refused that.
    pub fn refused(&self, wanted: Option<&Wanted>) -> Option<&Refused> {
        let (snapshot, refused) = self.refused.as_ref()?;
        wanted.is_some_and(|wanted| same(snapshot, &wanted.snapshot)).then_some(refused)
    }

    /// Whether a later leader has spoken to it.
    pub fn is_fenced(&self) -> bool {
        self.fenced
    }

    /// What to do now.
    pub fn next(&self, now: Instant, wanted: Option<&Wanted>) -> Step<K> {
        let Some(base) = &self.base else {
            return Step::Describe;
        };
        let describe_at = self.describe_at.unwrap_or(now);
        if let Some(wanted) = wanted
            && self.must_send(base, wanted)
        {
            match self.not_before.filter(|_| self.is_held_back(wanted)) {
                Some(at) if at > now => {
                    if describe_at > now {
                        return Step::Wait(at.min(describe_at));
                    }
                }
                _ => {
                    let base = if self.whole { Base::Nothing } else { base.clone() };
                    return Step::Apply(wanted.clone(), base);
                }
            }
        }
        if describe_at <= now {
            Step::Describe
        } else {
            Step::Wait(describe_at)
        }
    }

    fn must_send(&self, base: &Base<K>, wanted: &Wanted) -> bool {
        let held = matches!(base, Base::Held(held) if same(held, &wanted.snapshot));
        !held || self.announce
    }

    /// A refusal is one configuration's; a fence stops all of them.
    fn is_held_back(&self, wanted: &Wanted) -> bool {
        self.fenced || self.refused.as_ref().is_some_and(|(refused, _)| same(refused, &wanted.snapshot))
    }

    /// The replica said what it runs on.
    pub fn described(&mut self, said: Described<K>, wanted: Option<&Wanted>, now: Instant) {
        self.describe_at = Some(now + DESCRIBE_EVERY);
        self.announce = said.fence < self.fence;
        self.fenced = self.fenced && said.fence > self.fence;
        let runs_on = |snapshot: &Arc<Snapshot>| said.revision.as_ref() == Some(&snapshot.revision);
        let known = wanted
            .map(|wanted| &wanted.snapshot)
            .into_iter()
            .chain(&self.acked)
            .find(|known| runs_on(known));
        if let Some(known) = known.cloned() {
            self.base = Some(Base::Held(Arc::clone(&known)));
            self.acked = Some(known);
            return;
        }
        // It lost what it had, or another process came in its place: what that one refused need not be refused by this one.
        if self.acked.take().is_some() {
            self.refused = None;
            self.retries.reset();
        }
        self.base = Some(match said.revision {
            Some(_) => Base::Told(said.known),
            None => Base::Nothing,
        });
    }

    /// The replica answered to a configuration that was sent with `base`.
    pub fn answered(&mut self, sent: &Wanted, base: &Base<K>, outcome: Outcome, now: Instant) {
        let was_delta = !matches!(base, Base::Nothing);
        match outcome {
            Outcome::Ack => {
                self.base = Some(Base::Held(Arc::clone(&sent.snapshot)));
                self.acked = Some(Arc::clone(&sent.snapshot));
                self.refused = None;
                self.not_before = None;
                self.fenced = false;
                self.whole = false;
                self.announce = false;
                self.retries.reset();
            }
            // A delta may have met something unexpected; only a whole configuration's refusal counts.
            Outcome::Nack(_) | Outcome::BaseUnknown if was_delta => self.whole = true,
            Outcome::Nack(faults) => {
                let refused = Refused {
                    revision: sent.snapshot.revision.clone(),
                    faults,
                };
                self.refused = Some((Arc::clone(&sent.snapshot), refused));
                self.not_before = Some(now + self.retries.longer());
                self.whole = false;
            }
            Outcome::BaseUnknown => {
                let fault = "says that it does not know the base of a whole configuration".to_owned();
                self.answered(
                    sent,
                    base,
                    Outcome::Nack(vec![("AuthServer".to_owned(), sent.snapshot.server.clone(), fault)]),
                    now,
                );
            }
            Outcome::Fenced(_) => {
                self.fenced = true;
                self.not_before = Some(now + self.retries.longer());
            }
        }
    }

    /// Its place in the order of configurations.
    pub fn position(&self, wanted: &Wanted) -> Position {
        Position {
            fence: self.fence,
            sequence: wanted.sequence,
        }
    }
}
