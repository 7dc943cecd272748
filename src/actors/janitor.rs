//! The Janitor: deletes what has expired, in small batches, on one replica at a time.

use super::clock::SharedClock;
use super::fault::Fault;
use super::gate::callable;
use crate::store::Store;
use crate::store::records::Swept;
use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture, Supervised};
use std::sync::Arc;
use std::time::Duration;

/// Rows of each table in one statement, so that no statement locks for long.
const BATCH: u32 = 500;
/// Batches in one sweep; what is left waits for the next.
const BATCHES: usize = 200;

/// The actor.
pub struct Janitor {
    store: Arc<dyn Store>,
    clock: SharedClock,
    interval: Duration,
    /// Names this replica in the lease
    holder: String,
}

impl Janitor {
    /// The actor, to be supervised; it sweeps every `interval`.
    pub fn new(store: Arc<dyn Store>, clock: SharedClock, interval: Duration) -> Self {
        Self {
            store,
            clock,
            interval,
            holder: uuid::Uuid::now_v7().to_string(),
        }
    }
}

impl Actor for Janitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let store = Arc::clone(&self.store);
        let sweep = move |janitor: &mut Self, _: &mut Context<Self>| {
            let sweep = sweep(
                Arc::clone(&store),
                Arc::clone(&janitor.clock),
                janitor.holder.clone(),
                janitor.interval,
            );
            // A sweep that outlasts the interval overlaps with the next; the statements do not mind.
            actix_rt::spawn(async move {
                if let Err(fault) = sweep.await {
                    tracing::warn!(%fault, "expired rows could not be deleted; the next sweep tries again");
                }
            });
        };
        ctx.run_interval(self.interval, sweep);
    }
}

impl Supervised for Janitor {}

callable!(Janitor);

/// Sweeps now, if this replica has the lease: `None` if another one has it.
#[derive(Message)]
#[rtype(result = "Result<Option<Swept>, Fault>")]
pub struct Sweep;

impl Handler<Sweep> for Janitor {
    type Result = ResponseFuture<Result<Option<Swept>, Fault>>;

    fn handle(&mut self, _: Sweep, _: &mut Self::Context) -> Self::Result {
        Box::pin(sweep(
            Arc::clone(&self.store),
            Arc::clone(&self.clock),
            self.holder.clone(),
            self.interval,
        ))
    }
}

async fn sweep(store: Arc<dyn Store>, clock: SharedClock, holder: String, interval: Duration) -> Result<Option<Swept>, Fault> {
    let mut total = Swept::default();
    for _ in 0..BATCHES {
        // Renewed for each batch: a replica that stalls loses it and stops.
        if !store
            .hold_lease("janitor", &holder, interval.saturating_mul(3), clock.now())
            .await?
        {
            return Ok(None);
        }
        let Swept(tables) = store.sweep(clock.now(), BATCH).await?;
        let more = tables.iter().any(|(_, rows)| *rows >= u64::from(BATCH));
        for (table, rows) in tables {
            match total.0.iter_mut().find(|(known, _)| *known == table) {
                Some((_, sum)) => *sum += rows,
                None => total.0.push((table, rows)),
            }
        }
        if !more {
            break;
        }
    }
    tracing::debug!(?total, "deleted what had expired");
    Ok(Some(total))
}
