//! Restoring: what was kept is in force again, if nothing else is.

use super::super::config_holder::ConfigHolder;
use super::{LastKnownGood, record};
use crate::config::snapshot::{Position, Snapshot};
use crate::store::StoreError;
use actix::{ActorFutureExt, Handler, Message, ResponseActFuture, WrapFuture};
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Puts the configuration in force that was kept, with its position, unless another one is in force.
#[derive(Message)]
#[rtype(result = "Result<Restored, NotRestored>")]
pub struct Restore;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// It is in force
    InForce(Position),
    /// There is none, or nothing is kept here
    Nothing,
    /// Another one is in force
    NotNeeded,
}

/// Why what was kept is not in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRestored {
    /// The store does not answer. Worth another try
    #[error("{0}")]
    Away(String),
    /// There is one, and it is of no use
    #[error("{0}")]
    Unusable(String),
}

pub(super) struct Kept {
    snapshot: Arc<Snapshot>,
    position: Position,
    saved_at: Timestamp,
}

impl LastKnownGood {
    pub(super) async fn read(&self) -> Result<Option<Kept>, NotRestored> {
        let read = self.store.configuration(self.sealer.server()).await;
        let record = match read {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(None),
            Err(StoreError::Unavailable(reason)) => return Err(NotRestored::Away(reason)),
            Err(fault) => return Err(self.unusable(fault.to_string())),
        };
        let saved_at = record.saved_at;
        let sealer = self.sealer.clone();
        let opened = tokio::task::spawn_blocking(move || record::open(&sealer, &record)).await;
        match opened {
            Ok(Ok((snapshot, position))) => Ok(Some(Kept {
                snapshot,
                position,
                saved_at,
            })),
            Ok(Err(reason)) => Err(self.unusable(reason.to_string())),
            Err(_) => Err(self.unusable("reading it panicked".to_owned())),
        }
    }

    fn unusable(&self, reason: String) -> NotRestored {
        self.unusable.store(true, Ordering::Relaxed);
        NotRestored::Unusable(reason)
    }
}

impl Handler<Restore> for ConfigHolder {
    type Result = ResponseActFuture<Self, Result<Restored, NotRestored>>;

    fn handle(&mut self, _: Restore, _: &mut Self::Context) -> Self::Result {
        let last = self.last_known_good.clone();
        let read = async move {
            match last {
                Some(last) => last.read().await,
                None => Ok(None),
            }
        };
        Box::pin(read.into_actor(self).map(|read, holder, _| {
            let outcome = read.and_then(|kept| holder.take_up(kept));
            holder.tell(&outcome);
            outcome
        }))
    }
}

impl ConfigHolder {
    fn take_up(&mut self, kept: Option<Kept>) -> Result<Restored, NotRestored> {
        let Some(kept) = kept else { return Ok(Restored::Nothing) };
        if self.published.current.load().is_some() {
            return Ok(Restored::NotNeeded);
        }
        // What was issued since to a client that had departed then was issued to its successor.
        self.put_in_force(Arc::clone(&kept.snapshot), kept.saved_at)
            .map_err(|nack| NotRestored::Unusable(nack.to_string()))?;
        self.published.from_memory.store(true, Ordering::Relaxed);
        self.take_position(kept.snapshot, kept.position);
        Ok(Restored::InForce(kept.position))
    }

    fn tell(&self, outcome: &Result<Restored, NotRestored>) {
        if let Some(last) = &self.last_known_good {
            last.metrics.snapshot_restored(match outcome {
                Ok(Restored::InForce(_)) => "in_force",
                Ok(Restored::Nothing) => "nothing",
                Ok(Restored::NotNeeded) => "not_needed",
                Err(NotRestored::Away(_)) => "unavailable",
                Err(NotRestored::Unusable(_)) => "unusable",
            });
        }
        match outcome {
            Ok(Restored::InForce(position)) => {
                tracing::info!(%position, "the configuration that was in force last is in force again, until the operator sends a later one");
            }
            Ok(Restored::Nothing) => tracing::info!("no configuration is kept from before; waiting for the operator's first"),
            Ok(Restored::NotNeeded) => {}
            Err(NotRestored::Away(reason)) => {
                tracing::warn!(
                    reason,
                    "the configuration that was in force last cannot be read now; it is tried again"
                );
            }
            Err(NotRestored::Unusable(reason)) => {
                tracing::error!(
                    reason,
                    "the configuration that was kept is of no use; waiting for the operator to send one, which will be kept in its place"
                );
                let awaited =
                    format!("no configuration yet: the one that was kept is of no use ({reason}), and the operator has not sent another");
                self.published.awaited.store(Arc::new(awaited));
            }
        }
    }
}
