//! Leader election by a Lease (`coordination.k8s.io`): compare-and-swap on its `resourceVersion`, and clocks that only go forward.
//!
//! The leader renews every [`Timing::retry`]. It gives up [`Timing::renew_deadline`] after it began its last renewal that succeeded, which is
//! well before another may take the Lease ([`Timing::duration`] after that one saw the renewal). No clock of another machine is looked at.

mod elector;
mod run;

pub use elector::{Action, Elector, Held};
pub use run::run;

use std::time::Duration;

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// `leaseDurationSeconds`: who sees no renewal for this long may take the Lease
    pub duration: Duration,
    /// Who cannot renew for this long gives up
    pub renew_deadline: Duration,
    /// Between two renewals, or two looks at somebody else's Lease
    pub retry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}
