//! What to do about the Lease: the pure part. Times are handed in.

use super::Timing;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use std::time::{Duration, Instant};

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Create the Lease in this form
    Create(Box<Lease>),
    /// Replace the Lease with this form; it carries the `resourceVersion` that it replaces
    Replace(Box<Lease>),
    /// Somebody else holds it
    Wait,
}

/// A term that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its fence
    pub fence: u64,
    /// It ends then, unless it is renewed
    pub until: Instant,
}

/// One candidate.
#[derive(Debug)]
pub struct Elector {
    /// Unique to this process, not to its pod: a process that was replaced must not be taken for its successor
    identity: String,
    name: String,
    timing: Timing,
    /// Somebody else's Lease as it was seen last, and when it was seen to change
    seen: Option<(Stamp, Instant)>,
    held: Option<(Held, Box<Lease>)>,
}

/// What changes at each renewal.
#[derive(Clone, Debug, PartialEq)]
struct Stamp {
    version: Option<String>,
    holder: String,
    duration: Duration,
}

impl Elector {
    /// A candidate for the Lease of this name. `identity` is unique to the process.
    pub fn new(name: impl Into<String>, identity: impl Into<String>, timing: Timing) -> Self {
        Self {
            identity: identity.into(),
            name: name.into(),
            timing,
            seen: None,
            held: None,
        }
    }

    /// The term that is held at `now`.
    pub fn held(&self, now: Instant) -> Option<Held> {
        self.held.as_ref().map(|(held, _)| *held).filter(|held| now < held.until)
    }

    /// Whether a term was begun that has neither ended nor been given up.
    pub fn in_term(&self) -> bool {
        self.held.is_some()
    }

    /// The Lease to write in order to stay leader; `None` while somebody else leads, or if the term has run out.
    pub fn renewal(&self, now: Instant, wall: Timestamp) -> Option<Box<Lease>> {
        let (held, lease) = self.held.as_ref()?;
        (now < held.until).then(|| {
            let mut lease = lease.clone();
            if let Some(spec) = &mut lease.spec {
                spec.renew_time = Some(MicroTime(wall));
            }
            lease
        })
    }

    /// Looks at the Lease as the API server has it.
    pub fn look(&mut self, now: Instant, wall: Timestamp, lease: Option<&Lease>) -> Action {
        let stamp = lease.map(|lease| stamp(lease, self.timing.duration));
        match (&stamp, &self.seen) {
            // Deleted by hand: its holder may not know yet, so it counts until it would have run out.
            (None, Some((before, at))) if !before.holder.is_empty() && now < *at + before.duration => return Action::Wait,
            (Some(stamp), Some((before, _))) if stamp == before => {}
            (Some(stamp), _) => self.seen = Some((stamp.clone(), now)),
            (None, _) => self.seen = None,
        }
        let free = match (&stamp, &self.seen) {
            (Some(stamp), Some((_, at))) => stamp.holder.is_empty() || now >= *at + stamp.duration,
            _ => true,
        };
        if !free {
            return Action::Wait;
        }
        match lease {
            None => Action::Create(Box::new(self.mine(None, wall))),
            Some(lease) => Action::Replace(Box::new(self.mine(Some(lease), wall))),
        }
    }

    /// The API server took what this candidate sent at `sent`: it holds the Lease from then on.
    pub fn wrote(&mut self, sent: Instant, lease: Lease) -> Held {
        let fence = lease.spec.as_ref().and_then(|spec| spec.lease_transitions).unwrap_or_default();
        let held = Held {
            fence: u64::try_from(fence).unwrap_or_default(),
            until: sent + self.timing.renew_deadline,
        };
        self.seen = None;
        self.held = Some((held, Box::new(lease)));
        held
    }

    /// Whether the Lease as the API server has it is this candidate's, of this term: a renewal got there though its answer did not get back.
    /// The next renewal goes on from that form then.
    pub fn recognises(&mut self, lease: &Lease) -> bool {
        let terms = |lease: &Lease| {
            let spec = lease.spec.as_ref()?;
            Some((spec.holder_identity.clone()?, spec.lease_transitions?))
        };
        match &mut self.held {
            Some((_, known)) if terms(known).is_some() && terms(known) == terms(lease) => {
                **known = lease.clone();
                true
            }
            _ => false,
        }
    }

