//! What others are told of something that may change to and fro: only what has lasted. Pure.

use std::time::{Duration, Instant};

/// A value, and another one that has yet to last. The first one that is seen counts at once.
#[derive(Clone, Debug)]
pub struct Settled<T> {
    told: Option<T>,
    other: Option<(T, Instant)>,
}

impl<T> Default for Settled<T> {
    fn default() -> Self {
        Self { told: None, other: None }
    }
}

impl<T: Copy + PartialEq> Settled<T> {
    /// What is seen now; `lasts`: for how long that has to be so before it is told instead of what it is given. Returns what is told.
    pub fn see(&mut self, now: Instant, seen: T, lasts: impl FnOnce(T) -> Duration) -> T {
        let told = *self.told.get_or_insert(seen);
        if seen == told {
            self.other = None;
            return told;
        }
        let since = match self.other {
            Some((other, since)) if other == seen => since,
            _ => now,
        };
        if now.saturating_duration_since(since) < lasts(told) {
            self.other = Some((seen, since));
            return told;
        }
        (self.told, self.other) = (Some(seen), None);
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_last_is_not_told() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let lasts = |_| Duration::from_secs(3);
        let mut settled = Settled::default();
        assert_eq!(settled.see(at(0), 'a', lasts), 'a', "the first one counts at once");
        assert_eq!(settled.see(at(1), 'b', lasts), 'a');
        assert_eq!(settled.see(at(2), 'a', lasts), 'a', "back: the count begins anew");
        assert_eq!(settled.see(at(3), 'b', lasts), 'a');
        assert_eq!(settled.see(at(5), 'c', lasts), 'a', "something else, too");
        assert_eq!(settled.see(at(6), 'b', lasts), 'a');
        assert_eq!(settled.see(at(9), 'b', lasts), 'b');
        assert_eq!(settled.see(at(9), 'a', lasts), 'b');
    }
}
