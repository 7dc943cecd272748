//! The AuditLog: one ordered trail, written in batches.
//!
//! Every event also goes to the log at once (target `audit`), so the trail does not depend on the database being there. While that is away
//! the newest [`BUFFER`] events are kept and tried again. An event is written at least once: of a write that the database did not answer in
//! time nobody knows whether it happened, and the whole batch is written again.

use super::fault::Fault;
use super::gate::{Gate, callable};
use super::restart::jitter;
use crate::store::records::AuditEvent;
use crate::store::{Store, StoreError};
use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture, Supervised};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Events that are kept while the store is away; beyond that the oldest go (they are in the log).
pub const BUFFER: usize = 10_000;
/// Events in one write.
const BATCH: usize = 256;
const RETRY: Duration = Duration::from_secs(1);

/// The actor.
pub struct AuditLog {
    store: Arc<dyn Store>,
    waiting: VecDeque<AuditEvent>,
    /// How many events were ever taken out of `waiting`, written or dropped
    done: u64,
    /// How many of the first in `waiting` are being written
    writing: usize,
    retrying: bool,
    /// Who waits until so many events are done
    flushes: Vec<(u64, oneshot::Sender<()>)>,
}

impl AuditLog {
    /// The actor, to be supervised.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            waiting: VecDeque::new(),
            done: 0,
            writing: 0,
            retrying: false,
            flushes: Vec::new(),
        }
    }

    /// Writes the next batch, if none is being written. In a task of its own: a panic of the actor neither cancels a write half-way nor
    /// loses its outcome, which comes back through the mailbox. So a panic does not make an event be written twice.
    fn write(&mut self, ctx: &Context<Self>) {
        if self.writing > 0 || self.retrying || self.waiting.is_empty() {
            return;
        }
        let batch: Vec<_> = self.waiting.iter().take(BATCH).cloned().collect();
        self.writing = batch.len();
        let (store, log) = (Arc::clone(&self.store), ctx.address());
        actix_rt::spawn(async move {
            let task = tokio::spawn(async move { store.append_audit(&batch).await });
            let outcome = task
                .await
                .unwrap_or_else(|_| Err(StoreError::Refused("writing the audit trail panicked".to_owned())));
            log.do_send(Written(outcome));
        });
    }

    fn drop_first(&mut self, count: usize) {
        let count = count.min(self.waiting.len());
        self.waiting.drain(..count);
        self.done += count as u64;
        let done = self.done;
        // Who was waiting for these is told; a waiter that left does not mind.
        let (ready, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.flushes).into_iter().partition(|(until, _)| *until <= done);
        self.flushes = later;
        for (_, waiter) in ready {
            let _ = waiter.send(());
        }
    }
}

impl Actor for AuditLog {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.write(ctx);
    }
}

impl Supervised for AuditLog {
    /// Events that were accepted stay accepted. The retry timer went with the old context.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.retrying = false;
    }
}

callable!(AuditLog);

#[derive(Message)]
#[rtype(result = "()")]
struct Record(AuditEvent);

impl Handler<Record> for AuditLog {
    type Result = ();

    fn handle(&mut self, Record(event): Record, ctx: &mut Self::Context) {
        if self.waiting.len() >= BUFFER {
            // Never one that is being written: its place in the trail is taken.
            if let Some(lost) = self.waiting.remove(self.writing) {
                self.done += 1;
                tracing::error!(
                    kind = lost.kind,
                    "the database is away for long: an audit event is in this log alone"
                );
            }
        }
        self.waiting.push_back(event);
        self.write(ctx);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Written(Result<(), StoreError>);

impl Handler<Written> for AuditLog {
    type Result = ();

    fn handle(&mut self, Written(outcome): Written, ctx: &mut Self::Context) {
        let written = std::mem::take(&mut self.writing);
        match outcome {
            Ok(()) => {
                self.drop_first(written);
                self.write(ctx);
            }
            Err(error) => {
                tracing::warn!(%error, waiting = self.waiting.len(), "the audit trail could not be written; it is tried again");
                self.retrying = true;
                let pause = RETRY + RETRY.saturating_mul(u32::from(jitter())) / 510;
                ctx.run_later(pause, |log, ctx| {
                    log.retrying = false;
                    log.write(ctx);
                });
            }
        }
    }
}

/// Completes when every event that was recorded before is written.
#[derive(Message)]
#[rtype(result = "Result<(), Fault>")]
pub struct Flush;

impl Handler<Flush> for AuditLog {
    type Result = ResponseFuture<Result<(), Fault>>;

    fn handle(&mut self, _: Flush, ctx: &mut Self::Context) -> Self::Result {
        let until = self.done + self.waiting.len() as u64;
        if until == self.done {
            return Box::pin(async { Ok(()) });
        }
        self.retrying = false;
        self.write(ctx);
        let (waiter, done) = oneshot::channel();
        self.flushes.push((until, waiter));
        Box::pin(async move { done.await.map_err(|_| Fault::Internal("the audit log dropped a flush".to_owned())) })
    }
}

/// Where events are recorded. Cheap to clone.
#[derive(Clone)]
pub struct AuditHandle(Gate<AuditLog>);

impl AuditHandle {
    /// A handle on the actor behind this gate.
    pub const fn new(gate: Gate<AuditLog>) -> Self {
        Self(gate)
    }

    /// Records an event. Never waits: if too much is waiting the event is in the log alone, and counted as refused.
    pub fn record(&self, event: AuditEvent) {
        tracing::info!(
            target: "audit",
            kind = event.kind,
            at = %event.at,
            user = event.user.as_ref().map(crate::oauth::ids::UserId::as_str),
            client = event.client.as_ref().map(crate::oauth::ids::ClientId::as_str),
            details = %event.details,
        );
        if self.0.tell(Record(event)).is_err() {
            tracing::error!("too many audit events are waiting: one is in this log alone");
        }
    }

    /// Completes when every event that was recorded before is in the store.
    ///
    /// # Errors
    /// [`Fault`] if the store does not take them in time.
    pub async fn flush(&self) -> Result<(), Fault> {
        self.0.ask(Flush).await?
    }

    /// The gate before the actor.
    pub const fn gate(&self) -> &Gate<AuditLog> {
        &self.0
    }
}
