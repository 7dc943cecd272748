//! What was told already: the same once more makes a series of an Event, not another one. Pure: times are handed in.

use super::{Happening, Severity};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// What was not told for so long is told anew.
const MEMORY: Duration = Duration::from_secs(360);
/// At most so many are remembered.
const MOST: usize = 4096;

/// What was told, and under which Event.
#[derive(Debug, Default)]
pub struct Series {
    told: HashMap<u64, Told>,
}

#[derive(Debug)]
struct Told {
    event: String,
    count: i32,
    at: Instant,
}

/// What to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Telling {
    /// An Event of its own
    First,
    /// This Event happened once more: so many times by now
    Again {
        /// Its name
        event: String,
        /// How often
        count: i32,
    },
}

impl Series {
    /// How to tell of something that happened to the object with this uid.
    pub fn look(&mut self, uid: &str, happening: &Happening, now: Instant) -> Telling {
        self.told.retain(|_, told| now.duration_since(told.at) < MEMORY);
        match self.told.get_mut(&fingerprint(uid, happening)) {
            Some(told) => {
                told.count = told.count.saturating_add(1);
                told.at = now;
                Telling::Again {
                    event: told.event.clone(),
                    count: told.count,
                }
            }
            None => Telling::First,
        }
    }

    /// An Event of this name tells of it now.
    pub fn remember(&mut self, uid: &str, happening: &Happening, event: String, now: Instant) {
        if self.told.len() < MOST {
            let told = Told { event, count: 1, at: now };
            self.told.insert(fingerprint(uid, happening), told);
        }
    }

    /// Its Event is gone.
    pub fn forget(&mut self, uid: &str, happening: &Happening) {
        self.told.remove(&fingerprint(uid, happening));
    }
}

fn fingerprint(uid: &str, happening: &Happening) -> u64 {
    let mut hasher = DefaultHasher::new();
    let Happening {
        kind,
        key,
        severity,
        reason,
        action,
        note,
    } = happening;
    (uid, kind, key, *severity == Severity::Normal, reason, action, note).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::input::{Key, Kind};

    fn happening(note: &str) -> Happening {
        Happening {
            kind: Kind::AuthClient,
            key: Key::new("team-a", "shop"),
            severity: Severity::Warning,
            reason: "PolicyViolation".into(),
            action: "Reconcile",
            note: note.to_owned(),
        }
    }

    #[test]
    fn the_same_once_more_is_counted_and_something_else_is_told() {
        let (mut series, now) = (Series::default(), Instant::now());
        assert_eq!(series.look("u", &happening("scopes"), now), Telling::First);
        series.remember("u", &happening("scopes"), "shop.1".to_owned(), now);
        for count in 2..4 {
            let event = "shop.1".to_owned();
            assert_eq!(series.look("u", &happening("scopes"), now), Telling::Again { event, count });
        }
        assert_eq!(series.look("u", &happening("redirectUris"), now), Telling::First);
        assert_eq!(series.look("another", &happening("scopes"), now), Telling::First);
    }

    #[test]
    fn what_was_told_long_ago_is_told_anew() {
        let (mut series, now) = (Series::default(), Instant::now());
        series.remember("u", &happening("scopes"), "shop.1".to_owned(), now);
        assert_eq!(series.look("u", &happening("scopes"), now + MEMORY), Telling::First);
    }
}
