//! Tells of connections that were refused: once a second at most, since whoever connects without end would fill the log.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Two lines are so long apart.
const APART: Duration = Duration::from_secs(1);

/// Who was refused of late.
#[derive(Default)]
pub struct Refusals(Mutex<Late>);

#[derive(Default)]
struct Late {
    said: Option<Instant>,
    /// Since then
    unsaid: u64,
}

impl Refusals {
    /// This one was refused, and why.
    pub fn say(&self, peer: SocketAddr, reason: &str) {
        let unsaid = self.0.lock().unwrap_or_else(PoisonError::into_inner).another(Instant::now());
        match unsaid {
            Some(0) => tracing::info!(%peer, reason, "a connection to the config service was refused"),
            Some(others) => tracing::info!(%peer, reason, others, "a connection to the config service was refused, like others before it"),
            None => {}
        }
    }
}

impl Late {
    /// How many were not told of before this one; `None` if this one is not told of either.
    fn another(&mut self, now: Instant) -> Option<u64> {
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < APART) {
            self.unsaid += 1;
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_them_is_a_line_a_second_that_counts_the_others() {
        let (mut late, start) = (Late::default(), Instant::now());
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(late.another(at(0)), Some(0));
        assert_eq!([1, 500, 999].map(|now| late.another(at(now))), [None; 3]);
        assert_eq!(late.another(at(1000)), Some(3));
        assert_eq!(late.another(at(2500)), Some(0));
    }
}
