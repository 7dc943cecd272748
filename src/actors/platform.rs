//! The platform: every process-wide actor, started in the order in which they need each other, and the handles on them.

use super::account::Account;
use super::audit_log::{AuditHandle, AuditLog};
use super::authenticator::Authenticator;
use super::chosen_password::ChosenPasswords;
use super::clock::SharedClock;
use super::config_holder::{ConfigHolder, ConfigHolderSettings, ConfigReader};
use super::directories::Directories;
use super::gate::{Call, Gate, GateLimits};
use super::guardian::{Guardian, GuardianHandle};
use super::janitor::Janitor;
use super::key_keeper::{KeyKeeper, KeyReader};
use super::ldap_connector::Connectors;
use super::logout_notifier::{self, LogoutHandle, LogoutNotifier};
use super::metered_cache::MeteredCache;
use super::password_hasher::{HasherHandle, HasherSettings, PasswordHasher};
use super::rate_keeper::{RateKeeper, Shared};
use super::second_factors::{self, SecondFactors};
use super::supervision::{ArbiterGone, run_on, supervise, supervise_on};
use super::upstream_connector::Upstreams;
use super::upstream_logins::UpstreamLogins;
use crate::accounts::verifier::PasswordVerifier;
use crate::jose::seal::Sealer;
use crate::rates::Limiters;
use crate::store::cache::Cache;
use crate::store::{CacheTimes, Reads, Store};
use crate::telemetry::metrics::Metrics;
use actix::{Actor, Context, Handler, Supervised};
use actix_rt::Arbiter;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the platform is started with.
pub struct PlatformSettings {
    /// What outlives the process
    pub store: Arc<dyn Store>,
    /// What servers share to spare the store, if anything
    pub cache: Option<Arc<dyn Cache>>,
    /// How long what is in the cache counts
    pub cache_times: CacheTimes,
    /// Where everything is counted
    pub metrics: Metrics,
    /// The time
    pub clock: SharedClock,
    /// Budgets of password hashing
    pub hasher: HasherSettings,
    /// How often expired rows are deleted
    pub sweep_every: Duration,
    /// What a server without a configuration waits for, for whoever asks why it is not ready
    pub awaited: &'static str,
    /// Seals what rests in the store: signing keys, and the configuration that an operator sent, for the next start. `None`: keys are
    /// in the clear there, and no configuration is kept
    pub sealer: Option<Sealer>,
}

impl PlatformSettings {
    /// With the machine's clock and the default budgets.
    pub fn new(store: Arc<dyn Store>, metrics: Metrics) -> Self {
        Self {
            store,
            cache: None,
            cache_times: CacheTimes::USUAL,
            metrics,
            clock: Arc::new(super::clock::SystemClock),
            hasher: HasherSettings::default(),
            sweep_every: Duration::from_secs(60),
            awaited: "no configuration was applied yet",
            sealer: None,
        }
    }
}

/// Why the platform did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The machine gave no thread
    #[error("a thread for an actor could not be started: {0}")]
    Thread(#[from] std::io::Error),
    /// A thread ended at once
    #[error(transparent)]
    Arbiter(#[from] ArbiterGone),
}

/// Whether one thing that serving needs is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A stable name
    pub name: &'static str,
    /// Whether it is there
    pub ok: bool,
    /// What is missing, and what it waits for; empty if it is there
    pub why: String,
}

impl Check {
    fn new(name: &'static str, problem: Option<String>) -> Self {
        Self {
            name,
            ok: problem.is_none(),
            why: problem.unwrap_or_default(),
        }
    }
}

/// Every handle of the process. Cheap to clone, and shared by all threads.
#[derive(Clone)]
pub struct Platform {
    /// What outlives the process
    pub store: Arc<dyn Store>,
    /// What is read so often that a cache may answer instead
    pub reads: Reads,
    /// What servers share, if anything
    pub cache: Option<Arc<dyn Cache>>,
    /// Where everything is counted
    pub metrics: Metrics,
    /// The time
    pub clock: SharedClock,
    /// Supervision
    pub guardian: GuardianHandle,
    /// The configuration in force
    pub config: ConfigReader,
    /// Where configurations are applied
    pub config_holder: Gate<ConfigHolder>,
    /// The keys in force
    pub keys: KeyReader,
    /// Where keys are rotated
    pub key_keeper: Gate<KeyKeeper>,
    /// Hashes and verifies passwords
    pub hasher: HasherHandle,
    /// The audit trail
    pub audit: AuditHandle,
    /// Where it is said that a session ended
    pub logouts: LogoutHandle,
    /// Deletes what has expired
    pub janitor: Gate<Janitor>,
    /// Checks who a person is
    pub authenticator: Authenticator,
    /// What people see of their own account
    pub account: Account,
    /// Second factors of people
    pub second_factors: SecondFactors,
    /// Where people choose passwords
    pub chosen_passwords: ChosenPasswords,
    /// How much addresses and clients were let through
    pub limiters: Limiters,
    /// The ways to LDAP directories
    pub connectors: Connectors,
    /// Where people come from
    pub directories: Directories,
    /// The ways to upstream providers
    pub upstreams: Upstreams,
    /// Logs people in by way of them
    pub upstream_logins: UpstreamLogins,
    arbiters: Arc<Mutex<Vec<Arbiter>>>,
}

