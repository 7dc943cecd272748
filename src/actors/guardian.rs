//! The Guardian: knows every supervised actor, decides when a dead one comes back, finds those that hang, and ends the process when
//! nothing else helps.
//!
//! What it knows is published as an immutable [`Health`], so that `/readyz` never waits on its mailbox.

use super::gate::{Gate, GateLimits};
use super::pulse::{ASK_EVERY, Pulse, Pulses, SILENT_TURNS};
use super::restart::{Deaths, Verdict, jitter};
use super::supervision::{self, Oversight};
use crate::telemetry::metrics::Metrics;
use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, MessageResult, Supervised};
use arc_swap::ArcSwap;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long a dead actor waits for the Guardian's word before it comes back by itself: the Guardian may be restarting too.
const WORD_DEADLINE: Duration = Duration::from_secs(1);

/// What it means for the process that an actor dies too often, or hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Nothing works without it: the process ends
    Vital,
    /// Only what it does: it comes back after [`ISOLATED_PAUSE`]
    Isolated,
}

/// An isolated actor that died too often within a short time comes back after this pause.
pub const ISOLATED_PAUSE: Duration = Duration::from_secs(10);

/// What is known of all instances of an actor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActorHealth {
    /// How often one of them was restarted since the process began
    pub restarts: u64,
    /// How many are down at this moment, between death and restart
    pub down: u64,
    /// Why one last died
    pub last_death: Option<String>,
}

/// What the Guardian knows.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// By actor name; only actors that died once
    pub actors: BTreeMap<&'static str, ActorHealth>,
}

struct Shared {
    health: ArcSwap<Health>,
    fatal: watch::Sender<Option<String>>,
    shutting_down: AtomicBool,
    next_child: AtomicU64,
    metrics: Metrics,
}

/// How the rest of the process reaches the Guardian.
#[derive(Clone)]
pub struct GuardianHandle {
    addr: Addr<Guardian>,
    shared: Arc<Shared>,
}

impl GuardianHandle {
    /// What is known of the supervised actors.
    pub fn health(&self) -> Arc<Health> {
        self.shared.health.load_full()
    }

    /// Why the process has to end, once that is so.
    pub fn failure(&self) -> Option<String> {
        self.shared.fatal.borrow().clone()
    }

    /// Completes, with the reason, when an actor died too often. The process then has to exit with a non-zero code; `/readyz` already
    /// says no.
    pub async fn fatal(&self) -> String {
        let mut fatal = self.shared.fatal.subscribe();
        match fatal.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            // The sender lives as long as `self`, so this is not reached.
            Err(_) => std::future::pending().await,
        }
    }

    /// From now on an actor that stops is not a fault.
    pub fn begin_shutdown(&self) {
        self.shared.shutting_down.store(true, Ordering::SeqCst);
    }

    /// Whether [`begin_shutdown`](Self::begin_shutdown) was called.
    pub fn is_shutting_down(&self) -> bool {
        self.shared.shutting_down.load(Ordering::SeqCst)
    }

    /// A gate before the Guardian itself.
    pub fn gate(&self) -> Gate<Guardian> {
        Gate::new("guardian", self.addr.clone(), GateLimits::default(), self.shared.metrics.clone())
    }

    /// Asks an actor for signs of life from now on.
    pub(super) fn watch(&self, child: u64, pulse: Pulse) {
        self.addr.do_send(Watch { child, pulse });
    }

    /// A number for one supervised instance.
    pub(super) fn new_child(&self) -> u64 {
        self.shared.next_child.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) async fn verdict(&self, child: u64, name: &'static str, cause: String, weight: Weight) -> Verdict {
        let word = self
            .addr
            .clone()
            .send(ChildDied {
                child,
                name,
                cause,
                weight,
            })
            .timeout(WORD_DEADLINE);
        word.await.unwrap_or_else(|_| Deaths::default().note(Instant::now(), jitter()))
    }

    pub(super) fn child_is_back(&self, name: &'static str) {
        self.shared.metrics.actor_restarted(name);
        self.shared.note(name, |health| {
            health.restarts += 1;
            health.down = health.down.saturating_sub(1);
        });
    }

    pub(super) fn child_is_down(&self, name: &'static str, cause: &str) {
        self.shared.note(name, |health| {
            health.down += 1;
            health.last_death = Some(cause.to_owned());
        });
    }

    pub(super) fn give_up(&self, name: &'static str, cause: &str) {
        self.shared.give_up(name, cause);
    }
}

