//! The last known good configuration: what an operator sent is kept in the store, sealed, so that a process which starts while the operator
//! is away serves on. Several replicas keep the same record; the latest position stays, and who finds it there writes nothing.

mod keep;
mod record;
mod reseal;
mod restore;

use super::clock::SharedClock;
use crate::jose::seal::Sealer;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
pub(super) use keep::Keeping;
pub use reseal::{Resealed, reseal};
pub use restore::{NotRestored, Restore, Restored};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Writes and reads the record of one server.
pub(super) struct LastKnownGood {
    store: Arc<dyn Store>,
    sealer: Sealer,
    clock: SharedClock,
    metrics: Metrics,
    /// The record that is there is of no use to this process, whatever its position says
    unusable: AtomicBool,
}

impl LastKnownGood {
    pub(super) fn new(store: Arc<dyn Store>, sealer: Sealer, clock: SharedClock, metrics: Metrics) -> Self {
        Self {
            store,
            sealer,
            clock,
            metrics,
            unusable: AtomicBool::new(false),
        }
    }
}
