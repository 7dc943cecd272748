//! What an AuthClient becomes in the cluster besides its place in a snapshot: its Secret, made, kept, renewed by schedule; and the
//! finalizer that keeps it until its grants have ended.

mod act;
mod departure;
mod desk;
#[cfg(test)]
mod fixtures;
pub mod generated;
mod plan;
mod reach;
#[cfg(test)]
mod rotation_tests;
#[cfg(test)]
mod tests;

use super::context::{Context, Controller};
use super::events::Events;
use super::overlay::{Board, Facts};
use crate::config::input::{Key, Kind};
use act::{Failure, perform};
use async_trait::async_trait;
use desk::{Desk, JOB_ENDS_WITHIN, Job};
use jiff::Timestamp;
use kube::Client;
use plan::Cause;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Clients that are written for at the same time.
const AT_ONCE: usize = 32;
/// Looks at everything are this far apart at least: a look costs something for each client.
const LOOKS_APART: Duration = Duration::from_millis(20);
/// A look at least this often.
const LOOK_AT_LEAST: Duration = Duration::from_secs(300);

/// The controller.
pub struct Clients {
    facts: watch::Sender<Arc<Facts>>,
    board: watch::Receiver<Arc<Board>>,
}

impl Clients {
    /// Tells what is wrong through `facts`; sees on `board` what the replicas know.
    pub fn new(facts: watch::Sender<Arc<Facts>>, board: watch::Receiver<Arc<Board>>) -> Self {
        Self { facts, board }
    }

    fn publish(&self, facts: Facts) {
        self.facts.send_if_modified(|published| {
            let changed = **published != facts;
            if changed {
                *published = Arc::new(facts);
            }
            changed
        });
    }
}

/// A job that has ended; `None` if it never began.
type Done = Option<(Key, Result<(), Failure>)>;

#[async_trait]
impl Controller for Clients {
    fn name(&self) -> &'static str {
        "clients"
    }

    async fn run(&self, mut context: Context) -> Result<(), String> {
        context.leader.leading().await;
        let mut board = self.board.clone();
        let mut world = context.synced().await;
        let mut desk = Desk::default();
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let mut running: JoinSet<Done> = JoinSet::new();
        loop {
            let looked = Instant::now();
            let plan = desk.plan(&world, &board.borrow_and_update(), Timestamp::now(), looked);
            let waits_for_replicas = plan.waits_for_replicas;
            self.publish(desk.facts());
            for job in plan.jobs {
                context.metrics.reconciled(self.name());
                running.spawn(work(
                    context.client.clone(),
                    context.events.clone(),
                    Arc::clone(&slots),
                    job,
                    looked,
                ));
            }
            let mut look_at = looked + plan.again.unwrap_or(LOOK_AT_LEAST).min(LOOK_AT_LEAST);
            // Until something is worth another look; then a moment more, for what comes with it.
            loop {
                tokio::select! {
                    () = context.stop.cancelled() => return Ok(()),
                    changed = context.world.changed() => {
                        changed.map_err(|_| "nobody publishes what is known any more".to_owned())?;
                        break;
                    }
                    changed = board.changed(), if waits_for_replicas => {
                        changed.map_err(|_| "nobody publishes what the replicas run on any more".to_owned())?;
                        break;
                    }
                    Some(ended) = running.join_next() => {
                        if let Some(at) = note(&mut desk, ended) {
                            look_at = look_at.min(at);
                        }
                    }
                    () = tokio::time::sleep_until(look_at) => break,
                }
            }
            tokio::time::sleep_until(looked + LOOKS_APART).await;
            while let Some(ended) = running.try_join_next() {
                note(&mut desk, ended);
            }
            world = Arc::clone(&context.world.borrow_and_update());
        }
    }
}

/// Notes the end of a job; when to look again because of it, if it failed.
fn note(desk: &mut Desk, ended: Result<Done, tokio::task::JoinError>) -> Option<Instant> {
    match ended {
        Ok(None) => None,
        Ok(Some((client, outcome))) => {
            if let Err(failure) = &outcome {
                tracing::warn!(%client, %failure, "a client's Secret or finalizer could not be written");
            }
            desk.done(&client, &outcome, Instant::now())
        }
        Err(error) => {
            tracing::error!(%error, "a task that writes for a client has died");
            None
        }
    }
}

async fn work(client: Client, events: Events, slots: Arc<Semaphore>, job: Job, planned: Instant) -> Done {
    let key = job.subject.key.clone();
    // Never closed.
    let _slot = slots.acquire_owned().await;
    // The API server is slow, and the same is planned anew by now: both would do it, and ever more would wait.
    if planned.elapsed() >= JOB_ENDS_WITHIN {
        return None;
    }
    for act in &job.acts {
        if let Err(failure) = perform(&client, &job.subject, act).await {
            if matches!(failure, Failure::Foreign(_)) {
                events.warning(Kind::AuthClient, &key, "SecretConflict", "MakeSecret", failure.to_string());
            }
            return Some((key, Err(failure)));
        }
    }
    if let Some(cause) = job.cause {
        tell(&events, &key, cause);
    }
    Some((key, Ok(())))
}

fn tell(events: &Events, client: &Key, cause: Cause) {
    let kind = Kind::AuthClient;
    match cause {
        Cause::Rotated => {
            let note = "its Secret has a new client_secret, which every serving replica accepts; the one before works for the overlap";
            events.normal(kind, client, "SecretRotated", "RotateSecret", note);
        }
        Cause::PutBack => {
            let note = "its Secret had been changed by hand and was put back";
            events.warning(kind, client, "SecretPutBack", "KeepSecret", note);
        }
        Cause::MadeAnew => {
            let note = "its Secret had been changed by hand, and what it held is not known any more: it has a new client_secret";
            events.warning(kind, client, "SecretMadeAnew", "KeepSecret", note);
        }
        Cause::Deleted => {
            let note = "its Secret had been deleted and was made anew, with a new client_secret; the one before is out of force";
            events.warning(kind, client, "SecretMadeAnew", "KeepSecret", note);
        }
        Cause::Renamed | Cause::Begun | Cause::Forgotten => {}
    }
}
