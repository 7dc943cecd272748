//! What every controller is given, and what a controller is.

use super::events::Events;
use super::leader::Leader;
use super::metrics::Metrics;
use super::settings::Settings;
use super::world::World;
use async_trait::async_trait;
use kube::Client;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What every controller is given. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The API server; counts each request
    pub client: Client,
    /// What the operator was told at its start
    pub settings: Arc<Settings>,
    /// What is known
    pub world: watch::Receiver<Arc<World>>,
    /// Whether this process may write
    pub leader: Leader,
    /// Counters
    pub metrics: Metrics,
    /// Kubernetes Events
    pub events: Events,
    /// Cancelled when the process ends
    pub stop: CancellationToken,
}

impl Context {
    /// The present view.
    pub fn now(&self) -> Arc<World> {
        Arc::clone(&self.world.borrow())
    }

    /// Waits until every watch has delivered its first list.
    pub async fn synced(&mut self) -> Arc<World> {
        loop {
            let world = Arc::clone(&self.world.borrow_and_update());
            if world.is_synced() {
                return world;
            }
            if self.world.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// When a controller runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// While this process leads: begun anew at each term, dropped at the term's end
    Leading,
    /// Always, as leader and as standby
    Always,
}

/// A part of the operator that acts on what is known. Supervised: if it panics or returns an error it is logged and started again, with
/// back-off; if it keeps failing, the process ends.
#[async_trait]
pub trait Controller: Send + Sync + 'static {
    /// Short, for logs and metrics.
    fn name(&self) -> &'static str;

    /// When it runs.
    fn when(&self) -> When {
        When::Leading
    }

    /// Runs until `context.stop`. May be dropped at any await, and may be called again after that: state that has to outlive a run belongs to
    /// `self`.
    ///
    /// # Errors
    /// What keeps it from going on, for the log. Faults of single objects are no reason: report them and go on.
    async fn run(&self, context: Context) -> Result<(), String>;
}
