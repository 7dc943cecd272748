//! Saves callers the wait for a server that is known not to answer.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many acts in a row must fail before callers are refused: a single slow statement is no outage.
const FAILURES: u32 = 3;
/// How long callers are refused before one of them tries again.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Default)]
struct State {
    failures: u32,
    refuse_until: Option<Instant>,
}

/// Counts failures in a row. While it refuses, one caller after each pause is let through to see whether the server is back.
pub(super) struct Breaker {
    state: Mutex<State>,
    /// How long an attempt may take: nobody else is let through meanwhile
    deadline: Duration,
}

impl Breaker {
    pub(super) fn new(deadline: Duration) -> Self {
        Self {
            state: Mutex::default(),
            deadline,
        }
    }

    pub(super) fn lets_through(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.refuse_until {
            Some(until) if now < until => false,
            Some(_) => {
                state.refuse_until = Some(now + self.deadline);
                true
            }
            None => true,
        }
    }

    pub(super) fn answered(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.refuse_until = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(3);

    fn failing(now: Instant) -> Breaker {
        let breaker = Breaker::new(DEADLINE);
        for _ in 0..FAILURES {
            assert!(breaker.lets_through(now));
            breaker.failed(now);
        }
        breaker
    }

    #[test]
    fn refuses_after_failures_in_a_row_only() {
        let now = Instant::now();
        let breaker = Breaker::new(DEADLINE);
        for _ in 0..10 {
            breaker.failed(now);
            breaker.failed(now);
            breaker.answered();
        }
        assert!(breaker.lets_through(now));
        assert!(!failing(now).lets_through(now));
    }

    #[test]
    fn lets_one_through_after_a_pause_and_all_when_it_was_answered() {
        let now = Instant::now();
        let breaker = failing(now);
        let later = now + PAUSE;
        assert!(breaker.lets_through(later));
        assert!(!breaker.lets_through(later), "one is enough");
        breaker.failed(later);
        assert!(!breaker.lets_through(later));
        assert!(breaker.lets_through(later + PAUSE));
        breaker.answered();
        assert!(breaker.lets_through(later) && breaker.lets_through(later));
    }

    #[test]
    fn an_attempt_that_was_given_up_does_not_close_it_for_ever() {
        let now = Instant::now();
        let breaker = failing(now);
        assert!(breaker.lets_through(now + PAUSE));
        assert!(breaker.lets_through(now + PAUSE + DEADLINE));
    }
}