    /// The term is over: somebody else changed the Lease, or it could not be renewed in time.
    pub fn lost(&mut self) {
        self.held = None;
    }

    /// The Lease to write so that another can take it at once; ends the term.
    pub fn release(&mut self, wall: Timestamp) -> Option<Box<Lease>> {
        let (_, mut lease) = self.held.take()?;
        let spec = lease.spec.get_or_insert_default();
        spec.holder_identity = Some(String::new());
        spec.renew_time = Some(MicroTime(wall));
        spec.lease_duration_seconds = Some(1);
        Some(lease)
    }

    fn mine(&self, before: Option<&Lease>, wall: Timestamp) -> Lease {
        let transitions = before.and_then(|lease| lease.spec.as_ref()).and_then(|spec| spec.lease_transitions);
        // Servers refuse a fence that is lower than one they saw. A Lease that somebody deleted must therefore not begin at zero again: the
        // minutes since 1970 are more than the terms there can have been, and fit until the year 6053.
        let epoch = i32::try_from(wall.as_second() / 60).unwrap_or(1);
        let fence = transitions.map_or(epoch, |transitions| transitions.saturating_add(1)).max(1);
        Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                resource_version: before.and_then(|lease| lease.metadata.resource_version.clone()),
                ..before.map(|lease| lease.metadata.clone()).unwrap_or_default()
            },
            spec: Some(LeaseSpec {
                acquire_time: Some(MicroTime(wall)),
                renew_time: Some(MicroTime(wall)),
                holder_identity: Some(self.identity.clone()),
                lease_duration_seconds: Some(i32::try_from(self.timing.duration.as_secs()).unwrap_or(15).max(1)),
                lease_transitions: Some(fence),
                ..LeaseSpec::default()
            }),
        }
    }
}

