//! Which LdapConnectors run: as many as the configuration has directories. One whose settings stay the same keeps its actor and connections.

use super::handle::{Inner, LdapHandle, Line};
use super::health::{self, Health};
use super::{LdapConnector, NAME, settings};
use crate::actors::config_holder::ConfigReader;
use crate::actors::gate::{Gate, GateLimits};
use crate::actors::guardian::GuardianHandle;
use crate::actors::supervision::{run_on, supervise_isolated};
use crate::config::snapshot::{LdapConfig, Snapshot, UserStoreConfig, UserStoreKind};
use crate::directory::DirectoryFault;
use crate::directory::ldap::servers::Servers;
use crate::directory::ldap::settings::LdapSettings;
use crate::oauth::ids::UserStoreId;
use crate::telemetry::metrics::Metrics;
use actix_rt::Arbiter;
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// So many threads of LdapConnectors that hang are left behind by a process; with one more it ends, as for any other actor.
pub const MAX_LEFT_BEHIND: u32 = 8;

type Running = HashMap<UserStoreId, (Arc<UserStoreConfig>, LdapHandle)>;

/// The LdapConnectors of this process. Cheap to clone.
#[derive(Clone)]
pub struct Connectors(Arc<Shared>);

struct Shared {
    config: ConfigReader,
    guardian: GuardianHandle,
    metrics: Metrics,
    health: Health,
    running: ArcSwap<Running>,
    changing: Mutex<()>,
    left_behind: AtomicU32,
}

impl Connectors {
    /// None runs yet.
    pub fn new(config: ConfigReader, guardian: GuardianHandle, metrics: Metrics) -> Self {
        Self(Arc::new(Shared {
            config,
            guardian,
            health: Health::new(metrics.clone()),
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

    /// Looks at how the directories stand, again and again. Never returns.
    pub async fn watch_over(&self) {
        loop {
            let running = self.0.running.load();
            self.0.health.look(running.iter().map(|(store, (_, handle))| (store, handle)));
            drop(running);
            tokio::time::sleep(health::LOOK_EVERY).await;
        }
    }

    /// How the directories stand, for whoever tells others: what has lasted.
    pub fn health(&self) -> tokio::sync::watch::Receiver<health::Directories> {
        self.0.health.subscribe()
    }

    /// The way to a directory of the configuration in force, started if need be. A caller that still works on the configuration before gets
    /// the one that is in force by now.
    ///
    /// # Errors
    /// [`DirectoryFault::Unavailable`] if there is no such directory any more, or no thread for it.
    pub async fn of(&self, store: &Arc<UserStoreConfig>) -> Result<LdapHandle, DirectoryFault> {
        let found = |exact: bool| {
            let running = self.0.running.load();
            let (config, handle) = running.get(&store.id)?;
            (!exact || Arc::ptr_eq(config, store) || config == store).then(|| handle.clone())
        };
        if let Some(handle) = found(true) {
            return Ok(handle);
        }
        if let Some(snapshot) = self.0.config.current() {
            self.adopt(&snapshot).await;
        }
        found(false).ok_or_else(|| DirectoryFault::Unavailable(format!("the UserStore {} is not connected", store.id)))
    }

    /// How the servers of each directory stand.
    pub fn standing(&self) -> Vec<(UserStoreId, LdapHandle)> {
        let running = self.0.running.load();
        running.iter().map(|(id, (_, handle))| (id.clone(), handle.clone())).collect()
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
        for store in &snapshot.user_stores {
            let UserStoreKind::Ldap(config) = &store.kind else {
                continue;
            };
            let known = before.get(&store.id).filter(|(known, _)| known == store);
            let handle = match known {
                Some((_, handle)) => Ok(handle.clone()),
                None => self.start(&store.id, config).await,
            };
            match handle {
                Ok(handle) => drop(after.insert(store.id.clone(), (Arc::clone(store), handle))),
                Err(reason) => tracing::error!(store = store.id.as_str(), reason, "a directory cannot be connected"),
            }
        }
        self.0.running.store(Arc::new(after));
    }

    async fn start(&self, store: &UserStoreId, config: &LdapConfig) -> Result<LdapHandle, String> {
        let settings = Arc::new(settings::of(config).ok_or("its servers are not ldaps:// or ldap:// URLs")?);
        let servers = Arc::new(Servers::new(settings.servers.clone()));
        // Known before the first one, so that the actor's thread can be replaced through it.
        let (sender, receiver) = tokio::sync::watch::channel(Weak::<Inner>::new());
        let line = self.line(&settings, &servers, receiver).await?;
        let inner = Arc::new(Inner {
            store: store.clone(),
            metrics: self.0.metrics.clone(),
            settings,
            servers,
            line: ArcSwap::from_pointee(line),
            began: Instant::now(),
            silent_until: 0.into(),
        });
        sender.send_replace(Arc::downgrade(&inner));
        Ok(LdapHandle(inner))
    }

    /// A new actor on a new thread. `owner` is whose line it is, to be replaced if the thread hangs.
    fn line<'a>(
        &'a self,
        settings: &'a Arc<LdapSettings>,
        servers: &'a Arc<Servers>,
        owner: tokio::sync::watch::Receiver<Weak<Inner>>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Line, String>> + Send + 'a>> {
        Box::pin(async move {
            let thread = Arbiter::try_new().map_err(|error| format!("a thread could not be started: {error}"))?;
            let (guardian, connectors) = (self.0.guardian.clone(), self.clone());
            let (for_actor, for_servers) = (Arc::clone(settings), Arc::clone(servers));
            let addr = run_on(&thread.handle(), move || {
                let hangs = move || connectors.replace(&owner);
                supervise_isolated(NAME, &guardian, LdapConnector::new(for_actor, for_servers), hangs)
            })
            .await
            .map_err(|error| error.to_string())?;
            let limits = GateLimits {
                admitted: settings.pool_max.saturating_mul(4).saturating_add(16),
                deadline: settings.connect_timeout + settings.operation_timeout * 2,
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
            self.0
                .guardian
                .give_up(NAME, "too many threads of directories hang and were left behind");
            return;
        }
        tracing::error!(
            left_behind,
            "the thread of a directory hangs: it is left behind, and another one takes its place"
        );
        let (connectors, owner) = (self.clone(), owner.clone());
        actix_rt::spawn(async move {
            let Some(inner) = owner.borrow().upgrade() else {
                return;
            };
            match connectors.line(&inner.settings, &inner.servers, owner.clone()).await {
                Ok(line) => inner.line.store(Arc::new(line)),
                Err(reason) => tracing::error!(reason, "a directory cannot be connected anew"),
            }
        });
    }
}
