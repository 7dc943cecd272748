//! Who may write: the holder of the Lease, for as long as it holds it.

use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// One time of leading, from taking the Lease to losing it.
#[derive(Clone, Debug)]
pub struct Term {
    /// The Lease's `leaseTransitions`: higher at each term, so that a server refuses what an earlier leader still sends
    pub fence: u64,
    /// Cancelled when the term is over; from then on nothing may be written or pushed
    pub over: CancellationToken,
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
    /// A term begins.
    pub fn begin(&self, fence: u64) {
        self.end();
        let over = CancellationToken::new();
        self.term.send_replace(Some(Arc::new(Term { fence, over })));
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
        self.term.borrow().clone()
    }

    /// The present term's fence, if this process leads.
    pub fn fence(&self) -> Option<u64> {
        self.term.borrow().as_ref().map(|term| term.fence)
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

    #[tokio::test]
    async fn whoever_acts_in_a_term_is_told_of_its_end() {
        let (leadership, mut leader) = channel();
        assert_eq!(leader.fence(), None);
        leadership.begin(7);
        let term = leader.leading().await;
        assert_eq!((term.fence, term.over.is_cancelled()), (7, false));
        leadership.end();
        assert!(term.over.is_cancelled() && leader.term().is_none());
    }

    #[tokio::test]
    async fn a_new_term_ends_the_one_before() {
        let (leadership, leader) = channel();
        leadership.begin(1);
        let first = leader.term().unwrap();
        leadership.begin(2);
        assert!(first.over.is_cancelled());
        assert_eq!(leader.fence(), Some(2));
        drop(leadership);
        assert_eq!(leader.fence(), None);
    }
}