fn stamp(lease: &Lease, ours: Duration) -> Stamp {
    let spec = lease.spec.as_ref();
    let seconds = spec
        .and_then(|spec| spec.lease_duration_seconds)
        .and_then(|seconds| u64::try_from(seconds).ok());
    Stamp {
        version: lease.metadata.resource_version.clone(),
        holder: spec.and_then(|spec| spec.holder_identity.clone()).unwrap_or_default(),
        duration: seconds.filter(|seconds| *seconds > 0).map_or(ours, Duration::from_secs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An API server with one Lease.
    #[derive(Default)]
    struct Server {
        lease: Option<Lease>,
        version: u32,
    }

    impl Server {
        fn put(&mut self, mut lease: Lease) -> Lease {
            self.version += 1;
            lease.metadata.resource_version = Some(self.version.to_string());
            self.lease = Some(lease.clone());
            lease
        }

        /// What a candidate does at one look; whether it leads after it.
        fn turn(&mut self, elector: &mut Elector, now: Instant) -> bool {
            if let Some(lease) = elector.renewal(now, wall()) {
                if self.is_current(&lease) {
                    let stored = self.put(*lease);
                    elector.wrote(now, stored);
                    return true;
                }
                elector.lost();
            } else if elector.in_term() {
                elector.lost();
            }
            match elector.look(now, wall(), self.lease.clone().as_ref()) {
                Action::Wait => false,
                Action::Create(lease) | Action::Replace(lease) => {
                    assert!(self.is_current(&lease));
                    let stored = self.put(*lease);
                    elector.wrote(now, stored);
                    true
                }
            }
        }

        fn is_current(&self, lease: &Lease) -> bool {
            self.lease.as_ref().map(|lease| &lease.metadata.resource_version) == Some(&lease.metadata.resource_version)
                || self.lease.is_none() && lease.metadata.resource_version.is_none()
        }

        fn transitions(&self) -> i32 {
            self.lease.as_ref().unwrap().spec.as_ref().unwrap().lease_transitions.unwrap()
        }
    }

    fn wall() -> Timestamp {
        "2026-11-24T00:00:00Z".parse().unwrap()
    }

    fn elector(identity: &str) -> Elector {
        Elector::new("nauthera-operator", identity, Timing::default())
    }

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[test]
    fn the_first_takes_it_and_the_second_waits() {
        let (mut server, mut a, mut b) = (Server::default(), elector("a"), elector("b"));
        let start = Instant::now();
        assert!(server.turn(&mut a, start));
        for second in 1..60 {
            assert!(server.turn(&mut a, start + seconds(second)));
            assert!(!server.turn(&mut b, start + seconds(second)));
        }
    }

    #[test]
    fn a_leader_that_cannot_renew_gives_up_before_another_may_take_over() {
        let (mut server, mut a, mut b) = (Server::default(), elector("a"), elector("b"));
        let start = Instant::now();
        server.turn(&mut a, start);
        let mut taken = None;
        for half in 0..60 {
            let now = start + Duration::from_millis(500 * half);
            if taken.is_none() && server.turn(&mut b, now) {
                taken = Some(now);
            }
            assert!(a.held(now).is_none() || b.held(now).is_none(), "two leaders");
        }
        assert_eq!(taken.unwrap() - start, seconds(15));
    }

    #[test]
    fn each_term_has_a_higher_fence_also_of_a_process_with_the_same_name() {
        let (mut server, mut a) = (Server::default(), elector("a"));
        let start = Instant::now();
        server.turn(&mut a, start);
        let first = server.transitions();
        let mut again = elector("a");
        assert!(!server.turn(&mut again, start + seconds(1)), "its namesake may live");
        assert!(server.turn(&mut again, start + seconds(17)));
        assert_eq!(server.transitions(), first + 1);
        assert!(!server.turn(&mut a, start + seconds(18)), "the first has lost it");
    }

    #[test]
    fn a_lease_that_was_released_is_taken_at_once() {
        let (mut server, mut a, mut b) = (Server::default(), elector("a"), elector("b"));
        let start = Instant::now();
        server.turn(&mut a, start);
        assert!(!server.turn(&mut b, start));
        let released = a.release(wall()).unwrap();
        server.put(*released);
        assert!(a.held(start).is_none());
        assert!(server.turn(&mut b, start + seconds(1)));
    }

    #[test]
    fn a_lease_that_was_deleted_is_not_taken_while_its_holder_may_still_lead_and_its_fence_goes_up() {
        let (mut server, mut a, mut b) = (Server::default(), elector("a"), elector("b"));
        let start = Instant::now();
        server.turn(&mut a, start);
        let before = server.transitions();
        server.turn(&mut b, start + seconds(1));
        server.lease = None;
        assert_eq!(b.look(start + seconds(2), wall(), None), Action::Wait);
        assert_eq!(b.look(start + seconds(15), wall(), None), Action::Wait);
        let Action::Create(lease) = b.look(start + seconds(16), wall(), None) else {
            panic!("it would have run out by now")
        };
        assert!(lease.spec.unwrap().lease_transitions.unwrap() >= before);
    }

    #[test]
    fn a_renewal_whose_answer_was_lost_is_recognised_and_prolongs_nothing() {
        let (mut server, mut a) = (Server::default(), elector("a"));
        let start = Instant::now();
        server.turn(&mut a, start);
        let until = a.held(start).unwrap().until;
        let unheard = server.put(*a.renewal(start + seconds(2), wall()).unwrap());
        assert!(a.recognises(&unheard));
        assert_eq!(a.held(start + seconds(2)).unwrap().until, until);
        assert!(server.turn(&mut a, start + seconds(4)));
        let mut other = unheard;
        other.spec.as_mut().unwrap().holder_identity = Some("b".to_owned());
        assert!(!a.recognises(&other));
    }

    #[test]
    fn a_clock_that_is_wrong_on_another_machine_changes_nothing() {
        let (mut server, mut a, mut b) = (Server::default(), elector("a"), elector("b"));
        let start = Instant::now();
        server.turn(&mut a, start);
        if let Some(spec) = server.lease.as_mut().and_then(|lease| lease.spec.as_mut()) {
            spec.renew_time = Some(MicroTime("1999-01-01T00:00:00Z".parse().unwrap()));
        }
        assert!(!server.turn(&mut b, start + seconds(1)));
    }
}
