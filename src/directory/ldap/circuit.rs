//! When a server of a directory is taken for gone, and when it is asked again: pure.

use super::ailment::{Ailment, Failure};
use super::settled::Settled;
use std::time::{Duration, Instant};

/// The pause before a server that is gone is probed again; each failure doubles it.
pub const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// It grows no longer than this, before jitter.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Nor is it shorter than this after the reader was not let in: more tries could lock the reader's account.
pub const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(60);
/// Others are told that a server cannot be used when that has lasted this long,
const AILS_AFTER: Duration = Duration::from_secs(3);
/// that it can be used again after this long,
const WELL_AFTER: Duration = Duration::from_secs(10);
/// and that it cannot be used for another reason after this long.
const OTHERWISE_AFTER: Duration = Duration::from_secs(60);
/// A server that works is probed this often, so that one that hangs is found before a person does.
pub const CHECK_EVERY: Duration = Duration::from_secs(5);

/// What is known of one server.
#[derive(Clone, Debug)]
pub struct Circuit {
    failures: u32,
    gone: Option<Failure>,
    /// Somebody has tried it
    tried: bool,
    told: Settled<Option<Ailment>>,
    probe_at: Instant,
}

impl Circuit {
    /// Of a server that nobody has tried yet: it is believed to work.
    pub fn new(now: Instant) -> Self {
        Self {
            failures: 0,
            gone: None,
            tried: false,
            told: Settled::default(),
            probe_at: now,
        }
    }

    /// Why it is not used; `None` if it is.
    pub fn open(&self) -> Option<&Failure> {
        self.gone.as_ref()
    }

    /// It cannot be used. `jitter` is uniform in 0..=255 and stretches the pause by up to half.
    pub fn fail(&mut self, now: Instant, failure: Failure, jitter: u8) {
        let pause = if failure.ailment == Ailment::ReaderRefused {
            PAUSE_AFTER_REFUSAL
        } else {
            FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST_PAUSE)
        };
        self.failures = self.failures.saturating_add(1);
        self.gone = Some(failure);
        self.tried = true;
        self.probe_at = now + pause + pause.saturating_mul(u32::from(jitter)) / 510;
    }

    /// It answered. Returns whether it had been gone.
    pub fn succeed(&mut self, now: Instant) -> bool {
        self.failures = 0;
        self.tried = true;
        self.probe_at = now + CHECK_EVERY;
        self.gone.take().is_some()
    }

    /// Somebody doubts it: it is probed next.
    pub fn doubt(&mut self, now: Instant) {
        if self.gone.is_none() {
            self.probe_at = now;
        }
    }

    /// Whether somebody has tried it.
    pub const fn is_tried(&self) -> bool {
        self.tried
    }

    /// What others are told: why it cannot be used, or that it can. A server that comes and goes is told of as it was.
    pub fn told(&mut self, now: Instant) -> Option<Ailment> {
        let seen = self.gone.as_ref().map(|failure| failure.ailment);
        self.told.see(now, seen, |before| match (before, seen) {
            (_, None) => WELL_AFTER,
            (None, Some(_)) => AILS_AFTER,
            (Some(_), Some(_)) => OTHERWISE_AFTER,
        })
    }

    /// When it is to be probed.
    pub const fn probe_at(&self) -> Instant {
        self.probe_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(ailment: Ailment) -> Failure {
        Failure::new(ailment, "no")
    }

    #[test]
    fn a_server_that_fails_is_not_used_until_it_answers() {
        let now = Instant::now();
        let mut circuit = Circuit::new(now);
        assert_eq!(circuit.open(), None);
        circuit.fail(now, failure(Ailment::Unreachable), 0);
        assert_eq!(circuit.open(), Some(&failure(Ailment::Unreachable)));
        assert!(circuit.succeed(now), "it had been gone");
        assert_eq!(circuit.open(), None);
        assert!(!circuit.succeed(now));
    }

    #[test]
    fn it_is_asked_again_after_pauses_that_grow_to_a_bound() {
        let now = Instant::now();
        let mut circuit = Circuit::new(now);
        let pauses: Vec<_> = (0..8)
            .map(|_| {
                circuit.fail(now, failure(Ailment::Unreachable), 0);
                (circuit.probe_at() - now).as_millis()
            })
            .collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 5000, 5000, 5000, 5000]);
        circuit.fail(now, failure(Ailment::Silent), 255);
        assert_eq!(circuit.probe_at() - now, LONGEST_PAUSE * 3 / 2);
        circuit.fail(now, failure(Ailment::ReaderRefused), 0);
        assert_eq!(circuit.probe_at() - now, PAUSE_AFTER_REFUSAL);
    }

    #[test]
    fn one_that_is_doubted_is_probed_at_once_and_one_that_is_gone_keeps_its_pause() {
        let now = Instant::now();
        let mut circuit = Circuit::new(now);
        circuit.succeed(now);
        circuit.doubt(now);
        assert_eq!(circuit.probe_at(), now);
        circuit.fail(now, failure(Ailment::Unreachable), 0);
        circuit.doubt(now);
        assert_eq!(circuit.probe_at(), now + FIRST_PAUSE);
    }

    #[test]
    fn others_are_told_what_has_lasted() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut circuit = Circuit::new(begin);
        assert!(!circuit.is_tried());
        circuit.succeed(begin);
        assert_eq!((circuit.is_tried(), circuit.told(at(0))), (true, None));
        circuit.fail(at(1), failure(Ailment::Unreachable), 0);
        assert_eq!(circuit.told(at(1)), None);
        circuit.succeed(at(2));
        assert_eq!(circuit.told(at(2)), None);
        circuit.fail(at(3), failure(Ailment::Unreachable), 0);
        assert_eq!(circuit.told(at(3)), None, "it comes and goes");
        assert_eq!(circuit.told(at(6)), Some(Ailment::Unreachable));
        circuit.fail(at(7), failure(Ailment::Silent), 0);
        assert_eq!(circuit.told(at(30)), Some(Ailment::Unreachable), "no news: it is gone");
        assert_eq!(circuit.told(at(90)), Some(Ailment::Silent));
        circuit.succeed(at(91));
        assert_eq!(circuit.told(at(91)), Some(Ailment::Silent));
        assert_eq!(circuit.told(at(101)), None);
    }
}
