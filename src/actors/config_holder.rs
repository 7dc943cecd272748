//! The ConfigHolder: owns the configuration in force. It validates what comes, swaps it as a whole, and keeps the last good one.
//!
//! What it holds is published through [`ConfigReader`], so a request never waits on its mailbox and a panic of the actor loses nothing.

use super::clock::SharedClock;
use super::departures::Departures;
use super::gate::callable;
use super::last_known_good::{Keeping, LastKnownGood};
pub use super::last_known_good::{NotRestored, Restore, Restored};
pub use super::user_sync::SyncStatus;
use super::user_sync::UserSync;
use crate::accounts::verifier::PasswordVerifier;
use crate::config::snapshot::{Position, Revision, Snapshot};
use crate::jose::seal::Sealer;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::wire::Fault;
use actix::{Actor, AsyncContext, Context, Handler, Message, MessageResult, Supervised, WrapFuture};
use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// What the holder publishes. Outlives a restart of the actor.
pub(super) struct Published {
    pub(super) current: ArcSwapOption<Snapshot>,
    /// The highest that was seen; read and written in the holder's turn
    position: watch::Sender<Position>,
    changes: watch::Sender<Option<Arc<Snapshot>>>,
    sync: watch::Sender<SyncStatus>,
    departures: Departures,
    /// What is waited for while there is no configuration
    pub(super) awaited: ArcSwap<String>,
    /// How far what an operator sent is kept
    keeping: Keeping,
    /// What is in force was kept from an earlier process, and nobody has sent anything since
    pub(super) from_memory: AtomicBool,
}

/// Reads the configuration in force. Cheap to clone.
#[derive(Clone)]
pub struct ConfigReader(Arc<Published>);

impl ConfigReader {
    /// The configuration in force; `None` before the first one. Lock-free. A request reads it once and works on that.
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.0.current.load_full()
    }

    /// Why there is no configuration; `None` if there is one.
    pub fn missing(&self) -> Option<String> {
        self.0.current.load().is_none().then(|| self.0.awaited.load().as_ref().clone())
    }

    /// The highest position that a configuration came with; nothing older is taken any more.
    pub fn position(&self) -> Position {
        *self.0.position.borrow()
    }

    /// Follows the configuration: the receiver always holds the newest one.
    pub fn subscribe(&self) -> watch::Receiver<Option<Arc<Snapshot>>> {
        self.0.changes.subscribe()
    }

    /// How far the declared users are in the store.
    pub fn sync_status(&self) -> SyncStatus {
        self.0.sync.borrow().clone()
    }

    /// Completes when the declared users of this revision are in the store.
    pub async fn synced(&self, revision: &Revision) {
        let mut sync = self.0.sync.subscribe();
        // The sender lives as long as `self`.
        let _ = sync.wait_for(|status| status.synced.as_ref() == Some(revision)).await;
    }

    /// Completes when what the operator sent last is kept for the next start; at once if nothing keeps it. It need not wait for its turn:
    /// the process may be about to end.
    pub async fn kept(&self) {
        self.0.keeping.hurry().await;
    }

    /// Completes when the grants of every client that was deleted have ended.
    pub async fn departures_settled(&self) {
        self.0.departures.settled().await;
    }
}

/// What the holder needs.
pub struct ConfigHolderSettings {
    /// Where declared users go
    pub store: Arc<dyn Store>,
    /// Hashes their passwords
    pub verifier: Arc<dyn PasswordVerifier>,
    /// The time
    pub clock: SharedClock,
    /// Counts configurations
    pub metrics: Metrics,
    /// What it waits for as long as there is no configuration
    pub awaited: &'static str,
    /// Seals what an operator sent, to be kept for the next start; `None`: it is not kept
    pub sealer: Option<Sealer>,
}

/// The actor.
pub struct ConfigHolder {
    settings: ConfigHolderSettings,
    pub(super) published: Arc<Published>,
    pub(super) last_known_good: Option<Arc<LastKnownGood>>,
    applied_at: Option<Timestamp>,
    refused: Option<Nack>,
}

