//! A circuit breaker: a cache that hangs costs those who ask it just then one deadline, and nobody after them.
//!
//! The first call that gets no answer begins a rest. While it lasts nobody asks; a task looks every half second whether the cache is back, and
//! ends it. Each rest begins a new turn, and connections of an earlier turn no longer count: those that broke are not tried one by one.

use super::dial::Dial;
use bb8::Pool;
use redis::{ErrorKind, RedisError, ServerErrorKind, cmd};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// A look, with all that it takes to connect, may last this long. No request waits for it.
pub(super) const LOOK_WITHIN: Duration = Duration::from_secs(2);
/// What the cache refuses is said in the log this often.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

pub(super) struct Rest {
    is_on: watch::Sender<bool>,
    turn: AtomicU64,
    complained: Mutex<Option<Instant>>,
    /// Whether anybody was told that the cache is away
    told: AtomicBool,
}

impl Rest {
    /// At the start: nothing is known of the cache yet.
    pub(super) fn begun() -> Self {
        Self {
            is_on: watch::Sender::new(true),
            turn: AtomicU64::new(0),
            complained: Mutex::new(None),
            told: AtomicBool::new(false),
        }
    }

    pub(super) fn is_on(&self) -> bool {
        *self.is_on.borrow()
    }

    /// Which turn it is: counts the rests.
    pub(super) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Acquire)
    }

    /// A call of this turn was not answered. Calls of earlier turns do not count: it has been well since.
    pub(super) fn begin(&self, turn: u64, reason: &str) {
        if self
            .turn
            .compare_exchange(turn, turn + 1, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
        {
            self.away(reason);
            self.is_on.send_replace(true);
        }
    }

    /// Completes when no rest is on.
    pub(super) async fn over(&self) {
        // The sender lives as long as `self`.
        let _ = self.is_on.subscribe().wait_for(|is_on| !is_on).await;
    }

    async fn on(&self) {
        let _ = self.is_on.subscribe().wait_for(|is_on| *is_on).await;
    }

    fn end(&self) {
        if self.told.swap(false, Ordering::AcqRel) {
            tracing::info!("the cache answers again");
        }
        self.is_on.send_replace(false);
    }

    fn away(&self, reason: &str) {
        if !self.told.swap(true, Ordering::AcqRel) {
            tracing::warn!(
                reason,
                "the cache does not answer: until it does the database is asked for everything"
            );
        }
    }

    /// The cache answered, and refused: what is wrong with it is said now and then.
    pub(super) fn complain(&self, error: &RedisError) {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.is_none_or(|before| before.elapsed() >= COMPLAIN_EVERY) {
            *complained = Some(Instant::now());
            tracing::warn!(
                %error,
                "the cache refuses: look at the rights of its user (docs/storage.md lists those that are needed) and at its memory"
            );
        }
    }
}

/// Whether an error is what a healthy server said, so that waiting would not help.
pub(super) fn is_an_answer(error: &RedisError) -> bool {
    match error.kind() {
        // A primary that has become a replica, or is not ready: another connection may find a better one.
        ErrorKind::Server(
            ServerErrorKind::ReadOnly | ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown | ServerErrorKind::ClusterDown,
        ) => false,
        ErrorKind::Server(_) | ErrorKind::Extension => true,
        _ => false,
    }
}

/// Ends each rest when the cache answers.
pub(super) async fn look(rest: std::sync::Arc<Rest>, lines: Pool<Dial>) {
    loop {
        rest.on().await;
        match tokio::time::timeout(LOOK_WITHIN, ping(&lines)).await {
            Ok(Ok(())) => rest.end(),
            Ok(Err(reason)) => rest.away(&reason),
            Err(_) => rest.away("no connection to it could be made in time"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn ping(lines: &Pool<Dial>) -> Result<(), String> {
    let mut line = lines.get().await.map_err(|error| error.to_string())?;
    cmd("PING").query_async::<()>(&mut *line).await.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_call_that_was_not_answered_begins_it_and_late_ones_of_the_same_turn_do_not_begin_another() {
        let rest = Rest::begun();
        assert!(rest.is_on());
        rest.end();
        rest.over().await;
        let turn = rest.turn();
        rest.begin(turn, "timeout");
        assert!(rest.is_on() && rest.turn() == turn + 1);
        rest.end();
        rest.begin(turn, "another call of that time");
        assert!(!rest.is_on() && rest.turn() == turn + 1);
    }

    #[test]
    fn what_a_healthy_server_refuses_is_no_reason_to_rest() {
        let error = |kind: ErrorKind| RedisError::from((kind, "x"));
        assert!(is_an_answer(&error(ErrorKind::Server(ServerErrorKind::NoPerm))));
        assert!(is_an_answer(&error(ErrorKind::Extension)), "such as OOM");
        assert!(!is_an_answer(&error(ErrorKind::Io)));
        assert!(!is_an_answer(&error(ErrorKind::Server(ServerErrorKind::ReadOnly))));
        assert!(!is_an_answer(&error(ErrorKind::Server(ServerErrorKind::BusyLoading))));
    }
}
