//! Keeping: after each configuration that an operator sent, the newest one alone, at most once a second, until it worked.

use super::super::restart::jitter;
use super::{LastKnownGood, record};
use crate::config::snapshot::{Position, Snapshot};
use crate::store::StoreError;
use backon::{ExponentialBuilder, Retryable};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Two writes begin at least so long after one another.
const GAP: Duration = Duration::from_secs(1);
/// Replicas that get a configuration in the same moment look whether it is kept so long after, each at another time: one of them writes.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(15);

/// What is to be kept, and how far that got. Outlives a restart of the actor that notes it.
pub(in crate::actors) struct Keeping {
    /// Whether anybody keeps anything
    wanted: bool,
    newest: watch::Sender<Option<Noted>>,
    /// The number of the last one that is kept
    done: watch::Sender<u64>,
    hurry: watch::Sender<bool>,
}

#[derive(Clone)]
struct Noted {
    /// Counts what was noted
    number: u64,
    snapshot: Arc<Snapshot>,
    position: Position,
}

/// Why a configuration could not be kept.
#[derive(Debug, thiserror::Error)]
enum NotKept {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sealing(#[from] crate::jose::seal::SealError),
    #[error("writing it down panicked")]
    Panicked,
    /// The record that is there does not open, and says that it is a later one
    #[error(
        "the one that is kept is of no use, and in its way with the later position {0}.{1}. Delete it: DELETE FROM configurations WHERE server = '{2}'"
    )]
    InTheWay(u64, u64, String),
}

impl Keeping {
    pub(in crate::actors) fn new(wanted: bool) -> Self {
        Self {
            wanted,
            newest: watch::Sender::new(None),
            done: watch::Sender::new(0),
            hurry: watch::Sender::new(false),
        }
    }

    /// This is in force, and came with this position. Costs nothing: it is kept later.
    pub(in crate::actors) fn note(&self, snapshot: Arc<Snapshot>, position: Position) {
        self.newest.send_modify(|newest| {
            let number = newest.as_ref().map_or(0, |before| before.number) + 1;
            *newest = Some(Noted {
                number,
                snapshot,
                position,
            });
        });
    }

    /// Completes when what was noted last is kept, without the pauses that spare the database.
    pub(in crate::actors) async fn hurry(&self) {
        if !self.wanted {
            return;
        }
        self.hurry.send_replace(true);
        let number = self.newest.borrow().as_ref().map_or(0, |newest| newest.number);
        // The sender lives as long as `self`.
        let _ = self.done.subscribe().wait_for(|done| *done >= number).await;
        self.hurry.send_replace(false);
    }

    /// Sleeps, unless there is a hurry.
    async fn pause(&self, until: Instant) {
        let mut hurry = self.hurry.subscribe();
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            _ = hurry.wait_for(|hurry| *hurry) => {}
        }
    }
}

impl LastKnownGood {
    /// Keeps what is noted. Never returns.
    pub(in crate::actors) async fn keep(&self, keeping: &Keeping) {
        let (mut newest, mut keys) = (keeping.newest.subscribe(), self.sealer.subscribe());
        loop {
            let began = Instant::now();
            keys.borrow_and_update();
            if newest.borrow_and_update().is_some() {
                let spread = SHORTEST_PAUSE + Duration::from_millis(u64::from(jitter()) * 2);
                keeping.pause(began + spread).await;
                self.keep_newest(keeping).await;
                keeping.pause(began + GAP).await;
            }
            tokio::select! {
                _ = newest.changed() => {}
                // So that the record does not need the older key for long
                _ = keys.changed() => {}
            }
        }
    }

    /// Tries until it worked; each try is about what is the newest then.
    async fn keep_newest(&self, keeping: &Keeping) {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_RETRY)
            .with_max_delay(LONGEST_RETRY)
            .without_max_times()
            .with_jitter();
        let attempt = || async {
            let Some(noted) = keeping.newest.borrow().clone() else {
                return Ok(());
            };
            self.metrics.snapshot_kept(self.write(&noted).await?);
            keeping.done.send_replace(noted.number);
            Ok::<(), NotKept>(())
        };
        let complain = |fault: &NotKept, retry_in: Duration| {
            self.metrics.snapshot_kept("failed");
            tracing::warn!(%fault, ?retry_in, "the configuration in force could not be kept for the next start");
        };
        let _ = attempt.retry(pauses).notify(complain).await;
    }

    /// Says for the metrics who kept it.
    async fn write(&self, noted: &Noted) -> Result<&'static str, NotKept> {
        let wanted = record::standing(&self.sealer, &noted.snapshot, noted.position);
        let there = self.store.configuration_standing(&wanted.server).await?;
        let is_unusable = self.unusable.load(Ordering::Relaxed);
        if let Some(there) = there {
            let is_later = (there.fence, there.sequence) > (wanted.fence, wanted.sequence);
            // Another replica may have put a good one there, or the key for it may have come.
            if is_later && is_unusable && self.read().await.is_err() {
                return Err(NotKept::InTheWay(there.fence, there.sequence, there.server));
            }
            if is_later || (there == wanted && !is_unusable) {
                self.unusable.store(false, Ordering::Relaxed);
                return Ok("present");
            }
        }
        // Beside the actor, whose mailbox goes on: thousands of clients take their time.
        let (sealer, noted, now) = (self.sealer.clone(), noted.clone(), self.clock.now());
        let record = tokio::task::spawn_blocking(move || record::close(&sealer, &noted.snapshot, noted.position, now))
            .await
            .map_err(|_| NotKept::Panicked)??;
        let is_written = self.store.put_configuration(&record).await?;
        if is_written {
            let standing = &record.standing;
            let (fence, sequence, bytes) = (standing.fence, standing.sequence, record.sealed.len());
            tracing::debug!(
                revision = standing.revision,
                fence,
                sequence,
                bytes,
                "the configuration in force is kept for the next start"
            );
        }
        // If it is not, another replica was faster with a later one.
        self.unusable.store(false, Ordering::Relaxed);
        Ok(if is_written { "kept" } else { "present" })
    }
}