impl Shared {
    fn note(&self, name: &'static str, change: impl Fn(&mut ActorHealth)) {
        self.health.rcu(|health| {
            let mut health = Health::clone(health);
            change(health.actors.entry(name).or_default());
            health
        });
    }

    fn give_up(&self, name: &str, cause: &str) {
        self.fail(format!("the actor {name} died too often within a short time, last of: {cause}"));
    }

    fn fail(&self, reason: String) {
        tracing::error!(reason, "giving up: the process will exit");
        self.fatal.send_if_modified(|fatal| {
            let first = fatal.is_none();
            fatal.get_or_insert(reason);
            first
        });
    }
}

/// The actor.
pub struct Guardian {
    shared: Arc<Shared>,
    deaths: HashMap<u64, Deaths>,
    pulses: Pulses,
    ask_every: Duration,
}

impl Guardian {
    /// Starts the Guardian on this arbiter. It supervises itself by the same rule.
    pub fn start(metrics: Metrics) -> GuardianHandle {
        Self::start_asking(metrics, ASK_EVERY)
    }

    /// As [`start`](Self::start), and asks for signs of life so often.
    pub fn start_asking(metrics: Metrics, ask_every: Duration) -> GuardianHandle {
        let shared = Arc::new(Shared {
            health: ArcSwap::default(),
            fatal: watch::Sender::new(None),
            shutting_down: AtomicBool::new(false),
            next_child: AtomicU64::new(0),
            metrics,
        });
        let guardian = Self {
            shared: Arc::clone(&shared),
            deaths: HashMap::new(),
            pulses: Pulses::default(),
            ask_every,
        };
        supervision::start("guardian", guardian, |addr| {
            let handle = GuardianHandle { addr, shared };
            (Oversight::Own(handle.clone(), Deaths::default()), handle)
        })
    }
}

impl Actor for Guardian {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(self.ask_every, |guardian, _| {
            for name in guardian.pulses.turn() {
                let silent = guardian.ask_every.saturating_mul(SILENT_TURNS);
                guardian.shared.fail(format!(
                    "the actor {name} has given no sign of life for {silent:?}: its thread hangs"
                ));
            }
        });
    }
}

impl Supervised for Guardian {
    /// Whom it watches stays: an actor names itself once, when it starts.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.deaths.clear();
    }
}

super::gate::callable!(Guardian);

#[derive(Message)]
#[rtype(result = "()")]
struct Watch {
    child: u64,
    pulse: Pulse,
}

impl Handler<Watch> for Guardian {
    type Result = ();

    fn handle(&mut self, Watch { child, pulse }: Watch, _: &mut Self::Context) {
        self.pulses.watch(child, pulse);
    }
}

/// A supervised actor died; the answer says when it comes back.
#[derive(Message)]
#[rtype(result = "Verdict")]
struct ChildDied {
    child: u64,
    name: &'static str,
    cause: String,
    weight: Weight,
}

impl Handler<ChildDied> for Guardian {
    type Result = MessageResult<ChildDied>;

    fn handle(&mut self, message: ChildDied, _: &mut Self::Context) -> Self::Result {
        let verdict = self.deaths.entry(message.child).or_default().note(Instant::now(), jitter());
        if verdict == Verdict::GiveUp {
            self.deaths.remove(&message.child);
            if message.weight == Weight::Isolated {
                return MessageResult(Verdict::Restart { after: ISOLATED_PAUSE });
            }
            self.shared.give_up(message.name, &message.cause);
        }
        MessageResult(verdict)
    }
}
