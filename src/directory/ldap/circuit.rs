//! When a server of a directory is taken for gone, and when it is asked again: pure.

use std::time::{Duration, Instant};

/// The pause before a server that is gone is probed again; each failure doubles it.
pub const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// It grows no longer than this, before jitter.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Nor is it shorter than this after the reader was not let in: more tries could lock the reader's account.
pub const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(60);
/// A server that works is probed this often, so that one that hangs is found before a person does.
pub const CHECK_EVERY: Duration = Duration::from_secs(5);

/// What is known of one server.
#[derive(Clone, Debug)]
pub struct Circuit {
    failures: u32,
    why: Option<String>,
    probe_at: Instant,
}

impl Circuit {
    /// Of a server that nobody has tried yet: it is believed to work.
    pub const fn new(now: Instant) -> Self {
        Self {
            failures: 0,
            why: None,
            probe_at: now,
        }
    }

    /// Why it is not used; `None` if it is.
    pub fn open(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// It cannot be used: it could not be reached, or (`refused`) did not let the reader in. `jitter` is uniform in 0..=255 and stretches the pause by up to half.
    pub fn fail(&mut self, now: Instant, why: String, refused: bool, jitter: u8) {
        let pause = if refused {
            PAUSE_AFTER_REFUSAL
        } else {
            FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST_PAUSE)
        };
        self.failures = self.failures.saturating_add(1);
        self.why = Some(why);
        self.probe_at = now + pause + pause.saturating_mul(u32::from(jitter)) / 510;
    }

    /// It answered. Returns whether it had been gone.
    pub fn succeed(&mut self, now: Instant) -> bool {
        self.failures = 0;
        self.probe_at = now + CHECK_EVERY;
        self.why.take().is_some()
    }

    /// Somebody doubts it: it is probed next.
    pub fn doubt(&mut self, now: Instant) {
        if self.why.is_none() {
            self.probe_at = now;
        }
    }

    /// When it is to be probed.
    pub const fn probe_at(&self) -> Instant {
        self.probe_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_fails_is_not_used_until_it_answers() {
        let now = Instant::now();
        let mut circuit = Circuit::new(now);
        assert_eq!(circuit.open(), None);
        circuit.fail(now, "refused".to_owned(), false, 0);
        assert_eq!(circuit.open(), Some("refused"));
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
                circuit.fail(now, String::new(), false, 0);
                (circuit.probe_at() - now).as_millis()
            })
            .collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 5000, 5000, 5000, 5000]);
        circuit.fail(now, String::new(), false, 255);
        assert_eq!(circuit.probe_at() - now, LONGEST_PAUSE * 3 / 2);
        circuit.fail(now, String::new(), true, 0);
        assert_eq!(circuit.probe_at() - now, PAUSE_AFTER_REFUSAL);
    }

    #[test]
    fn one_that_is_doubted_is_probed_at_once_and_one_that_is_gone_keeps_its_pause() {
        let now = Instant::now();
        let mut circuit = Circuit::new(now);
        circuit.succeed(now);
        circuit.doubt(now);
        assert_eq!(circuit.probe_at(), now);
        circuit.fail(now, String::new(), false, 0);
        circuit.doubt(now);
        assert_eq!(circuit.probe_at(), now + FIRST_PAUSE);
    }
}
