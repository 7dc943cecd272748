//! Hot copies of sessions: short-lived, bounded, and of this thread alone.

use super::messages::SessionView;
use crate::oauth::opaque::TokenHash;
use jiff::{SignedDuration, Timestamp};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// How long a copy may be used if nobody tells what other replicas change: the longest that a session which one of them ended counts here.
pub const HOT_TTL: SignedDuration = SignedDuration::from_secs(1);

/// How long a copy may be used if the store tells what other replicas change, and nothing was told.
pub const TOLD_TTL: SignedDuration = SignedDuration::from_secs(30);

/// Copies of one worker; at about half a kilobyte each.
const MAX_COPIES: usize = 4096;

struct Copy {
    view: SessionView,
    changes: Standing,
    taken: Timestamp,
}

/// What is known of changes at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Of this process
    pub(super) own: u64,
    /// Of others, as they were told
    pub(super) others: u64,
    /// Whether they are told
    pub(super) told: bool,
}

impl Copy {
    fn is_good(&self, changes: Standing, now: Timestamp) -> bool {
        let age = now.duration_since(self.taken);
        let ttl = if changes.told { TOLD_TTL } else { HOT_TTL };
        let same = (self.changes.own, self.changes.others) == (changes.own, changes.others);
        same && !age.is_negative() && age < ttl && now < self.view.expires_at
    }
}

/// Shared between the actor and the futures that it answers with, all on one thread.
#[derive(Clone, Default)]
pub(super) struct HotSessions(Rc<RefCell<HashMap<TokenHash, Copy>>>);

impl HotSessions {
    pub(super) fn get(&self, token: &TokenHash, changes: Standing, now: Timestamp) -> Option<SessionView> {
        let copies = self.0.borrow();
        copies
            .get(token)
            .filter(|copy| copy.is_good(changes, now))
            .map(|copy| copy.view.clone())
    }

    pub(super) fn put(&self, token: TokenHash, view: SessionView, changes: Standing, now: Timestamp) {
        let mut copies = self.0.borrow_mut();
        if copies.len() >= MAX_COPIES {
            copies.retain(|_, copy| copy.is_good(changes, now));
        }
        // All are in use: this one is read from the store each time, which is right and merely slower.
        if copies.len() < MAX_COPIES {
            copies.insert(token, Copy { view, changes, taken: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::ids::{SessionId, UserId};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    fn view(expires: i64) -> SessionView {
        SessionView {
            id: SessionId::new("s"),
            user: UserId::new("u"),
            username: "alice".into(),
            display_name: None,
            groups: vec![],
            auth_time: at(0),
            amr: vec![],
            expires_at: at(expires),
        }
    }

    fn after(own: u64, others: u64) -> Standing {
        Standing { own, others, told: false }
    }

    #[test]
    fn a_copy_is_good_for_a_moment_until_something_changes_or_the_session_expires() {
        let hot = HotSessions::default();
        let token = TokenHash::of("t");
        hot.put(token, view(100_000), after(7, 3), at(0));
        assert!(hot.get(&token, after(7, 3), at(999)).is_some());
        assert!(hot.get(&token, after(7, 3), at(1000)).is_none());
        assert!(hot.get(&token, after(8, 3), at(1)).is_none());
        assert!(hot.get(&token, after(7, 4), at(1)).is_none());
        assert!(hot.get(&token, after(7, 3), at(-1)).is_none());
        hot.put(token, view(500), after(7, 3), at(0));
        assert!(hot.get(&token, after(7, 3), at(500)).is_none());
    }

    #[test]
    fn a_copy_is_good_for_longer_while_changes_are_told() {
        let hot = HotSessions::default();
        let token = TokenHash::of("t");
        let told = Standing { told: true, ..after(7, 3) };
        hot.put(token, view(100_000), told, at(0));
        assert!(hot.get(&token, told, at(29_999)).is_some());
        assert!(hot.get(&token, told, at(30_000)).is_none());
        assert!(hot.get(&token, after(7, 3), at(1000)).is_none(), "nobody tells any more");
        assert!(hot.get(&token, Standing { others: 4, ..told }, at(1)).is_none());
    }

    #[test]
    fn the_number_of_copies_is_bounded_and_old_ones_make_room() {
        let hot = HotSessions::default();
        for number in 0..MAX_COPIES + 10 {
            hot.put(TokenHash::of(&number.to_string()), view(100_000), Standing::default(), at(0));
        }
        assert_eq!(hot.0.borrow().len(), MAX_COPIES);
        hot.put(TokenHash::of("late"), view(100_000), Standing::default(), at(5000));
        assert_eq!(hot.0.borrow().len(), 1);
    }
}
