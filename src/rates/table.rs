//! A bucket for each key, in shards of which each has a lock of its own: a decision holds one only while it reckons.
//!
//! Memory is bounded. A key whose bucket is full again is forgotten in time, and nothing is lost with it. Where there is no place left, a
//! new key takes that of the one which was quiet for longest among a few that are picked at random: whoever is being refused keeps asking,
//! and so is remembered, and whoever is new is never refused for the crowd's sake.

use super::TooMany;
use super::share::Share;
use crate::config::rate::Rate;
use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use indexmap::IndexMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A power of two.
const SHARDS: usize = 64;
/// Of so many, picked at random, the one that was quiet for longest makes room.
const PICKED: u64 = 8;
/// Keys that one exchange with other servers is about, over all shards.
const MOST_TOLD: usize = 10_000;

type Bucket<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The buckets of all keys under one rate.
pub struct Table<K, C: Clock> {
    pub rate: Rate,
    quota: Quota,
    clock: C,
    hasher: RandomState,
    shards: Box<[Mutex<Shard<K, C>>]>,
    most_in_shard: usize,
}

struct Shard<K, C: Clock> {
    slots: IndexMap<K, Slot<C>>,
    /// Keys with something to tell or to pay, each once
    busy: Vec<K>,
    picks: u64,
}

struct Slot<C: Clock> {
    bucket: Bucket<C>,
    /// When it last asked or paid
    last: C::Instant,
    share: Share,
    is_busy: bool,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Table<K, C> {
    pub fn new(rate: Rate, most: usize, clock: C) -> Self {
        // A rate's interval is never zero; nobody would be limited to one in no time.
        let quota = Quota::with_period(rate.interval()).unwrap_or(Quota::per_second(rate.requests()));
        let shard = || {
            Mutex::new(Shard {
                slots: IndexMap::new(),
                busy: Vec::new(),
                picks: 0,
            })
        };
        Self {
            quota: quota.allow_burst(rate.burst()),
            rate,
            clock,
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            most_in_shard: (most / SHARDS).max(1),
        }
    }

    /// Takes one request out of the key's bucket.
    pub fn admit(&self, key: &K) -> Result<(), TooMany> {
        let Some(mut shard) = self.shard(self.hasher.hash_one(key)) else {
            return Ok(());
        };
        let shard = &mut *shard;
        let now = self.clock.now();
        if !shard.slots.contains_key(key) {
            if shard.slots.len() >= self.most_in_shard {
                self.make_room(shard);
            }
            shard.slots.insert(
                key.clone(),
                Slot {
                    bucket: RateLimiter::direct_with_clock(self.quota, self.clock.clone()),
                    last: now,
                    share: Share::default(),
                    is_busy: false,
                },
            );
        }
        let Some(slot) = shard.slots.get_mut(key) else { return Ok(()) };
        slot.last = now;
        slot.pay(self.rate.burst());
        if slot.share.owed() > 0 {
            let retry_after = self.rate.interval().saturating_mul(slot.share.owed());
            return Err(TooMany { retry_after });
        }
        slot.bucket.check().map_err(|until| TooMany {
            retry_after: until.wait_time_from(now),
        })?;
        slot.share.spend();
        if !slot.is_busy && shard.busy.len() < MOST_TOLD / SHARDS {
            slot.is_busy = true;
            shard.busy.push(key.clone());
        }
        Ok(())
    }

    /// Forgets the keys of one shard whose buckets are full again; `turn` says which shard.
    pub fn tidy(&self, turn: u64) {
        let Some(mut shard) = self.shard(turn << 58) else { return };
        let now = self.clock.now();
        let full_again = governor::nanos::Nanos::from(self.rate.refill());
        shard
            .slots
            .retain(|_, slot| !slot.share.is_settled() || now.duration_since(slot.last) < full_again);
        let used = shard.slots.len();
        shard.slots.shrink_to(used.saturating_mul(2));
    }

    /// What was let through since the last call, by key.
    pub fn tell(&self) -> Vec<(K, NonZeroU32)> {
        let mut told = Vec::new();
        for shard in &self.shards {
            let mut shard = lock(shard);
            let Shard { slots, busy, .. } = &mut *shard;
            busy.retain(|key| {
                // It may have made room for another.
                let Some(slot) = slots.get_mut(key) else { return false };
                if slot.share.owed() > 0 {
                    slot.last = self.clock.now();
                    slot.pay(self.rate.burst());
                }
                told.extend(slot.share.tell().map(|spent| (key.clone(), spent)));
                slot.is_busy = slot.share.owed() > 0;
                slot.is_busy
            });
        }
        told
    }

    /// The shared counter of a key stands at `total` in `window`.
    pub fn learn(&self, key: &K, window: u64, total: u64) {
        let Some(mut shard) = self.shard(self.hasher.hash_one(key)) else {
            return;
        };
        let Shard { slots, busy, .. } = &mut *shard;
        let Some(slot) = slots.get_mut(key) else { return };
        slot.share.learn(window, total, self.rate.burst());
        if slot.share.owed() > 0 && !slot.is_busy && busy.len() < MOST_TOLD / SHARDS {
            slot.is_busy = true;
            busy.push(key.clone());
        }
    }

    /// How many keys are remembered.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).slots.len()).sum()
    }