impl Platform {
    /// Starts the actors, each on a thread of its own. Must run under an [`actix_rt::System`].
    ///
    /// # Errors
    /// [`StartError`] if the machine gives no threads.
    pub async fn start(settings: PlatformSettings) -> Result<Self, StartError> {
        let PlatformSettings {
            store,
            cache,
            cache_times,
            metrics,
            clock,
            hasher,
            sweep_every,
            awaited,
            sealer,
        } = settings;
        let mut arbiters = Vec::new();
        let mut arbiter = || {
            let arbiter = Arbiter::try_new()?;
            let handle = arbiter.handle();
            arbiters.push(arbiter);
            Ok::<_, StartError>(handle)
        };

        let for_guardian = metrics.clone();
        let guardian = run_on(&arbiter()?, move || Guardian::start(for_guardian)).await?;

        let waiting = hasher.cores.max(1).saturating_mul(64);
        let hashing = PasswordHasher::new(hasher)?;
        let addr = supervise_on(&arbiter()?, "password_hasher", &guardian, move || hashing).await?;
        let limits = GateLimits {
            admitted: waiting,
            ..GateLimits::default()
        };
        let hasher = HasherHandle(Gate::new("password_hasher", addr, limits, metrics.clone()));
        let verifier: Arc<dyn PasswordVerifier> = Arc::new(hasher.clone());

        let for_audit = Arc::clone(&store);
        let addr = supervise_on(&arbiter()?, "audit_log", &guardian, move || AuditLog::new(for_audit)).await?;
        let audit = AuditHandle::new(Gate::new("audit_log", addr, GateLimits::default(), metrics.clone()));

        let (holder, config) = ConfigHolder::new(ConfigHolderSettings {
            store: Arc::clone(&store),
            verifier: Arc::clone(&verifier),
            clock: Arc::clone(&clock),
            metrics: metrics.clone(),
            awaited,
            sealer: sealer.clone(),
        });
        let addr = supervise_on(&arbiter()?, "config_holder", &guardian, move || holder).await?;
        let config_holder = Gate::new("config_holder", addr, GateLimits::default(), metrics.clone());

        let (keeper, keys) = KeyKeeper::new(Arc::clone(&store), Arc::clone(&clock), config.clone(), sealer.clone());
        let addr = supervise_on(&arbiter()?, "key_keeper", &guardian, move || keeper).await?;
        let key_keeper = Gate::new("key_keeper", addr, GateLimits::default(), metrics.clone());

        let cache = cache.map(|cache| Arc::new(MeteredCache::new(cache, metrics.clone())) as Arc<dyn Cache>);
        let reads = match &cache {
            Some(cache) => Reads::cached(Arc::clone(&store), Arc::clone(cache), Arc::new(keys.clone()), cache_times),
            None => Reads::uncached(Arc::clone(&store)),
        };

        let (for_janitor, its_clock) = (Arc::clone(&store), Arc::clone(&clock));
        let addr = supervise_on(&arbiter()?, "janitor", &guardian, move || {
            Janitor::new(for_janitor, its_clock, sweep_every)
        })
        .await?;
        let limits = GateLimits {
            admitted: 16,
            deadline: Duration::from_secs(60),
            ..GateLimits::default()
        };
        let janitor = Gate::new("janitor", addr, limits, metrics.clone());

        let notifier = LogoutNotifier::new(logout_notifier::Settings {
            store: Arc::clone(&store),
            config: config.clone(),
            keys: keys.clone(),
            clock: Arc::clone(&clock),
            metrics: metrics.clone(),
            audit: audit.clone(),
        });
        let addr = supervise_on(&arbiter()?, logout_notifier::NAME, &guardian, move || notifier).await?;
        let limits = GateLimits {
            admitted: 16,
            ..GateLimits::default()
        };
        let logouts = LogoutHandle::new(Gate::new(logout_notifier::NAME, addr, limits, metrics.clone()));

        let limiters = Limiters::default();
        let shared = cache.clone().map(|cache| Shared {
            cache,
            vault: Arc::new(keys.clone()),
        });
        let rate_keeper = RateKeeper::new(limiters.clone(), config.clone(), Arc::clone(&clock), shared);
        supervise_on(&arbiter()?, "rate_keeper", &guardian, move || rate_keeper).await?;

        let connectors = Connectors::new(config.clone(), guardian.clone(), metrics.clone());
        let upstreams = Upstreams::new(config.clone(), guardian.clone(), metrics.clone());
        let (follower, watcher, upstream_follower) = (connectors.clone(), connectors.clone(), upstreams.clone());
        let followers = arbiter()?;
        run_on(&followers, move || {
            actix_rt::spawn(async move { follower.follow().await });
            actix_rt::spawn(async move { watcher.watch_over().await });
            actix_rt::spawn(async move { upstream_follower.follow().await });
        })
        .await?;
        if let Some(sealer) = sealer.clone() {
            let store = Arc::clone(&store);
            let resealing = async move { second_factors::reseal::follow(store.as_ref(), &sealer).await };
            run_on(&followers, move || drop(actix_rt::spawn(resealing))).await?;
        }
        let chosen_passwords = ChosenPasswords::new(config.clone(), Arc::clone(&store), Arc::clone(&verifier), Arc::clone(&clock));
        let directories = Directories::new(config.clone(), Arc::clone(&store), verifier, Arc::clone(&clock), connectors.clone());
        let authenticator = Authenticator::new(
            config.clone(),
            Arc::clone(&store),
            directories.clone(),
            Arc::clone(&clock),
            metrics.clone(),
            audit.clone(),
        );
        let upstream_logins = UpstreamLogins::new(
            config.clone(),
            Arc::clone(&store),
            directories.clone(),
            upstreams.clone(),
            Arc::clone(&clock),
            metrics.clone(),
            audit.clone(),
        );
        let account = Account::new(Arc::clone(&store), Arc::clone(&clock));
        let second_factors = SecondFactors::new(Arc::clone(&store), sealer, Arc::clone(&clock), metrics.clone(), audit.clone());
        Ok(Self {
            store,
            reads,
            cache,
            metrics,
            clock,
            guardian,
            config,
            config_holder,
            keys,
            key_keeper,
            hasher,
            audit,
            logouts,
            janitor,
            authenticator,
            account,
            second_factors,
            chosen_passwords,
            limiters,
            connectors,
            directories,
            upstreams,
            upstream_logins,
            arbiters: Arc::new(Mutex::new(arbiters)),
        })
    }

