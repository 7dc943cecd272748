//! Pauses before something is tried again.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;

/// Pauses that double, with jitter, until they are reset.
#[derive(Debug)]
pub struct Pauses {
    builder: ExponentialBuilder,
    pauses: ExponentialBackoff,
    longest: Duration,
}

impl Pauses {
    /// From `first` up to `longest`; jitter makes each longer, by as much again at most.
    pub fn new(first: Duration, longest: Duration) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(first)
            .with_max_delay(longest)
            .without_max_times()
            .with_jitter();
        Self {
            builder,
            pauses: builder.build(),
            longest,
        }
    }

    /// The next pause.
    pub fn longer(&mut self) -> Duration {
        self.pauses.next().unwrap_or(self.longest)
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        self.pauses = self.builder.build();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_up_to_the_longest_and_begins_anew() {
        let (first, longest) = (Duration::from_millis(50), Duration::from_secs(5));
        let mut pauses = Pauses::new(first, longest);
        for round in 0..100 {
            let pause = pauses.longer();
            let least = first.saturating_mul(2_u32.saturating_pow(round)).min(longest);
            assert!(pause >= least && pause <= longest * 2, "{round}: {pause:?}");
        }
        pauses.reset();
        assert!(pauses.longer() <= first * 2);
    }
}
