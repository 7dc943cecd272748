//! What one HTTP worker has of its own: the actors that live on its thread, so that a request crosses none.

use super::gate::{Call, Gate, GateLimits};
use super::platform::Platform;
use super::supervision::supervise;
use actix::{Actor, Context, Handler, Supervised};

/// One HTTP worker's handles.
#[derive(Clone)]
pub struct Worker {
    /// What it shares with all others
    pub platform: Platform,
}

impl Worker {
    /// Starts the worker's actors on the thread that calls this; each HTTP worker does so once.
    pub fn start(platform: &Platform) -> Self {
        Self {
            platform: platform.clone(),
        }
    }
}

impl Platform {
    /// Starts a supervised actor on this thread, with a gate before it.
    pub fn start_here<A>(&self, name: &'static str, actor: A, limits: GateLimits) -> Gate<A>
    where
        A: Actor<Context = Context<A>> + Supervised + Handler<Call<A>>,
    {
        Gate::new(name, supervise(name, &self.guardian, actor), limits, self.metrics.clone())
    }
}
