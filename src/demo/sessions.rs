//! The demo's sessions: in memory, bounded, gone with the process.

use super::relying_party::{Login, Pending};
use openidconnect::CsrfToken;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Beyond this the oldest session is forgotten.
const MOST_SESSIONS: usize = 256;
/// Logins that one browser may have begun at once (tabs); beyond this the oldest is forgotten.
const MOST_PENDING: usize = 5;

/// What one browser has with the demo.
#[derive(Default)]
pub struct Session {
    /// Logins that were begun and did not return yet
    pub pending: VecDeque<Pending>,
    /// Who is logged in
    pub login: Option<Login>,
}

impl Session {
    /// Remembers a login that was begun, if it is there to be taken.
    pub fn began(&mut self, pending: &mut Option<Pending>) {
        let Some(pending) = pending.take() else { return };
        if self.pending.len() >= MOST_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(pending);
    }

    /// Takes the login that a `state` belongs to: each returns once.
    pub fn returned(&mut self, state: &str) -> Option<Pending> {
        let at = self.pending.iter().position(|pending| pending.state.secret() == state)?;
        self.pending.remove(at)
    }
}

#[derive(Default)]
struct Kept {
    by_id: HashMap<String, Session>,
    oldest_first: VecDeque<String>,
}

/// All sessions.
#[derive(Default)]
pub struct Sessions(Mutex<Kept>);

impl Sessions {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session under a fresh, unguessable id.
    pub fn open(&self, session: Session) -> String {
        let id = CsrfToken::new_random_len(32).into_secret();
        let mut kept = self.kept();
        while kept.by_id.len() >= MOST_SESSIONS {
            let Some(oldest) = kept.oldest_first.pop_front() else { break };
            kept.by_id.remove(&oldest);
        }
        kept.oldest_first.push_back(id.clone());
        kept.by_id.insert(id.clone(), session);
        id
    }

    /// Works on the session with this id, if there is one.
    pub fn with<T>(&self, id: &str, work: impl FnOnce(&mut Session) -> T) -> Option<T> {
        self.kept().by_id.get_mut(id).map(work)
    }

    /// Forgets a session and hands it over.
    pub fn close(&self, id: &str) -> Option<Session> {
        let mut kept = self.kept();
        kept.oldest_first.retain(|other| other != id);
        kept.by_id.remove(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest_beyond_its_bound() {
        let sessions = Sessions::default();
        let first = sessions.open(Session::default());
        let others: Vec<_> = (0..MOST_SESSIONS).map(|_| sessions.open(Session::default())).collect();
        assert!(sessions.with(&first, |_| ()).is_none());
        assert!(others.iter().all(|id| sessions.with(id, |_| ()).is_some()));
    }

    #[test]
    fn a_state_returns_once_and_tabs_are_bounded() {
        let mut session = Session::default();
        let states: Vec<_> = (0..=MOST_PENDING)
            .map(|_| {
                let pending = Pending::for_tests();
                let state = pending.state.secret().clone();
                session.began(&mut Some(pending));
                state
            })
            .collect();
        assert!(session.returned(&states[0]).is_none(), "the oldest was forgotten");
        assert!(session.returned(&states[1]).is_some());
        assert!(session.returned(&states[1]).is_none(), "a state is single-use");
    }
}