    /// Starts a supervised actor on the thread that calls this, with a gate before it: what an HTTP worker has of its own, so that its
    /// requests cross no thread.
    pub fn start_here<A>(&self, name: &'static str, actor: A, limits: GateLimits) -> Gate<A>
    where
        A: Actor<Context = Context<A>> + Supervised + Handler<Call<A>>,
    {
        Gate::new(name, supervise(name, &self.guardian, actor), limits, self.metrics.clone())
    }

    /// What serving needs, and whether it is there. Never waits.
    ///
    /// The database is not asked: without it much goes on, and the requests that need it say so themselves.
    pub fn readiness(&self) -> Vec<Check> {
        let configuration = self.config.missing();
        let keys = self
            .config
            .current()
            .and_then(|snapshot| self.keys.missing(&snapshot.signing.algorithms, self.clock.now()));
        let sync = self.config.sync_status();
        let users = match (sync.synced, sync.failing) {
            (Some(_), _) => None,
            (None, Some(failing)) => Some(failing),
            (None, None) => Some("the declared users are on their way into the database".to_owned()),
        };
        let ending = self.guardian.is_shutting_down().then(|| "the process is shutting down".to_owned());
        vec![
            Check::new("shutdown", ending),
            Check::new("actors", self.guardian.failure()),
            Check::new("configuration", configuration),
            Check::new("keys", keys),
            Check::new("users", users),
        ]
    }

    /// Ends the platform, when nothing comes in any more: the audit trail is written and the configuration kept, then the actors stop.
    /// Takes at most about twice `deadline`.
    pub async fn shutdown(&self, deadline: Duration) {
        self.guardian.begin_shutdown();
        let (kept, ()) = tokio::join!(tokio::time::timeout(deadline, self.config.kept()), self.write_audit(deadline));
        if kept.is_err() {
            tracing::error!(
                ?deadline,
                "the database did not take the configuration that is in force; a start without the operator begins with an earlier one"
            );
        }
        self.connectors.stop().await;
        self.upstreams.stop().await;
        self.stop_actors(deadline).await;
    }

    async fn write_audit(&self, deadline: Duration) {
        match tokio::time::timeout(deadline, self.audit.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::error!(%fault, "the last audit events are in the log alone"),
            Err(_) => tracing::error!(
                ?deadline,
                "the database did not take the last audit events in time; they are in the log alone"
            ),
        }
    }

    async fn stop_actors(&self, deadline: Duration) {
        let arbiters = std::mem::take(&mut *self.arbiters.lock().unwrap_or_else(PoisonError::into_inner));
        for arbiter in &arbiters {
            arbiter.stop();
        }
        let (ended, all_ended) = tokio::sync::oneshot::channel();
        // A thread of its own, since a runtime waits for its blocking tasks when it ends: an actor that hangs would hang the process.
        let joining = std::thread::Builder::new().name("nauthera-join".to_owned()).spawn(move || {
            // Last started, first to go.
            for arbiter in arbiters.into_iter().rev() {
                let _ = arbiter.join();
            }
            let _ = ended.send(());
        });
        if joining.is_err() || tokio::time::timeout(deadline, all_ended).await.is_err() {
            tracing::warn!(?deadline, "an actor did not stop in time");
        }
    }
}