impl ConfigHolder {
    /// The actor, to be supervised, and the reader of what it will publish.
    pub fn new(settings: ConfigHolderSettings) -> (Self, ConfigReader) {
        let published = Arc::new(Published {
            current: ArcSwapOption::empty(),
            position: watch::Sender::new(Position::default()),
            changes: watch::Sender::new(None),
            sync: watch::Sender::new(SyncStatus::default()),
            departures: Departures::new(),
            awaited: ArcSwap::from_pointee(settings.awaited.to_owned()),
            keeping: Keeping::new(settings.sealer.is_some()),
            from_memory: AtomicBool::new(false),
        });
        let reader = ConfigReader(Arc::clone(&published));
        let last_known_good = settings.sealer.clone().map(|sealer| {
            let (store, clock) = (Arc::clone(&settings.store), Arc::clone(&settings.clock));
            Arc::new(LastKnownGood::new(store, sealer, clock, settings.metrics.clone()))
        });
        let holder = Self {
            last_known_good,
            settings,
            published,
            applied_at: None,
            refused: None,
        };
        (holder, reader)
    }
}

impl Actor for ConfigHolder {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let sync = UserSync::new(
            Arc::clone(&self.settings.store),
            Arc::clone(&self.settings.verifier),
            Arc::clone(&self.settings.clock),
        );
        let changes = self.published.changes.subscribe();
        let published = Arc::clone(&self.published);
        ctx.spawn(async move { sync.run(changes, &published.sync).await }.into_actor(self));
        let (store, published) = (Arc::clone(&self.settings.store), Arc::clone(&self.published));
        ctx.spawn(async move { published.departures.run(&*store).await }.into_actor(self));
        if let Some(last) = self.last_known_good.clone() {
            let published = Arc::clone(&self.published);
            ctx.spawn(async move { last.keep(&published.keeping).await }.into_actor(self));
        }
    }
}

impl Supervised for ConfigHolder {
    /// What is in force is what was published; `started` follows it anew.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.refused = None;
    }
}

callable!(ConfigHolder);

/// Puts a configuration in force, as a whole or not at all.
#[derive(Message)]
#[rtype(result = "Result<Ack, Nack>")]
pub struct Apply(pub Snapshot);

/// A configuration is in force: whatever is issued from now on obeys it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Which
    pub revision: Revision,
    /// `false` if it had been in force already
    pub changed: bool,
}

/// A configuration was refused; the one before stays in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration {revision} was refused: {}", listed(reasons))]
pub struct Nack {
    /// Which
    pub revision: Revision,
    /// Everything that is wrong with it, each with the resource that is to blame
    pub reasons: Vec<Fault>,
}

/// A person who mends them mends the first few, and it is one line of the log.
const LISTED: usize = 20;

fn listed(reasons: &[Fault]) -> String {
    let mut text = reasons.iter().take(LISTED).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if let Some(more) = reasons.len().checked_sub(LISTED).filter(|more| *more > 0) {
        text = format!("{text}; and {more} more");
    }
    text
}

/// Puts a configuration in force that an operator sent, as a whole or not at all.
#[derive(Message)]
#[rtype(result = "Result<Ack, Refused>")]
pub struct ApplyAt {
    /// The configuration
    pub snapshot: Arc<Snapshot>,
    /// What it was made from, if it was not sent whole: it must still be in force
    pub base: Option<Revision>,
    /// Its place in the order of configurations
    pub position: Position,
}

/// Why a configuration is not in force; the one before stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Something is wrong with it
    Nack(Nack),
    /// What it was made from is not in force (any more)
    BaseUnknown,
    /// One of this later position was seen already: its sender's time is over
    Superseded(Position),
}

impl Handler<Apply> for ConfigHolder {
    type Result = Result<Ack, Nack>;

    fn handle(&mut self, Apply(snapshot): Apply, _: &mut Self::Context) -> Self::Result {
        self.put_in_force(Arc::new(snapshot), self.settings.clock.now())
    }
}

impl Handler<ApplyAt> for ConfigHolder {
    type Result = Result<Ack, Refused>;

    fn handle(&mut self, message: ApplyAt, _: &mut Self::Context) -> Self::Result {
        let ApplyAt { snapshot, base, position } = message;
        let highest = *self.published.position.borrow();
        if position < highest {
            tracing::warn!(%position, %highest, "a configuration came too late: a later one was seen already");
            self.settings.metrics.snapshot_applied("superseded");
            return Err(Refused::Superseded(highest));
        }
        if base.is_some() && base != self.published.current.load().as_ref().map(|current| current.revision.clone()) {
            return Err(Refused::BaseUnknown);
        }
        let ack = self
            .put_in_force(Arc::clone(&snapshot), self.settings.clock.now())
            .map_err(Refused::Nack)?;
        self.take_position(snapshot, position);
        self.published.from_memory.store(false, Ordering::Relaxed);
        Ok(ack)
    }
}

