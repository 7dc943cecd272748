//! When a try is made again.

use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;

/// After this many tries it is given up.
pub const TRIES: u32 = 8;

/// How long to wait after the try of this number, counted from 1; `None`: there is no further one. Together about an hour and a half, with up to as
/// much again at random, so that a client that comes back is not met by all at once.
pub(super) fn pause_after(attempts: u32) -> Option<Duration> {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(5))
        .with_factor(3.0)
        .with_max_delay(Duration::from_secs(3600))
        .with_max_times(TRIES as usize - 1)
        .with_jitter()
        .build();
    pauses.into_iter().nth(attempts.saturating_sub(1) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<_> = (1..=TRIES).map(pause_after).collect();
        for (pause, least) in pauses.iter().zip([5, 15, 45, 135, 405, 1215, 3600]) {
            let (pause, least) = (pause.unwrap(), Duration::from_secs(least));
            assert!(pause >= least && pause <= 2 * least, "{pause:?} {least:?}");
        }
        assert_eq!(pauses.last().unwrap(), &None);
        assert_eq!(pause_after(u32::MAX), None);
    }
}
