//! One kind of limit, as the configuration has it at the moment.

use super::TooMany;
use super::table::Table;
use crate::config::rate::Rate;
use arc_swap::ArcSwapOption;
use governor::clock::{Clock, MonotonicClock};
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// At most one line in the log in this time, for each kind.
const QUIET: Duration = Duration::from_secs(10);

/// Buckets for one kind of key. A rate that stays as it was keeps them; another rate gives everybody a full one.
pub struct Limiter<K, C: Clock = MonotonicClock> {
    kind: &'static str,
    most: usize,
    clock: C,
    table: ArcSwapOption<Table<K, C>>,
    turns: AtomicU64,
    /// Refusals that no line has told yet
    untold: AtomicU64,
    /// Before this time (milliseconds since `began`) no line is written
    quiet_until: AtomicU64,
    began: Instant,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// Remembers at most `most` keys. `kind` names it in the log.
    pub fn new(kind: &'static str, most: usize) -> Self {
        Self::with_clock(kind, most, MonotonicClock)
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Limiter<K, C> {
    fn with_clock(kind: &'static str, most: usize, clock: C) -> Self {
        Self {
            kind,
            most,
            clock,
            table: ArcSwapOption::empty(),
            turns: AtomicU64::new(0),
            untold: AtomicU64::new(0),
            quiet_until: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    /// Lets a request of `key` through, or not. Without a rate everything passes, at no cost.
    ///
    /// # Errors
    /// [`TooMany`], if the key has used up what it has.
    pub fn admit(&self, rate: Option<&Rate>, key: &K) -> Result<(), TooMany> {
        let Some(rate) = rate else { return Ok(()) };
        let current = self.table.load();
        match current.as_ref() {
            Some(table) if table.rate == *rate => table.admit(key),
            _ => self.begin(rate).admit(key),
        }
        .inspect_err(|_| self.note())
    }

    /// Takes up the rate in force, and forgets some keys that were quiet for long.
    pub fn tidy(&self, rate: Option<&Rate>) {
        match (rate, self.table.load().as_ref()) {
            (None, None) => {}
            (None, Some(_)) => self.table.store(None),
            (Some(_), Some(table)) => table.tidy(self.turns.fetch_add(1, Ordering::Relaxed)),
            (Some(_), None) => {}
        }
    }

    /// What was let through since the last call, by key, under the rate in force then; empty without one.
    pub fn tell(&self) -> Option<Told<K>> {
        let table = self.table.load_full()?;
        let spent = table.tell();
        Some(Told { rate: table.rate, spent })
    }

    /// Takes in what the shared counters of `window` stand at, for keys that were told. Of no use after a change of the rate, and then
    /// without effect.
    pub fn learn(&self, rate: &Rate, window: u64, totals: impl Iterator<Item = (K, u64)>) {
        let current = self.table.load();
        let Some(table) = current.as_ref().filter(|table| table.rate == *rate) else {
            return;
        };
        for (key, total) in totals {
            table.learn(&key, window, total);
        }
    }

    /// A table for another rate. Of several threads that begin one, one wins.
    fn begin(&self, rate: &Rate) -> Arc<Table<K, C>> {
        let fresh = Arc::new(Table::new(*rate, self.most, self.clock.clone()));
        self.table.rcu(|current| match current {
            Some(table) if table.rate == *rate => Some(Arc::clone(table)),
            _ => Some(Arc::clone(&fresh)),
        });
        self.table.load_full().filter(|table| table.rate == *rate).unwrap_or(fresh)
    }

    fn note(&self) {
        self.untold.fetch_add(1, Ordering::Relaxed);
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let quiet_until = self.quiet_until.load(Ordering::Relaxed);
        if now < quiet_until {
            return;
        }
        let next = now.saturating_add(u64::try_from(QUIET.as_millis()).unwrap_or(u64::MAX));
        let ours = self
            .quiet_until
            .compare_exchange(quiet_until, next, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok();
        if ours {
            let refused = self.untold.swap(0, Ordering::Relaxed);
            tracing::warn!(
                kind = self.kind,
                refused,
                "requests beyond the rate limit (spec.rateLimits) are answered with 429; the metric nauthera_rate_limited_total counts them"
            );
        }
    }
}

/// What a server let through.
#[derive(Debug, PartialEq, Eq)]
pub struct Told<K> {
    /// Under which rate
    pub rate: Rate,
    /// By key
    pub spent: Vec<(K, NonZeroU32)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn rate(requests: u32) -> Rate {
        Rate::new(requests, Duration::from_secs(60), requests).unwrap()
    }

    fn limiter() -> Limiter<u8, FakeRelativeClock> {
        Limiter::with_clock("test", 1000, FakeRelativeClock::default())
    }

    fn through(limiter: &Limiter<u8, FakeRelativeClock>, rate: Option<&Rate>) -> usize {
        (0..100).filter(|_| limiter.admit(rate, &1).is_ok()).count()
    }

    #[test]
    fn without_a_rate_everything_passes_and_nothing_is_remembered() {
        let limiter = limiter();
        assert_eq!(through(&limiter, None), 100);
        assert_eq!(limiter.tell(), None);
    }

    #[test]
    fn a_changed_rate_holds_at_once_and_an_unchanged_one_keeps_what_was_used() {
        let limiter = limiter();
        assert_eq!(through(&limiter, Some(&rate(10))), 10);
        limiter.tidy(Some(&rate(10)));
        assert_eq!(through(&limiter, Some(&rate(10))), 0);
        assert_eq!(through(&limiter, Some(&rate(3))), 3);
        limiter.tidy(None);
        assert_eq!(limiter.tell(), None, "a limit that is gone is forgotten");
        assert_eq!(through(&limiter, None), 100);
    }

    #[test]
    fn what_comes_back_after_a_change_of_the_rate_is_left_alone() {
        let limiter = limiter();
        through(&limiter, Some(&rate(10)));
        let told = limiter.tell().unwrap();
        assert_eq!(told.spent, [(1, NonZeroU32::new(10).unwrap())]);
        limiter.admit(Some(&rate(3)), &1).unwrap();
        limiter.learn(&told.rate, 7, [(1, 1000)].into_iter());
        assert_eq!(through(&limiter, Some(&rate(3))), 2);
    }
}