impl ConfigHolder {
    /// What is in force came with this position.
    pub(super) fn take_position(&self, snapshot: Arc<Snapshot>, position: Position) {
        self.published.position.send_replace(position);
        self.published.keeping.note(snapshot, position);
    }

    /// Whose clients have departed have done so at `since`.
    pub(super) fn put_in_force(&mut self, snapshot: Arc<Snapshot>, since: Timestamp) -> Result<Ack, Nack> {
        let current = self.published.current.load_full();
        let revision = snapshot.revision.clone();
        if current.as_ref().is_some_and(|current| current.revision == revision) {
            self.settings.metrics.snapshot_applied("unchanged");
            return Ok(Ack { revision, changed: false });
        }
        // What was kept may be of an AuthServer that was made anew since: nobody was told anything in its name by this process.
        let bound = current.as_deref().filter(|_| !self.published.from_memory.load(Ordering::Relaxed));
        let reasons = faults(&snapshot, bound);
        if !reasons.is_empty() {
            let nack = Nack { revision, reasons };
            tracing::warn!(%nack, "a configuration was refused; the one before stays");
            self.settings.metrics.snapshot_applied("refused");
            self.refused = Some(nack.clone());
            return Err(nack);
        }
        let clients = snapshot.clients.len();
        self.published.departures.note(current.as_deref(), &snapshot, since);
        self.published.current.store(Some(Arc::clone(&snapshot)));
        self.published.changes.send_replace(Some(snapshot));
        self.applied_at = Some(self.settings.clock.now());
        self.refused = None;
        self.settings.metrics.snapshot(&revision.0, clients);
        self.settings.metrics.snapshot_applied("applied");
        tracing::info!(revision = revision.0, clients, "a configuration is in force");
        Ok(Ack { revision, changed: true })
    }
}

/// What the server cannot run on, however it came to be. `config::compile` says the rest, with the resource's name.
fn faults(new: &Snapshot, current: Option<&Snapshot>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut server = |reason: String| faults.push(Fault::new("AuthServer", new.server.clone(), reason));
    if let Some(current) = current.filter(|current| current.issuer != new.issuer) {
        server(format!(
            "the issuer is {} and cannot change to {} while the server runs: tokens and sessions are bound to it",
            current.issuer, new.issuer
        ));
    }
    match url::Url::parse(&new.issuer) {
        Ok(url) if !matches!(url.scheme(), "https" | "http") || url.query().is_some() || url.fragment().is_some() => {
            server(format!(
                "the issuer {} is not an http(s) URL without query and fragment",
                new.issuer
            ));
        }
        Ok(_) if new.issuer.ends_with('/') => server(format!("the issuer {} ends with a slash", new.issuer)),
        Ok(_) => {}
        Err(error) => server(format!("the issuer {} is not a URL: {error}", new.issuer)),
    }
    if new.signing.algorithms.is_empty() {
        server("no signing algorithm is configured".to_owned());
    }
    if new.signing.rotate_every.is_zero() {
        server("signing keys would rotate without a pause: rotateEvery is zero".to_owned());
    }
    for (id, client) in new.clients.iter().filter(|(id, client)| **id != client.id) {
        let reason = format!("client {} is listed under the id {id}", client.id);
        faults.push(Fault::new("AuthClient", client.resource.clone(), reason));
    }
    let used: HashSet<_> = new.user_stores.iter().map(|store| &store.id).collect();
    for user in new.users.iter().filter(|user| !used.contains(&user.store)) {
        let reason = format!("it is in the UserStore {}, which the AuthServer does not use", user.store);
        faults.push(Fault::new("User", user.username.clone(), reason));
    }
    faults
}

/// Asks what this process runs on.
#[derive(Message)]
#[rtype(result = "Description")]
pub struct Describe;

/// What this process runs on.
#[derive(Clone, Debug)]
pub struct Description {
    /// In force
    pub revision: Option<Revision>,
    /// Since when
    pub applied_at: Option<Timestamp>,
    /// The last one, if it was refused
    pub refused: Option<Nack>,
    /// How far its users are in the store
    pub sync: SyncStatus,
}

impl Handler<Describe> for ConfigHolder {
    type Result = MessageResult<Describe>;

    fn handle(&mut self, _: Describe, _: &mut Self::Context) -> Self::Result {
        MessageResult(Description {
            revision: self.published.current.load().as_ref().map(|snapshot| snapshot.revision.clone()),
            applied_at: self.applied_at,
            refused: self.refused.clone(),
            sync: self.published.sync.borrow().clone(),
        })
    }
}
