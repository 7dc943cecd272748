//! The LogoutNotifier: tells clients that a session ended (OpenID Connect Back-Channel Logout 1.0), until they have it or it is given up.
//!
//! What has to be told is in the store, written in the act that ended the session, so nothing is lost with a process. Whoever takes it up has it for
//! [`LEASE`]; after that any server may. A client is told at least once.

mod delivery;
mod schedule;

use super::audit_log::AuditHandle;
use super::clock::SharedClock;
use super::config_holder::ConfigReader;
use super::gate::{Gate, callable};
use super::key_keeper::{KeyReader, after};
use crate::config::snapshot::Snapshot;
use crate::oauth::ids::ClientId;
use crate::outbound;
use crate::store::records::{AuditEvent, LogoutRecord};
use crate::store::{Store, StoreResult};
use crate::telemetry::metrics::Metrics;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, Supervised, WrapFuture};
use delivery::{Outcome, deliver};
pub use schedule::TRIES;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What it is supervised as.
pub const NAME: &str = "logout_notifier";
/// How often it looks without being told: for what is due again, and for sessions that other processes ended.
pub const EVERY: Duration = Duration::from_secs(2);
/// How long a try may take before somebody else makes it: well above [`outbound::DEADLINE`].
const LEASE: Duration = Duration::from_secs(60);
/// Tries under way at once.
const AT_ONCE: usize = 64;
/// A client with so many tries under way gets no more for now.
const PER_CLIENT: usize = 8;
/// One that has lately failed has a single try under way, for so long: those that hang do not keep the others waiting.
const IN_DOUBT_FOR: Duration = Duration::from_secs(60);
/// Clients that failed and are remembered; of more than that the others get their usual number.
const IN_DOUBT: usize = 4096;
/// After so many tries a client that the configuration has no address for is not told.
const UNWANTED_TRIES: u32 = 3;
/// Taken up in one act.
const BATCH: usize = 8;

/// The actor.
pub struct LogoutNotifier {
    settings: Settings,
    http: Result<reqwest::Client, String>,
    /// Tries under way, by client
    busy: HashMap<ClientId, usize>,
    /// Clients that failed, and when
    in_doubt: HashMap<ClientId, Instant>,
    is_asking: bool,
    /// Somebody said that there is something while the store was being asked
    again: bool,
}

/// For whom something is taken up.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// Clients that answer, as far as is known
    Usual,
    /// One of those that have lately failed, with half of the room
    InDoubt,
}

/// What the notifier works with.
#[derive(Clone)]
pub struct Settings {
    /// Has what is to be told
    pub store: Arc<dyn Store>,
    /// Where clients are
    pub config: ConfigReader,
    /// Sign the tokens
    pub keys: KeyReader,
    /// The time
    pub clock: SharedClock,
    /// Counts outcomes
    pub metrics: Metrics,
    /// Is told how it ended
    pub audit: AuditHandle,
}

impl LogoutNotifier {
    /// The actor, to be supervised.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            http: Err("is being set up".to_owned()),
            busy: HashMap::new(),
            in_doubt: HashMap::new(),
            is_asking: false,
            again: false,
        }
    }

    /// Takes up what is due, as far as there is room.
    fn look(&mut self, ctx: &mut Context<Self>) {
        if self.is_asking {
            self.again = true;
        } else {
            self.again = false;
            self.in_doubt.retain(|_, failed| failed.elapsed() < IN_DOUBT_FOR);
            self.ask(Turn::Usual, ctx);
        }
    }

    /// How much may be taken up now, and for whom not.
    fn room(&self, turn: Turn) -> (usize, Vec<ClientId>) {
        let under_way: usize = self.busy.values().sum();
        match turn {
            Turn::Usual => {
                let full = self
                    .busy
                    .iter()
                    .filter(|(_, tries)| **tries >= PER_CLIENT)
                    .map(|(client, _)| client);
                let except = full.chain(self.in_doubt.keys()).cloned().collect();
                (AT_ONCE.saturating_sub(under_way).min(BATCH), except)
            }
            Turn::InDoubt if self.in_doubt.is_empty() => (0, Vec::new()),
            Turn::InDoubt => (usize::from(under_way < AT_ONCE / 2), self.busy.keys().cloned().collect()),
        }
    }

    fn ask(&mut self, turn: Turn, ctx: &mut Context<Self>) {
        let (room, except) = self.room(turn);
        if room == 0 {
            return self.go_on(turn, false, ctx);
        }
        let Some(snapshot) = self.settings.config.current().filter(|snapshot| anybody_wants(snapshot)) else {
            return;
        };
        self.is_asking = true;
        let Settings { store, clock, .. } = self.settings.clone();
        let asking = async move {
            let now = clock.now();
            let most = u32::try_from(room).unwrap_or(1);
            store.claim_logouts(now, after(now, LEASE), most, &except).await
        };
        ctx.spawn(asking.into_actor(self).map(move |claimed, notifier, ctx| {
            notifier.is_asking = false;
            match claimed {
                Ok(claimed) => {
                    let is_full = claimed.len() == room;
                    for logout in claimed {
                        notifier.tell(logout, &snapshot, ctx);
                    }
                    notifier.go_on(turn, is_full, ctx);
                }
                Err(fault) => {
                    tracing::warn!(%fault, "what clients have to be told of sessions that ended could not be read; it is tried again");
                }
            }
        }));
    }

    /// There may be more of the same, then of the others.
    fn go_on(&mut self, turn: Turn, is_full: bool, ctx: &mut Context<Self>) {
        match turn {
            _ if self.again => self.look(ctx),
            turn if is_full => self.ask(turn, ctx),
            Turn::Usual => self.ask(Turn::InDoubt, ctx),
            Turn::InDoubt => {}
        }
    }

    fn tell(&mut self, logout: LogoutRecord, snapshot: &Arc<Snapshot>, ctx: &mut Context<Self>) {
        *self.busy.entry(logout.client.clone()).or_default() += 1;
        let (settings, http, snapshot) = (self.settings.clone(), self.http.clone(), Arc::clone(snapshot));
        let client = logout.client.clone();
        let telling = async move {
            let outcome = match &http {
                // Each time it ended the process that told it, or so it seems.
                _ if logout.attempts > TRIES => Outcome::Failed("no try came to an end".to_owned()),
                Ok(http) => deliver(http, &snapshot, &settings.keys, &logout, settings.clock.now()).await,
                Err(why) => Outcome::Failed(format!("the system's certificate store {why}")),
            };
            let failed = matches!(outcome, Outcome::Failed(_));
            if let Err(fault) = settle(&settings, &logout, outcome).await {
                tracing::warn!(client = logout.client.as_str(), %fault, "what came of telling a client of a logout could not be kept; it may be told again");
            }
            failed
        };
        ctx.spawn(telling.into_actor(self).map(move |failed, notifier, ctx| {
            if let Some(tries) = notifier.busy.get_mut(&client) {
                *tries -= 1;
                if *tries == 0 {
                    notifier.busy.remove(&client);
                }
            }
            if !failed {
                notifier.in_doubt.remove(&client);
            } else if notifier.in_doubt.len() < IN_DOUBT {
                notifier.in_doubt.insert(client, Instant::now());
            }
            notifier.look(ctx);
        }));
    }
}

