//! How often something may happen.

use crate::resources::rate_limits::{RateLimitsSpec, RateSpec};
use std::num::NonZeroU32;
use std::time::Duration;

/// Most requests that a rate may name, and most that it may let through at once.
const MOST: u32 = 1_000_000;

/// Longest time that a rate may count over. With [`MOST`] it keeps every sum of times far below what 64 bits of nanoseconds hold.
const LONGEST: Duration = Duration::from_secs(3600);

/// So many requests in a time, refilled evenly; a caller that was quiet may send `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    requests: NonZeroU32,
    per: Duration,
    burst: NonZeroU32,
}

/// The rates that a server lets callers have; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Of one address, over all paths
    pub per_address: Option<Rate>,
    /// Of one client that proved itself, at the endpoints where clients do
    pub per_client: Option<Rate>,
}

impl Rate {
    /// A rate within the bounds of a manifest.
    ///
    /// # Errors
    /// Which bound it leaves, for people.
    pub fn new(requests: u32, per: Duration, burst: u32) -> Result<Self, String> {
        let number = |name: &str, number: u32| {
            NonZeroU32::new(number)
                .filter(|number| number.get() <= MOST)
                .ok_or_else(|| format!("{name} must be between 1 and {MOST}"))
        };
        if per < Duration::from_secs(1) || per > LONGEST {
            return Err("per must be between 1s and 1h".to_owned());
        }
        Ok(Self {
            requests: number("requests", requests)?,
            per,
            burst: number("burst", burst)?,
        })
    }

    /// How many in [`Self::per`].
    pub const fn requests(&self) -> NonZeroU32 {
        self.requests
    }

    /// The time that [`Self::requests`] are counted over.
    pub const fn per(&self) -> Duration {
        self.per
    }

    /// How many at once.
    pub const fn burst(&self) -> NonZeroU32 {
        self.burst
    }

    /// The time after which one more request is let through; at least a microsecond.
    pub fn interval(&self) -> Duration {
        self.per / self.requests.get()
    }

    /// The time after which a caller that used everything up has everything again.
    pub fn refill(&self) -> Duration {
        self.interval() * self.burst.get()
    }
}

/// What is wrong with the rates of a manifest.
pub fn faults(spec: &RateLimitsSpec) -> Vec<String> {
    [("perAddress", &spec.per_address), ("perClient", &spec.per_client)]
        .into_iter()
        .filter_map(|(name, rate)| {
            let fault = read(rate.as_ref()?).err()?;
            Some(format!("rateLimits.{name}: {fault}"))
        })
        .collect()
}

/// The rates of a manifest without faults.
pub fn limits(spec: Option<&RateLimitsSpec>) -> RateLimits {
    let rate = |rate: Option<&RateSpec>| rate.and_then(|rate| read(rate).ok());
    RateLimits {
        per_address: rate(spec.and_then(|spec| spec.per_address.as_ref())),
        per_client: rate(spec.and_then(|spec| spec.per_client.as_ref())),
    }
}

fn read(spec: &RateSpec) -> Result<Rate, String> {
    Rate::new(spec.requests, spec.per.duration(), spec.burst.unwrap_or(spec.requests))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: serde_json::Value) -> RateLimitsSpec {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_burst_is_as_many_as_the_rate_unless_it_is_said() {
        let both = spec(serde_json::json!({
            "perAddress": {"requests": 100, "per": "1s", "burst": 200},
            "perClient": {"requests": 50, "per": "1m"},
        }));
        assert_eq!(faults(&both), Vec::<String>::new());
        let limits = limits(Some(&both));
        let address = limits.per_address.unwrap();
        assert_eq!(
            (address.interval(), address.refill()),
            (Duration::from_millis(10), Duration::from_secs(2))
        );
        let client = limits.per_client.unwrap();
        assert_eq!((client.burst().get(), client.refill()), (50, Duration::from_secs(60)));
    }

    #[test]
    fn what_is_left_out_is_no_limit() {
        assert_eq!(limits(None), RateLimits::default());
        assert_eq!(limits(Some(&spec(serde_json::json!({})))), RateLimits::default());
    }

    #[test]
    fn numbers_that_cannot_be_meant_are_named() {
        for (rate, says) in [
            (
                serde_json::json!({"requests": 0, "per": "1s"}),
                "requests must be between 1 and 1000000",
            ),
            (serde_json::json!({"requests": 1_000_001, "per": "1s"}), "requests must be"),
            (serde_json::json!({"requests": 1, "per": "1s", "burst": 0}), "burst must be"),
            (serde_json::json!({"requests": 1, "per": "61m"}), "per must be between 1s and 1h"),
        ] {
            let found = faults(&spec(serde_json::json!({"perClient": rate})));
            assert!(
                found.len() == 1 && found[0].starts_with(&format!("rateLimits.perClient: {says}")),
                "{found:?}"
            );
        }
    }
}
