//! Who may write: the holder of the Lease, for as long as it holds it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// One time of leading, from taking the Lease to losing it.
#[derive(Clone, Debug)]
pub struct Term {
    /// The Lease's `leaseTransitions`: higher at each term, so that a server refuses what an earlier leader still sends
    pub fence: u64,
    /// Cancelled when the term is over; from then on nothing may be written or pushed
    pub over: CancellationToken,
    until: Arc<Mutex<Instant>>,
}

impl Term {
    /// Whether the Lease is held at this moment: nobody else can have taken it yet. A process that was stopped and goes on finds out here,
    /// before any timer has fired.
    pub fn holds(&self) -> bool {
        !self.over.is_cancelled() && Instant::now() < *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether this process leads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Leader {
    term: watch::Receiver<Option<Arc<Term>>>,
}

/// The sending end of [`Leader`].
#[derive(Debug)]
pub struct Leadership {
    term: watch::Sender<Option<Arc<Term>>>,
}

/// Nobody leads at first.
pub fn channel() -> (Leadership, Leader) {
    let (sender, receiver) = watch::channel(None);
    (Leadership { term: sender }, Leader { term: receiver })
}

impl Leadership {
    /// A term begins; the Lease is held until then, unless it is renewed.
    pub fn begin(&self, fence: u64, until: Instant) {
        self.end();
        let over = CancellationToken::new();
        let until = Arc::new(Mutex::new(until));
        self.term.send_replace(Some(Arc::new(Term { fence, over, until })));
    }

    /// The Lease was renewed.
    pub fn extend(&self, until: Instant) {
        if let Some(term) = self.term.borrow().as_ref() {
            *term.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
        }
    }

    /// The term ends; who acts in it is told at once.
    pub fn end(&self) {
        if let Some(term) = self.term.send_replace(None) {
            term.over.cancel();
        }
    }
}

impl Leader {
    /// The present term, if this process leads.
    pub fn term(&self) -> Option<Arc<Term>> {
        self.term.borrow().clone().filter(|term| term.holds())
    }

    /// The present term's fence, if this process leads.
    pub fn fence(&self) -> Option<u64> {
        self.term().map(|term| term.fence)
    }

    /// Waits for the next change; `false` when there will be none.
    pub async fn changed(&mut self) -> bool {
        self.term.changed().await.is_ok()
    }

    /// Waits until this process leads. Never returns if it never will.
    pub async fn leading(&mut self) -> Arc<Term> {
        loop {
            if let Some(term) = self.term.borrow_and_update().clone() {
                return term;
            }
            if self.term.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Drop for Leadership {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[tokio::test]
    async fn whoever_acts_in_a_term_is_told_of_its_end() {
        let (leadership, mut leader) = channel();
        assert_eq!(leader.fence(), None);
        leadership.begin(7, later());
        let term = leader.leading().await;
        assert_eq!((term.fence, term.over.is_cancelled()), (7, false));
        leadership.end();
        assert!(term.over.is_cancelled() && leader.term().is_none());
    }

    #[tokio::test]
    async fn a_new_term_ends_the_one_before() {
        let (leadership, leader) = channel();
        leadership.begin(1, later());
        let first = leader.term().unwrap();
        leadership.begin(2, later());
        assert!(first.over.is_cancelled());
        assert_eq!(leader.fence(), Some(2));
        drop(leadership);
        assert_eq!(leader.fence(), None);
    }

    #[tokio::test]
    async fn a_term_that_was_not_renewed_in_time_holds_no_more_though_nobody_ended_it() {
        let (leadership, leader) = channel();
        leadership.begin(1, Instant::now());
        assert!(leader.term().is_none());
        leadership.extend(later());
        assert!(leader.term().is_some_and(|term| term.holds()));
    }
}
