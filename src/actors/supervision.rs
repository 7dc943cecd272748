//! Supervision: an actor that panics or stops comes back with its address and its queued messages.
//!
//! actix does not catch panics: one in a handler ends the actor and `actix::Supervisor`, which is the same future. This is a future
//! of our own around actix' [`ContextFut`]: it polls under `catch_unwind`, asks the Guardian, pauses, and calls `restart()`, which keeps
//! the mailbox, drops the actor's spawned futures and calls `restarting()` (where the actor rebuilds its state) and then `started()`.
//! The message at hand is lost: its sender sees a closed reply.

use super::gate::Call;
use super::guardian::{GuardianHandle, Weight};
use super::pulse::Pulse;
use super::restart::{Deaths, Verdict, jitter};
use actix::dev::ContextFut;
use actix::{Actor, ActorContext, Addr, ArbiterHandle, Context, Handler, Supervised};
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Instant;

/// Starts a supervised actor on this thread's arbiter.
///
/// `name` is a metric label and what logs call it; several instances may share one.
pub fn supervise<A>(name: &'static str, guardian: &GuardianHandle, actor: A) -> Addr<A>
where
    A: Actor<Context = Context<A>> + Supervised + Handler<Call<A>>,
{
    let child = guardian.new_child();
    let oversight = Oversight::Guardian(guardian.clone(), child, Weight::Vital);
    let addr = start(name, actor, |addr| (oversight, addr));
    guardian.watch(child, Pulse::of(name, &addr));
    addr
}

/// Starts a supervised actor that the process can do without, on this thread's arbiter, which is its own. If it dies too often it pauses for
/// longer; if its thread hangs, `hangs` is called once, on the Guardian's thread.
pub fn supervise_isolated<A>(name: &'static str, guardian: &GuardianHandle, actor: A, hangs: impl Fn() + Send + 'static) -> Addr<A>
where
    A: Actor<Context = Context<A>> + Supervised + Handler<Call<A>>,
{
    let child = guardian.new_child();
    let oversight = Oversight::Guardian(guardian.clone(), child, Weight::Isolated);
    let addr = start(name, actor, |addr| (oversight, addr));
    guardian.watch(child, Pulse::of(name, &addr).or_else(hangs));
    addr
}

/// Starts a supervised actor on another arbiter; `make` runs there.
///
/// # Errors
/// [`ArbiterGone`] if the arbiter has stopped.
pub async fn supervise_on<A>(
    arbiter: &ArbiterHandle,
    name: &'static str,
    guardian: &GuardianHandle,
    make: impl FnOnce() -> A + Send + 'static,
) -> Result<Addr<A>, ArbiterGone>
where
    A: Actor<Context = Context<A>> + Supervised + Handler<Call<A>>,
{
    let guardian = guardian.clone();
    run_on(arbiter, move || supervise(name, &guardian, make())).await
}

/// Runs a function on an arbiter and returns its result.
///
/// # Errors
/// [`ArbiterGone`] if the arbiter has stopped.
pub async fn run_on<R: Send + 'static>(arbiter: &ArbiterHandle, function: impl FnOnce() -> R + Send + 'static) -> Result<R, ArbiterGone> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    arbiter.spawn_fn(move || {
        let _ = sender.send(function());
    });
    receiver.await.map_err(|_| ArbiterGone)
}

/// An arbiter that should run an actor has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the thread that should run an actor has stopped")]
pub struct ArbiterGone;

/// Who decides about an actor that died.
pub(super) enum Oversight {
    /// The Guardian, which knows this instance by its number
    Guardian(GuardianHandle, u64, Weight),
    /// The actor is the Guardian
    Own(GuardianHandle, Deaths),
}

impl Oversight {
    const fn handle(&self) -> &GuardianHandle {
        match self {
            Self::Guardian(handle, ..) | Self::Own(handle, _) => handle,
        }
    }

    /// Completes with whether the actor may come back, when its pause is over.
    fn recover(&mut self, name: &'static str, cause: String) -> Recovery {
        match self {
            Self::Guardian(handle, child, weight) => {
                let (handle, child, weight) = (handle.clone(), *child, *weight);
                Box::pin(async move { pause(handle.verdict(child, name, cause, weight).await).await })
            }
            Self::Own(handle, deaths) => {
                let verdict = deaths.note(Instant::now(), jitter());
                if verdict == Verdict::GiveUp {
                    handle.give_up(name, &cause);
                }
                Box::pin(pause(verdict))
            }
        }
    }
}

async fn pause(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Restart { after } => {
            tokio::time::sleep(after).await;
            true
        }
        Verdict::GiveUp => false,
    }
}

type Recovery = Pin<Box<dyn Future<Output = bool>>>;

/// Starts an actor under an oversight that may need its address.
pub(super) fn start<A, R>(name: &'static str, actor: A, oversee: impl FnOnce(Addr<A>) -> (Oversight, R)) -> R
where
    A: Actor<Context = Context<A>> + Supervised,
{
    let future = Context::new().into_future(actor);
    let (oversight, result) = oversee(future.address());
    actix_rt::spawn(Supervision {
        name,
        actor: future,
        oversight,
        recovery: None,
    });
    result
}

struct Supervision<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    name: &'static str,
    actor: ContextFut<A, Context<A>>,
    oversight: Oversight,
    recovery: Option<Recovery>,
}

impl<A> Supervision<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    fn died(&mut self, cause: String) {
        tracing::error!(actor = self.name, cause, "an actor died");
        self.oversight.handle().child_is_down(self.name, &cause);
        self.recovery = Some(self.oversight.recover(self.name, cause));
    }
}

// Nothing in here is pinned structurally: actix polls its own ContextFut by `Pin::new` too.
impl<A> Unpin for Supervision<A> where A: Actor<Context = Context<A>> + Supervised {}

impl<A> Future for Supervision<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            if let Some(recovery) = this.recovery.as_mut() {
                let may_return = ready!(recovery.as_mut().poll(cx));
                this.recovery = None;
                if !may_return {
                    // So that dropping the future does not run the actor once more.
                    this.actor.ctx().terminate();
                    return Poll::Ready(());
                }
                match catch_unwind(AssertUnwindSafe(|| this.actor.restart())) {
                    Ok(true) => {
                        this.oversight.handle().child_is_back(this.name);
                        tracing::info!(actor = this.name, "an actor is back");
                    }
                    // Nobody holds its address any more.
                    Ok(false) => return Poll::Ready(()),
                    Err(panic) => {
                        this.died(describe(&*panic));
                        continue;
                    }
                }
            }
            match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut this.actor).poll(cx))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => {
                    if this.oversight.handle().is_shutting_down() || !this.actor.ctx().connected() {
                        return Poll::Ready(());
                    }
                    this.died("it stopped by itself".to_owned());
                }
                Err(panic) => this.died(describe(&*panic)),
            }
        }
    }
}

/// What a panic said. Panics are ours: their messages hold no secret.
pub(super) fn describe(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
