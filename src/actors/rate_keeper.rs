//! The RateKeeper: looks after the rate limits, so that no request has to. Forgets addresses and clients that were quiet for long; where
//! there is a cache, tells it what was let through and takes in what other servers let through.

use super::clock::SharedClock;
use super::config_holder::ConfigReader;
use super::gate::callable;
use crate::config::rate::Rate;
use crate::rates::Limiters;
use crate::rates::limiter::Limiter;
use crate::store::cache::{Cache, Vault};
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Supervised, WrapFuture};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

/// How often it looks. A sixty-fourth of the keys is looked through each time.
const EVERY: Duration = Duration::from_millis(200);

/// Counters in one question to the cache.
const AT_ONCE: usize = 500;

/// The actor.
pub struct RateKeeper {
    limiters: Limiters,
    config: ConfigReader,
    clock: SharedClock,
    shared: Option<Shared>,
    is_asking: bool,
}

/// Where servers add up what they let through.
#[derive(Clone)]
pub struct Shared {
    /// Has the counters
    pub cache: Arc<dyn Cache>,
    /// Gives them names that tell nothing: addresses are personal data
    pub vault: Arc<dyn Vault>,
}

impl RateKeeper {
    /// The actor, to be supervised.
    pub fn new(limiters: Limiters, config: ConfigReader, clock: SharedClock, shared: Option<Shared>) -> Self {
        Self {
            limiters,
            config,
            clock,
            shared,
            is_asking: false,
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        let Some(snapshot) = self.config.current() else { return };
        self.limiters.tidy(&snapshot.rate_limits);
        let Some(shared) = self.shared.clone().filter(|_| !self.is_asking) else {
            return;
        };
        self.is_asking = true;
        let (limiters, now) = (self.limiters.clone(), self.clock.now().as_second());
        let asking = async move {
            let server = &snapshot.server;
            share(&shared, limiters.addresses(), now, |address| format!("{server} address {address}")).await;
            share(&shared, limiters.clients(), now, |client| format!("{server} client {client}")).await;
        };
        ctx.spawn(asking.into_actor(self).map(|(), keeper, _| keeper.is_asking = false));
    }
}

impl Actor for RateKeeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(EVERY, Self::look);
    }
}

/// The limiters outlive a panic.
impl Supervised for RateKeeper {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.is_asking = false;
    }
}

callable!(RateKeeper);

/// Tells the shared counters of one kind what was let through here, and takes in what they stand at. A cache that does not answer changes
/// nothing: each server then limits by itself.
async fn share<K: Hash + Eq + Clone>(Shared { cache, vault }: &Shared, limiter: &Limiter<K>, now: i64, text: impl Fn(&K) -> String) {
    let Some(told) = limiter.tell() else { return };
    let (length, window) = window(&told.rate, now);
    for part in told.spent.chunks(AT_ONCE) {
        let amounts: Vec<(String, u64)> = part
            .iter()
            .filter_map(|(key, spent)| {
                let whose = whose(&told.rate, window, &text(key));
                Some((vault.name("rate", whose.as_bytes())?, u64::from(spent.get())))
            })
            .collect();
        // Before there are keys there are no names.
        if amounts.len() < part.len() {
            return;
        }
        match cache.add(&amounts, length.saturating_mul(2)).await {
            Ok(totals) => {
                let keys = part.iter().map(|(key, _)| key.clone());
                limiter.learn(&told.rate, window, keys.zip(totals));
            }
            // The cache counts its faults, and says in the log when it goes and comes back.
            Err(_) => return,
        }
    }
}

/// How long a shared counter counts, and which one counts now: the time in which a budget is full again, so that a server which sees a
/// caller for the first time learns no more than what can matter.
fn window(rate: &Rate, now: i64) -> (Duration, u64) {
    let seconds = rate.refill().as_secs().saturating_add(1).max(2);
    let number = u64::try_from(now).unwrap_or(0).checked_div(seconds).unwrap_or(0);
    (Duration::from_secs(seconds), number)
}

/// What a counter counts: another one for another rate, window or caller.
fn whose(rate: &Rate, window: u64, text: &str) -> String {
    format!("{} {} {} {window} {text}", rate.requests(), rate.per().as_secs(), rate.burst())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_counts_for_as_long_as_a_budget_takes_to_be_full_again() {
        let rate = Rate::new(10, Duration::from_secs(1), 100).unwrap();
        assert_eq!(window(&rate, 1100), (Duration::from_secs(11), 100));
        assert_eq!(window(&rate, -5).1, 0);
        let quick = Rate::new(100, Duration::from_secs(1), 10).unwrap();
        assert_eq!(window(&quick, 0).0, Duration::from_secs(2));
    }

    #[test]
    fn a_counter_is_another_one_for_another_rate_window_or_caller() {
        let rate = |requests| Rate::new(requests, Duration::from_secs(1), 1).unwrap();
        let first = whose(&rate(1), 7, "identity/main address 192.0.2.7");
        for other in [
            whose(&rate(2), 7, "identity/main address 192.0.2.7"),
            whose(&rate(1), 8, "identity/main address 192.0.2.7"),
            whose(&rate(1), 7, "identity/other address 192.0.2.7"),
        ] {
            assert_ne!(first, other);
        }
    }
}
