//! The candidate's task.

use super::{Action, Elector, Timing};
use crate::operator::leader::Leadership;
use crate::operator::metrics::Metrics;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, PostParams};
use std::future::Future;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// An answer that takes longer is as good as none.
const REQUEST_DEADLINE: Duration = Duration::from_secs(4);

/// Stands for election until `stop`; then ends the term and gives the Lease back, so that another need not wait for it.
pub async fn run(
    api: Api<Lease>,
    name: String,
    identity: String,
    timing: Timing,
    leadership: Leadership,
    metrics: Metrics,
    stop: CancellationToken,
) {
    // A pod's name is no process: after a restart the process before may be remembered by it.
    let identity = format!("{identity}_{}", uuid::Uuid::now_v7().simple());
    let mut candidate = Candidate {
        elector: Elector::new(name.clone(), identity, timing),
        api,
        name,
        leadership,
        metrics,
        complaint: String::new(),
    };
    loop {
        let deadline = candidate.elector.held(Instant::now()).map(|held| held.until);
        tokio::select! {
            () = stop.cancelled() => break,
            () = at(deadline) => {
                candidate.end("it could not be renewed in time");
                continue;
            }
            () = candidate.turn() => {}
        }
        let deadline = candidate.elector.held(Instant::now()).map(|held| held.until);
        tokio::select! {
            () = stop.cancelled() => break,
            () = at(deadline) => candidate.end("it could not be renewed in time"),
            () = tokio::time::sleep(timing.retry) => {}
        }
    }
    candidate.release().await;
}

/// Completes then; never if there is no such time.
async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

struct Candidate {
    elector: Elector,
    api: Api<Lease>,
    name: String,
    leadership: Leadership,
    metrics: Metrics,
    /// What the log says already
    complaint: String,
}

impl Candidate {
    /// Renews, or looks whether the Lease can be had.
    async fn turn(&mut self) {
        let (now, wall) = (Instant::now(), Timestamp::now());
        if let Some(lease) = self.elector.renewal(now, wall) {
            match within(self.api.replace(&self.name, &PostParams::default(), &lease)).await {
                Ok(lease) => {
                    let held = self.elector.wrote(now, lease);
                    self.leadership.extend(held.until);
                    self.complaint.clear();
                    return;
                }
                Err(Failure::Changed) => match within(self.api.get(&self.name)).await {
                    Ok(lease) if self.elector.recognises(&lease) => return,
                    Ok(_) | Err(Failure::Changed) => self.end("somebody else has changed or deleted it"),
                    Err(Failure::Other(why)) => return self.complain(&why),
                },
                Err(Failure::Other(why)) => {
                    self.complain(&why);
                    return;
                }
            }
        } else if self.elector.in_term() {
            self.end("it could not be renewed in time");
        }
        self.stand().await;
    }

    async fn stand(&mut self) {
        let lease = match within(self.api.get_opt(&self.name)).await {
            Ok(lease) => lease,
            Err(Failure::Changed) => None,
            Err(Failure::Other(why)) => return self.complain(&why),
        };
        let sent = Instant::now();
        let outcome = match self.elector.look(sent, Timestamp::now(), lease.as_ref()) {
            Action::Wait => return,
            Action::Create(lease) => within(self.api.create(&PostParams::default(), &lease)).await,
            Action::Replace(lease) => within(self.api.replace(&self.name, &PostParams::default(), &lease)).await,
        };
        match outcome {
            Ok(lease) => {
                let held = self.elector.wrote(sent, lease);
                self.complaint.clear();
                self.leadership.begin(held.fence, held.until);
                self.metrics.leading(true);
                tracing::info!(lease = self.name, fence = held.fence, "leading");
            }
            // Another was faster.
            Err(Failure::Changed) => {}
            Err(Failure::Other(why)) => self.complain(&why),
        }
    }

    fn end(&mut self, why: &str) {
        self.elector.lost();
        self.leadership.end();
        self.metrics.leading(false);
        tracing::warn!(lease = self.name, why, "the Lease is lost: standing by");
    }

    async fn release(mut self) {
        self.leadership.end();
        self.metrics.leading(false);
        if let Some(lease) = self.elector.release(Timestamp::now()) {
            match within(self.api.replace(&self.name, &PostParams::default(), &lease)).await {
                Ok(_) => tracing::info!(lease = self.name, "the Lease is given back"),
                Err(_) => tracing::info!(lease = self.name, "the Lease could not be given back: it runs out by itself"),
            }
        }
    }

    fn complain(&mut self, why: &str) {
        if self.complaint != why {
            tracing::warn!(lease = self.name, why, "the Lease cannot be read or written; it is tried again");
            why.clone_into(&mut self.complaint);
        }
    }
}

enum Failure {
    /// Not what it was: another wrote it, or it is gone, or it is there by now
    Changed,
    Other(String),
}

async fn within<T>(request: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(REQUEST_DEADLINE, request).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) if status.is_conflict() || status.is_already_exists() || status.is_not_found() => {
            Err(Failure::Changed)
        }
        Ok(Err(error)) => Err(Failure::Other(error.to_string())),
        Err(_) => Err(Failure::Other("the API server does not answer".to_owned())),
    }
}
