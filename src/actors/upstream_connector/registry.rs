//! Which UpstreamConnectors run: as many as the configuration has providers. One whose settings stay the same keeps its actor.

use super::{NAME, UpstreamConnector};
use crate::actors::config_holder::ConfigReader;
use crate::actors::fault::Fault;
use crate::actors::gate::{Call, Gate, GateLimits};
use crate::actors::guardian::GuardianHandle;
use crate::actors::ldap_connector::MAX_LEFT_BEHIND;
use crate::actors::supervision::{run_on, supervise_isolated};
use crate::config::snapshot::{IdentityProviderConfig, Snapshot};
use crate::oauth::ids::UserStoreId;
use crate::telemetry::metrics::Metrics;
use crate::upstream::fault::UpstreamFault;
use actix::{Handler, Message};
use actix_rt::Arbiter;
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Mutex;

/// So many questions to one provider at once; more are told that it is busy. Nobody else waits for them.
pub const AT_ONCE: usize = 64;
/// A question is answered after this long: discovery, the code, new keys and UserInfo may each be slow, not all of them.
pub const DEADLINE: Duration = Duration::from_secs(12);

/// The actor as it is reached now, with the thread that it runs on.
struct Line {
    gate: Gate<UpstreamConnector>,
    /// Ends when the last handle is dropped
    thread: Arbiter,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.thread.stop();
    }
}

/// The way to one provider. Cheap to clone.
#[derive(Clone)]
pub struct UpstreamHandle(Arc<Inner>);

struct Inner {
    provider: Arc<IdentityProviderConfig>,
    line: ArcSwap<Line>,
}

impl UpstreamHandle {
    /// The gate before the actor that is in charge now.
    pub fn gate(&self) -> Gate<UpstreamConnector> {
        self.0.line.load().gate.clone()
    }

    /// Asks.
    ///
    /// # Errors
    /// [`Fault`] of the way there; the inner one is the provider's.
    pub async fn ask<M, T>(&self, message: M) -> Result<Result<T, UpstreamFault>, Fault>
    where
        UpstreamConnector: Handler<M> + Handler<Call<UpstreamConnector>>,
        M: Message<Result = Result<T, UpstreamFault>> + Send + 'static,
        T: Send + 'static,
    {
        let line = self.0.line.load_full();
        line.gate.ask(message).await
    }
}

type Running = HashMap<UserStoreId, UpstreamHandle>;

/// The UpstreamConnectors of this process. Cheap to clone.
#[derive(Clone)]
pub struct Upstreams(Arc<Shared>);

struct Shared {
    config: ConfigReader,
    guardian: GuardianHandle,
    metrics: Metrics,
    running: ArcSwap<Running>,
    changing: Mutex<()>,
    left_behind: AtomicU32,
}

impl Upstreams {
    /// None runs yet.
    pub fn new(config: ConfigReader, guardian: GuardianHandle, metrics: Metrics) -> Self {
        Self(Arc::new(Shared {
            config,
            guardian,
            metrics,
            running: ArcSwap::default(),
            changing: Mutex::new(()),
            left_behind: AtomicU32::new(0),
        }))
    }

    /// Follows the configuration until its sender is gone or all clones of this are.
    pub async fn follow(&self) {
        let mut changes = self.0.config.subscribe();
        loop {
            let snapshot = changes.borrow_and_update().clone();
            if let Some(snapshot) = snapshot {
                self.adopt(&snapshot).await;
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// The way to a provider of the configuration in force, started if need be.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if there is no such provider any more, or no thread for it.
    pub async fn of(&self, provider: &Arc<IdentityProviderConfig>) -> Result<UpstreamHandle, Fault> {
        let found = || {
            let running = self.0.running.load();
            running.get(&provider.id).filter(|handle| handle.0.provider == *provider).cloned()
        };
        if let Some(handle) = found() {
            return Ok(handle);
        }
        if let Some(snapshot) = self.0.config.current() {
            self.adopt(&snapshot).await;
        }
        found().ok_or_else(|| Fault::Unavailable(format!("the provider {} is not connected, or has changed", provider.name)))
    }

    /// Stops all, when the process ends.
    pub async fn stop(&self) {
        let _turn = self.0.changing.lock().await;
        self.0.running.store(Arc::default());
    }

    async fn adopt(&self, snapshot: &Snapshot) {
        let _turn = self.0.changing.lock().await;
        if self.0.guardian.is_shutting_down() {
            return;
        }
        let before = self.0.running.load_full();
        let mut after = Running::new();
        for provider in &snapshot.identity_providers {
            let known = before.get(&provider.id).filter(|known| known.0.provider == *provider);
            let handle = match known {
                Some(handle) => Ok(handle.clone()),
                None => self.start(provider).await,
            };
            match handle {
                Ok(handle) => drop(after.insert(provider.id.clone(), handle)),
                Err(reason) => tracing::error!(provider = provider.name, reason, "an upstream provider cannot be connected"),
            }
        }
        self.0.running.store(Arc::new(after));
    }

    async fn start(&self, provider: &Arc<IdentityProviderConfig>) -> Result<UpstreamHandle, String> {
        // Known before the first one, so that the actor's thread can be replaced through it.
        let (sender, receiver) = tokio::sync::watch::channel(Weak::<Inner>::new());
        let line = self.line(provider, receiver).await?;
        let inner = Arc::new(Inner {
            provider: Arc::clone(provider),
            line: ArcSwap::from_pointee(line),
        });
        sender.send_replace(Arc::downgrade(&inner));
        Ok(UpstreamHandle(inner))
    }

    /// A new actor on a new thread. `owner` is whose line it is, to be replaced if the thread hangs.
    fn line<'a>(
        &'a self,
        provider: &'a Arc<IdentityProviderConfig>,
        owner: tokio::sync::watch::Receiver<Weak<Inner>>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Line, String>> + Send + 'a>> {
        Box::pin(async move {
            let thread = Arbiter::try_new().map_err(|error| format!("a thread could not be started: {error}"))?;
            let (guardian, upstreams, provider) = (self.0.guardian.clone(), self.clone(), Arc::clone(provider));
            let addr = run_on(&thread.handle(), move || {
                let hangs = move || upstreams.replace(&owner);
                supervise_isolated(NAME, &guardian, UpstreamConnector::new(provider), hangs)
            })
            .await
            .map_err(|error| error.to_string())?;
            let limits = GateLimits {
                admitted: AT_ONCE,
                deadline: DEADLINE,
                retry_after: Duration::from_secs(1),
            };
            let gate = Gate::new(NAME, addr, limits, self.0.metrics.clone());
            Ok(Line { gate, thread })
        })
    }

    /// An actor's thread hangs and cannot be ended: another one takes its place.
    fn replace(&self, owner: &tokio::sync::watch::Receiver<Weak<Inner>>) {
        let left_behind = self.0.left_behind.fetch_add(1, Ordering::Relaxed) + 1;
        if left_behind > MAX_LEFT_BEHIND {
            let why = "too many threads of upstream providers hang and were left behind";
            self.0.guardian.give_up(NAME, why);
            return;
        }
        tracing::error!(
            left_behind,
            "the thread of an upstream provider hangs: it is left behind, and another one takes its place"
        );
        let (upstreams, owner) = (self.clone(), owner.clone());
        actix_rt::spawn(async move {
            let Some(inner) = owner.borrow().upgrade() else {
                return;
            };
            match upstreams.line(&inner.provider, owner.clone()).await {
                Ok(line) => inner.line.store(Arc::new(line)),
                Err(reason) => tracing::error!(reason, "an upstream provider cannot be connected anew"),
            }
        });
    }
}