    /// By the highest bits, since the maps in the shards go by the others.
    fn shard(&self, hash: u64) -> Option<MutexGuard<'_, Shard<K, C>>> {
        let index = usize::try_from(hash >> 58).ok()?;
        self.shards.get(index).map(lock)
    }

    fn make_room(&self, shard: &mut Shard<K, C>) {
        let slots = shard.slots.len() as u64;
        let quietest = (0..PICKED)
            .filter_map(|_| {
                shard.picks = shard.picks.wrapping_add(1);
                // Nobody outside knows the hasher's keys.
                let index = usize::try_from(self.hasher.hash_one(shard.picks).checked_rem(slots)?).ok()?;
                let (_, slot) = shard.slots.get_index(index)?;
                Some((slot.last, index))
            })
            .min();
        if let Some((_, index)) = quietest {
            shard.slots.swap_remove_index(index);
        }
    }
}

impl<C: Clock> Slot<C> {
    fn pay(&mut self, burst: NonZeroU32) {
        let bucket = &self.bucket;
        self.share.pay(burst, |part| matches!(bucket.check_n(part), Ok(Ok(()))));
    }
}

/// A panic within a decision leaves a bucket as it was or as it should be.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use std::time::Duration;

    fn table(requests: u32, seconds: u64, burst: u32, most: usize) -> (Table<u32, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let rate = Rate::new(requests, Duration::from_secs(seconds), burst).unwrap();
        (Table::new(rate, most, clock.clone()), clock)
    }

    fn through(table: &Table<u32, FakeRelativeClock>, key: u32, times: usize) -> usize {
        (0..times).filter(|_| table.admit(&key).is_ok()).count()
    }

    #[test]
    fn lets_a_burst_through_and_then_so_many_in_a_time() {
        let (table, clock) = table(10, 1, 20, 1000);
        assert_eq!(through(&table, 1, 100), 20);
        let refused = table.admit(&1).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_millis(100));
        clock.advance(Duration::from_millis(100));
        assert_eq!(through(&table, 1, 5), 1);
        clock.advance(Duration::from_secs(1));
        assert_eq!(through(&table, 1, 100), 10);
        assert_eq!(through(&table, 2, 100), 20, "another key has its own");
    }

    #[test]
    fn a_flood_of_new_keys_takes_no_more_memory_than_there_is_room_for() {
        let (table, _) = table(1, 60, 5, 6400);
        for key in 0..100_000 {
            assert!(table.admit(&key).is_ok(), "whoever is new is let in");
        }
        assert!(table.len() <= 6400, "{}", table.len());
        let told: usize = table.tell().len();
        assert!(told <= MOST_TOLD, "{told}");
    }

    #[test]
    fn a_flood_does_not_make_it_forget_whoever_is_being_refused() {
        let (table, clock) = table(1, 60, 5, 6400);
        assert_eq!(through(&table, 0, 10), 5);
        for key in 1..50_000 {
            clock.advance(Duration::from_micros(1));
            let _ = table.admit(&key);
            if key % 50 == 0 {
                assert!(table.admit(&0).is_err(), "after {key}");
            }
        }
    }

    #[test]
    fn forgets_keys_whose_buckets_are_full_again_and_no_others() {
        let (table, clock) = table(10, 1, 20, 6400);
        for key in 0..1000 {
            assert_eq!(through(&table, key, 30), 20);
        }
        assert_eq!(table.tell().len(), 1000);
        let all = |turn: u64| (0..SHARDS as u64).for_each(|shard| table.tidy(turn + shard));
        clock.advance(Duration::from_millis(1900));
        all(0);
        assert_eq!(table.len(), 1000);
        clock.advance(Duration::from_millis(100));
        all(64);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn what_others_let_through_is_paid_before_anything_more() {
        let (table, clock) = table(10, 1, 10, 1000);
        assert_eq!(through(&table, 1, 4), 4);
        assert_eq!(table.tell(), [(1, NonZeroU32::new(4).unwrap())]);
        assert_eq!(table.tell(), []);
        table.learn(&1, 7, 4 + 8);
        // 6 are left and 8 are owed.
        let refused = table.admit(&1).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_millis(200));
        clock.advance(Duration::from_millis(200));
        assert!(table.admit(&1).is_err());
        clock.advance(Duration::from_millis(100));
        assert_eq!(through(&table, 1, 5), 1);
    }

    #[test]
    fn a_key_that_went_away_in_debt_pays_while_it_is_quiet() {
        let (table, clock) = table(10, 1, 10, 1000);
        assert_eq!(through(&table, 1, 20), 10);
        table.tell();
        table.learn(&1, 7, 10 + 10);
        for _ in 0..20 {
            clock.advance(Duration::from_millis(100));
            table.tell();
        }
        assert_eq!(through(&table, 1, 20), 10, "one second for what was owed, one to be full again");
    }
}
