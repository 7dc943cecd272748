//! When a dead actor comes back, and when the process gives up: pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// More deaths than this within [`WINDOW`] and the process ends: restarting does not mend what is wrong.
pub const INTENSITY: usize = 5;
/// See [`INTENSITY`].
pub const WINDOW: Duration = Duration::from_secs(10);
/// The pause before the first restart; each further one within the window doubles it. Before jitter.
pub const FIRST_PAUSE: Duration = Duration::from_millis(2);

/// What becomes of an actor that died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It comes back after this pause
    Restart {
        /// How long
        after: Duration,
    },
    /// It died too often; the process has to end
    GiveUp,
}

/// The recent deaths of one actor.
#[derive(Clone, Debug, Default)]
pub struct Deaths(VecDeque<Instant>);

impl Deaths {
    /// Notes a death. `jitter` is uniform in 0..=255 and stretches the pause by up to half, so that actors that died of
    /// one cause do not all come back in the same moment.
    pub fn note(&mut self, now: Instant, jitter: u8) -> Verdict {
        while self.0.front().is_some_and(|death| now.duration_since(*death) > WINDOW) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        if self.0.len() > INTENSITY {
            return Verdict::GiveUp;
        }
        let doublings = u32::try_from(self.0.len().saturating_sub(1)).unwrap_or(0);
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings));
        Verdict::Restart {
            after: pause + pause.saturating_mul(u32::from(jitter)) / 510,
        }
    }
}

/// One random byte for [`Deaths::note`]; 0 if there is no randomness, since a restart must not fail for that.
pub fn jitter() -> u8 {
    let mut byte = [0_u8];
    match aws_lc_rs::rand::fill(&mut byte) {
        Ok(()) => byte.first().copied().unwrap_or(0),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(verdict: Verdict) -> Duration {
        match verdict {
            Verdict::Restart { after } => after,
            Verdict::GiveUp => panic!("gave up"),
        }
    }

    #[test]
    fn pauses_longer_each_time_and_gives_up_beyond_the_intensity() {
        let mut deaths = Deaths::default();
        let now = Instant::now();
        let pauses: Vec<_> = (0..INTENSITY).map(|_| pause(deaths.note(now, 0)).as_millis()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32]);
        assert_eq!(deaths.note(now, 0), Verdict::GiveUp);
    }

    #[test]
    fn forgets_deaths_older_than_the_window() {
        let mut deaths = Deaths::default();
        let mut now = Instant::now();
        for _ in 0..100 {
            assert_eq!(pause(deaths.note(now, 0)), FIRST_PAUSE);
            now += WINDOW + Duration::from_millis(1);
        }
    }

    #[test]
    fn stretches_a_pause_by_at_most_half() {
        assert_eq!(pause(Deaths::default().note(Instant::now(), 255)), FIRST_PAUSE * 3 / 2);
    }
}
