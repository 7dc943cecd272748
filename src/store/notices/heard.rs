//! Which sessions and people changed lately, as far as the store told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is remembered at most, some hundred bytes each. With more than that anything may have changed.
const MOST: usize = 65_536;

/// What the store told of sessions and people. Clones hear the same. A store that tells nothing leaves it as it begins: nothing is unchanged.
#[derive(Clone, Debug, Default)]
pub struct Heard(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Since when everything was told; `None`: nothing is
    since: Option<Instant>,
    /// What changed, and when that was told for the last time
    changed: HashMap<Vec<u8>, Instant>,
}

/// What changed, as the notice says it: `s:` or `u:`, and ids with commas between, or `*` for anything.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) enum Change {
    /// These
    Of(Vec<Vec<u8>>),
    /// Nobody says which
    Anything,
}

impl Change {
    /// Reads a notice; `None` if it is of another kind.
    pub(in crate::store) fn read(notice: &str) -> Option<Self> {
        let (kind, ids) = notice.split_once(':')?;
        let id: fn(&str) -> Option<Vec<u8>> = match kind {
            // The digest of a session's cookie
            "s" => from_hex,
            // `sub`
            "u" => |id| Some(id.as_bytes().to_vec()),
            _ => return None,
        };
        let ids: Option<Vec<_>> = ids.split(',').map(|one| if one == "*" { None } else { id(one) }).collect();
        Some(ids.map_or(Self::Anything, Self::Of))
    }
}

impl Heard {
    /// What changed longer ago may be forgotten.
    pub const MEMORY: Duration = Duration::from_secs(300);

    /// Whether a session (by the digest of its cookie) or a person (by their `sub`) has not changed for the time `unchanged_for`, and everything that
    /// changes was told for the time `told_for`.
    pub fn is_unchanged(&self, id: &[u8], told_for: Duration, unchanged_for: Duration) -> bool {
        let state = self.lock();
        state.since.is_some_and(|since| since.elapsed() >= told_for)
            && state.changed.get(id).is_none_or(|changed| changed.elapsed() >= unchanged_for)
    }

    /// From now on everything is told.
    pub(in crate::store) fn begin(&self) {
        *self.lock() = State {
            since: Some(Instant::now()),
            changed: HashMap::new(),
        };
    }

    /// Nothing is told any more.
    pub(in crate::store) fn end(&self) {
        *self.lock() = State::default();
    }

    /// This changed.
    pub(in crate::store) fn note(&self, change: Change) {
        let mut state = self.lock();
        let (Some(_), now) = (state.since, Instant::now()) else { return };
        match change {
            Change::Of(ids) if state.changed.len() + ids.len() <= MOST => state.changed.extend(ids.into_iter().map(|id| (id, now))),
            _ => {
                state.since = Some(now);
                state.changed.clear();
            }
        }
    }

    /// Forgets what changed longer ago than [`Self::MEMORY`].
    pub(in crate::store) fn forget(&self) {
        self.lock().changed.retain(|_, at| at.elapsed() < Self::MEMORY);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (digits.len() == 64).then(|| digits.chunks(2).map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_TIME: Duration = Duration::ZERO;
    const LONG: Duration = Duration::from_secs(3600);

    fn of(id: &str) -> Change {
        Change::Of(vec![id.as_bytes().to_vec()])
    }

    fn is_unchanged(heard: &Heard, id: &[u8]) -> bool {
        heard.is_unchanged(id, Duration::from_secs(60), Duration::from_secs(60))
    }

    /// Told for a while.
    fn told() -> Heard {
        let heard = Heard::default();
        heard.begin();
        heard.lock().since = Instant::now().checked_sub(Duration::from_secs(100));
        heard
    }

    #[test]
    fn nothing_is_unchanged_unless_it_is_told() {
        let heard = Heard::default();
        assert!(!heard.is_unchanged(b"alice", NO_TIME, NO_TIME));
        heard.begin();
        assert!(heard.is_unchanged(b"alice", NO_TIME, LONG));
        assert!(!is_unchanged(&heard, b"alice"), "it was not told for so long yet");
        heard.end();
        assert!(!heard.is_unchanged(b"alice", NO_TIME, NO_TIME));
        heard.note(of("alice"));
        assert!(heard.lock().changed.is_empty(), "nobody can read it");
    }

    #[test]
    fn what_changed_is_not_unchanged_and_the_rest_is() {
        let heard = told();
        heard.note(of("alice"));
        assert!(!is_unchanged(&heard, b"alice"));
        assert!(is_unchanged(&heard, b"bob"));
        heard.note(Change::Anything);
        assert!(!is_unchanged(&heard, b"bob"));
    }

    #[test]
    fn more_than_can_be_remembered_is_anything() {
        let heard = told();
        for number in 0..=MOST {
            heard.note(of(&number.to_string()));
        }
        assert!(heard.lock().changed.len() <= MOST);
        assert!(!is_unchanged(&heard, b"0") && !is_unchanged(&heard, b"bob"));
        heard
            .lock()
            .changed
            .insert(b"long ago".to_vec(), Instant::now().checked_sub(LONG).unwrap());
        heard.note(of("alice"));
        heard.forget();
        let left: Vec<_> = heard.lock().changed.keys().cloned().collect();
        assert!(left.contains(&b"alice".to_vec()) && !left.contains(&b"long ago".to_vec()));
    }

    #[test]
    fn notices_are_read_and_those_of_another_kind_are_not() {
        let digest = "0a".repeat(32);
        assert_eq!(Change::read(&format!("s:{digest}")), Some(Change::Of(vec![vec![10; 32]])));
        assert_eq!(Change::read("u:a,b"), Some(Change::Of(vec![b"a".to_vec(), b"b".to_vec()])));
        assert_eq!(Change::read("u:*"), Some(Change::Anything));
        assert_eq!(
            Change::read("s:what"),
            Some(Change::Anything),
            "something of a session, but nobody says which"
        );
        assert_eq!(Change::read("s:é"), Some(Change::Anything));
        assert_eq!(Change::read("sessions"), None);
        assert_eq!(Change::read("later:x"), None);
    }
}