/// Keeps what came of a try, and says so.
async fn settle(settings: &Settings, logout: &LogoutRecord, outcome: Outcome) -> StoreResult<()> {
    let now = settings.clock.now();
    let (outcome, why) = match outcome {
        Outcome::Delivered => ("delivered", None),
        Outcome::Unwanted if logout.attempts < UNWANTED_TRIES => {
            let pause = schedule::pause_after(logout.attempts).unwrap_or(LEASE);
            return settings.store.postpone_logout(logout, after(now, pause)).await;
        }
        // Its address was taken away meanwhile: nobody waits for it.
        Outcome::Unwanted => {
            settings.metrics.backchannel_logout("unwanted");
            return settings.store.finish_logout(logout).await;
        }
        Outcome::Failed(why) => {
            if let Some(pause) = schedule::pause_after(logout.attempts) {
                settings.metrics.backchannel_logout("failed");
                let (client, attempt) = (logout.client.as_str(), logout.attempts);
                tracing::warn!(client, attempt, why, retry_in = ?pause, "a client could not be told of a logout");
                return settings.store.postpone_logout(logout, after(now, pause)).await;
            }
            ("given_up", Some(why))
        }
    };
    settings.store.finish_logout(logout).await?;
    settings.metrics.backchannel_logout(outcome);
    if let Some(why) = &why {
        let (client, attempts) = (logout.client.as_str(), logout.attempts);
        tracing::error!(client, attempts, why, "a client was not told of a logout, and will not be");
    }
    settings.audit.record(AuditEvent {
        at: now,
        kind: format!("backchannel_logout.{outcome}"),
        user: Some(logout.user.clone()),
        client: Some(logout.client.clone()),
        details: serde_json::json!({ "session": logout.session.as_str(), "attempts": logout.attempts, "reason": why }),
    });
    Ok(())
}

fn anybody_wants(snapshot: &Snapshot) -> bool {
    snapshot.clients.values().any(|client| client.backchannel_logout_uri.is_some())
}

impl Actor for LogoutNotifier {
    type Context = Context<Self>;

    /// Here and not before: connections belong to the thread that they were opened on.
    fn started(&mut self, ctx: &mut Self::Context) {
        self.http = outbound::client(None);
        ctx.run_interval(EVERY, Self::look);
        self.look(ctx);
    }
}

impl Supervised for LogoutNotifier {
    /// Tries that were under way went with the old context; what they were to tell is due again after [`LEASE`].
    fn restarting(&mut self, _: &mut Self::Context) {
        self.busy.clear();
        (self.is_asking, self.again) = (false, false);
    }
}

callable!(LogoutNotifier);

/// A session ended in this process: there may be something to tell.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Notify;

impl Handler<Notify> for LogoutNotifier {
    type Result = ();

    fn handle(&mut self, Notify: Notify, ctx: &mut Self::Context) {
        self.look(ctx);
    }
}

/// Where it is said that a session ended. Cheap to clone.
#[derive(Clone)]
pub struct LogoutHandle(Gate<LogoutNotifier>);

impl LogoutHandle {
    /// A handle on the actor behind this gate.
    pub const fn new(gate: Gate<LogoutNotifier>) -> Self {
        Self(gate)
    }

    /// Says so. Never waits, and may be lost: the notifier looks by itself too.
    pub fn notify(&self) {
        let _ = self.0.tell(Notify);
    }

    /// The gate before the actor.
    pub const fn gate(&self) -> &Gate<LogoutNotifier> {
        &self.0
    }
}
