//! The way to an actor: bounded, deadlined, measured, and safe to leave.
//!
//! `Addr::send` does not bound what waits (each clone may always send one more), and it takes a message back when its sender leaves. A
//! [`Gate`] admits a fixed number of messages that wait or run; the next one is refused at once. An admitted message is handled whether
//! or not its sender still listens (a browser that goes away must not lose a write), and it keeps its place until it was answered.

use super::fault::Fault;
use crate::telemetry::metrics::{MailboxWait, Metrics};
use actix::dev::MessageResponse;
use actix::{Actor, Addr, Context, Handler, Message};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How much a gate lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateLimits {
    /// Messages that may wait or run at once
    pub admitted: usize,
    /// How long a sender waits for its answer
    pub deadline: Duration,
    /// What a refused sender is told
    pub retry_after: Duration,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            admitted: 1024,
            deadline: Duration::from_secs(10),
            retry_after: Duration::from_secs(1),
        }
    }
}

/// A function to be run on an actor, in its turn. Every actor of ours handles it, by [`callable!`](super::gate::callable).
#[derive(Message)]
#[rtype(result = "()")]
pub struct Call<A: Actor>(CallFn<A>);

type CallFn<A> = Box<dyn FnOnce(&mut A, &mut <A as Actor>::Context) + Send>;

impl<A: Actor> Call<A> {
    pub(super) fn new(work: impl FnOnce(&mut A, &mut A::Context) + Send + 'static) -> Self {
        Self(Box::new(work))
    }

    /// Runs it. For [`callable!`](super::gate::callable) alone.
    pub fn run(self, actor: &mut A, ctx: &mut A::Context) {
        (self.0)(actor, ctx);
    }
}

/// Lets an actor be reached through a [`Gate`]: `callable!(MyActor);` beside its `impl Actor`.
macro_rules! callable {
    ($actor:ty) => {
        impl actix::Handler<$crate::actors::gate::Call<Self>> for $actor {
            type Result = ();

            fn handle(&mut self, call: $crate::actors::gate::Call<Self>, ctx: &mut Self::Context) {
                call.run(self, ctx);
            }
        }
    };
}
pub(crate) use callable;

/// A bounded way to an actor. Clones share its places.
pub struct Gate<A: Actor> {
    name: &'static str,
    addr: Addr<A>,
    places: Arc<Semaphore>,
    limits: GateLimits,
    metrics: Metrics,
    wait: MailboxWait,
}

impl<A: Actor> Clone for Gate<A> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            addr: self.addr.clone(),
            places: Arc::clone(&self.places),
            limits: self.limits,
            metrics: self.metrics.clone(),
            wait: self.wait.clone(),
        }
    }
}

impl<A> Gate<A>
where
    A: Actor<Context = Context<A>> + Handler<Call<A>>,
{
    /// A gate before an actor; `name` is the one that it is supervised by.
    pub fn new(name: &'static str, addr: Addr<A>, limits: GateLimits, metrics: Metrics) -> Self {
        Self {
            name,
            addr,
            places: Arc::new(Semaphore::new(limits.admitted.min(Semaphore::MAX_PERMITS))),
            limits,
            wait: metrics.mailbox_wait(name),
            metrics,
        }
    }

    /// The address behind the gate.
    pub const fn addr(&self) -> &Addr<A> {
        &self.addr
    }

    /// How many more messages would be admitted now.
    pub fn places_left(&self) -> usize {
        self.places.available_permits()
    }

    /// Sends a message and waits for its answer.
    ///
    /// # Errors
    /// [`Fault::Busy`] at once if there is no place; [`Fault::Internal`] if the actor, or the future that it answers with, panicked on this
    /// message; [`Fault::Unavailable`] past the deadline (the message is still handled) or if the actor is gone for good.
    pub async fn ask<M>(&self, message: M) -> Result<M::Result, Fault>
    where
        A: Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        self.call(move |actor, ctx, reply| <A as Handler<M>>::handle(actor, message, ctx).handle(ctx, Some(reply)))
            .await
    }

    /// Completes when the actor takes up its next message: how long its queue is, and that it lives.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn ping(&self) -> Result<(), Fault> {
        self.call(|_, _, reply| {
            let _ = reply.send(());
        })
        .await
    }

    /// Makes the actor panic on a message, as a fault of ours would. Tests use it to see what supervision does; nothing that the network
    /// reaches calls it.
    ///
    /// # Errors
    /// Always: what the sender of such a message is told.
    pub async fn poison(&self) -> Result<(), Fault> {
        self.call(|_, _, _| std::panic::resume_unwind(Box::new("poisoned by a test"))).await
    }

    /// Makes the actor's thread hang on a message until the other end is dropped, as a loop without end would. Tests use it to see what
    /// supervision does; nothing that the network reaches calls it.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn stall(&self, until: std::sync::mpsc::Receiver<()>) -> Result<(), Fault> {
        self.call(move |_, _, reply| {
            let _ = until.recv();
            let _ = reply.send(());
        })
        .await
    }

    async fn call<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut A, &mut Context<A>, oneshot::Sender<R>) + Send + 'static,
    ) -> Result<R, Fault> {
        let place = self.admit()?;
        let (reply, answer) = oneshot::channel();
        let (wait, sent) = (self.wait.clone(), Instant::now());
        self.addr.do_send(Call::new(move |actor: &mut A, ctx: &mut Context<A>| {
            wait.observe(sent.elapsed());
            work(actor, ctx, reply);
        }));
        let mut admitted = Admitted {
            answer: Some((answer, place)),
        };
        match tokio::time::timeout(self.limits.deadline, admitted.answered()).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) if self.addr.connected() => Err(Fault::Internal(format!("the actor {} failed on this message", self.name))),
            Ok(None) => Err(Fault::Unavailable(format!("the actor {} has stopped", self.name))),
            Err(_) => Err(Fault::Unavailable(format!("the actor {} did not answer in time", self.name))),
        }
    }

    /// Sends a message without waiting for an answer. Its place is free again once the actor has taken it up.
    ///
    /// # Errors
    /// [`Fault::Busy`] if there is no place.
    pub fn tell<M>(&self, message: M) -> Result<(), Fault>
    where
        A: Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let place = self.admit()?;
        let (wait, sent) = (self.wait.clone(), Instant::now());
        self.addr.do_send(Call::new(move |actor: &mut A, ctx: &mut Context<A>| {
            wait.observe(sent.elapsed());
            drop(place);
            <A as Handler<M>>::handle(actor, message, ctx).handle(ctx, None);
        }));
        Ok(())
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, Fault> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            self.metrics.refused_busy(self.name);
            Fault::Busy {
                retry_after: self.limits.retry_after,
            }
        })
    }
}

/// A message that was admitted and not answered yet, with its place.
struct Admitted<R: Send + 'static> {
    answer: Option<(oneshot::Receiver<R>, OwnedSemaphorePermit)>,
}

impl<R: Send + 'static> Admitted<R> {
    /// The answer; `None` if the actor dropped it.
    async fn answered(&mut self) -> Option<R> {
        let (answer, _) = self.answer.as_mut()?;
        let answer = answer.await.ok();
        self.answer = None;
        answer
    }
}

impl<R: Send + 'static> Drop for Admitted<R> {
    /// The sender left. The message is handled nevertheless, so its place stays taken until then.
    fn drop(&mut self) {
        if let Some((answer, place)) = self.answer.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                let _ = answer.await;
                drop(place);
            });
        }
    }
}
