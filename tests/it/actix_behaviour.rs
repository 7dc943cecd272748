//! What is true of actix and designed around. If an upgrade changes one of these, the design in `src/actors/` is to be looked at again.

use actix::dev::ContextFut;
use actix::prelude::*;
use futures::future::{join_all, poll_fn};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use tokio::sync::{Semaphore, oneshot};

/// Panics without the hook's noise.
fn die() -> ! {
    resume_unwind(Box::new("on purpose"))
}

#[derive(Default)]
struct Seen {
    started: AtomicUsize,
    restarting: AtomicUsize,
    handled: AtomicUsize,
}

#[derive(Clone, Default)]
struct Subject(Arc<Seen>);

impl Actor for Subject {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.0.started.fetch_add(1, SeqCst);
    }
}

impl Supervised for Subject {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.0.restarting.fetch_add(1, SeqCst);
    }
}

#[derive(Message)]
#[rtype(result = "usize")]
struct Count;
#[derive(Message)]
#[rtype(result = "()")]
struct Panic;
#[derive(Message)]
#[rtype(result = "()")]
struct Stop;
#[derive(Message)]
#[rtype(result = "()")]
struct PanicLater;
/// Blocks the mailbox until it is opened.
#[derive(Message)]
#[rtype(result = "()")]
struct Wait(oneshot::Receiver<()>);

impl Handler<Count> for Subject {
    type Result = usize;
    fn handle(&mut self, _: Count, _: &mut Self::Context) -> usize {
        self.0.handled.fetch_add(1, SeqCst) + 1
    }
}
impl Handler<Panic> for Subject {
    type Result = ();
    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        die()
    }
}
impl Handler<Stop> for Subject {
    type Result = ();
    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
impl Handler<PanicLater> for Subject {
    type Result = ResponseFuture<()>;
    fn handle(&mut self, _: PanicLater, _: &mut Self::Context) -> Self::Result {
        Box::pin(async {
            tokio::task::yield_now().await;
            die()
        })
    }
}
impl Handler<Wait> for Subject {
    type Result = ();
    fn handle(&mut self, Wait(open): Wait, ctx: &mut Self::Context) {
        ctx.wait(async move { drop(open.await) }.into_actor(self));
    }
}

#[test]
fn panics_unwind_in_this_build() {
    const { assert!(cfg!(panic = "unwind"), "supervision needs panic = \"unwind\"") };
}

#[actix_rt::test]
async fn a_panic_ends_the_actor_and_its_supervisor_but_not_the_arbiter() {
    let bystander = Subject::default().start();
    for supervised in [false, true] {
        let subject = Subject::default();
        let seen = Arc::clone(&subject.0);
        let addr = if supervised {
            Supervisor::start(move |_| subject)
        } else {
            subject.start()
        };
        assert_eq!(addr.send(Count).await, Ok(1));
        assert_eq!(addr.send(Panic).await, Err(MailboxError::Closed));
        assert_eq!(
            addr.send(Count).await,
            Err(MailboxError::Closed),
            "supervised by actix: {supervised}"
        );
        assert_eq!(seen.restarting.load(SeqCst), 0);
    }
    assert!(bystander.send(Count).await.is_ok(), "its neighbour on the same arbiter lives");
}

#[actix_rt::test]
async fn actix_own_supervisor_restarts_after_a_stop_only() {
    let subject = Subject::default();
    let seen = Arc::clone(&subject.0);
    let addr = Supervisor::start(move |_| subject);
    addr.send(Stop).await.unwrap();
    assert_eq!(addr.send(Count).await, Ok(1));
    assert_eq!((seen.restarting.load(SeqCst), seen.started.load(SeqCst)), (1, 2));
}

#[actix_rt::test]
async fn a_panic_in_a_response_future_spares_the_actor_and_closes_the_reply() {
    let addr = Subject::default().start();
    assert_eq!(addr.send(PanicLater).await, Err(MailboxError::Closed));
    assert_eq!(addr.send(Count).await, Ok(1));
}

#[actix_rt::test]
async fn a_caught_context_can_be_restarted_with_its_address_and_mailbox() {
    let subject = Subject::default();
    let seen = Arc::clone(&subject.0);
    let mut context: ContextFut<Subject, Context<Subject>> = Context::new().into_future(subject);
    let addr = context.address();
    let answers = [addr.send(Panic)];
    let later = addr.clone().send(Count);
    let caught = poll_fn(|cx| Poll::Ready(catch_unwind(AssertUnwindSafe(|| Pin::new(&mut context).poll(cx).is_pending())))).await;
    assert!(caught.is_err());
    assert!(context.restart());
    actix_rt::spawn(context);
    for answer in answers {
        assert_eq!(answer.await, Err(MailboxError::Closed), "the message at hand is lost");
    }
    assert_eq!(later.await, Ok(1), "what was queued behind it is not");
    assert_eq!((seen.restarting.load(SeqCst), seen.started.load(SeqCst)), (1, 2));
}

#[actix_rt::test]
async fn the_capacity_of_a_mailbox_does_not_bound_what_waits_in_it() {
    let subject = Subject::default();
    let seen = Arc::clone(&subject.0);
    let addr = subject.start();
    let (open, closed) = oneshot::channel();
    addr.do_send(Wait(closed));
    // 16 is the capacity. Each clone of an address may send one more, and `do_send` may always.
    let sent = join_all((0..1_000).map(|_| addr.clone().send(Count)));
    for _ in 0..1_000 {
        addr.do_send(Count);
    }
    assert_eq!(seen.handled.load(SeqCst), 0);
    open.send(()).unwrap();
    assert!(sent.await.iter().all(Result::is_ok));
    assert_eq!(seen.handled.load(SeqCst), 2_000);
}

#[actix_rt::test]
async fn dropping_a_send_takes_a_waiting_message_back() {
    let subject = Subject::default();
    let seen = Arc::clone(&subject.0);
    let addr = subject.start();
    let (open, closed) = oneshot::channel();
    addr.do_send(Wait(closed));
    drop(addr.send(Count));
    open.send(()).unwrap();
    assert_eq!(addr.send(Count).await, Ok(1), "the first one was never handled");
    assert_eq!(seen.handled.load(SeqCst), 1);
}

struct Spawner {
    polls: Rc<Cell<usize>>,
    end: Arc<Semaphore>,
}
impl Actor for Spawner {
    type Context = Context<Self>;
}
#[derive(Message)]
#[rtype(result = "()")]
struct Spawn(bool);
impl Handler<Spawn> for Spawner {
    type Result = ();
    fn handle(&mut self, Spawn(in_context): Spawn, ctx: &mut Self::Context) {
        let (polls, end) = (Rc::clone(&self.polls), Arc::clone(&self.end));
        let mut ended = Box::pin(async move { drop(end.acquire().await) });
        let counted = poll_fn(move |cx| {
            polls.set(polls.get() + 1);
            ended.as_mut().poll(cx)
        });
        if in_context {
            ctx.spawn(counted.into_actor(self));
        } else {
            actix_rt::spawn(counted);
        }
    }
}

#[actix_rt::test]
async fn futures_spawned_in_a_context_are_all_polled_on_each_wake() {
    const FUTURES: usize = 50;
    let mut polls_per_message = [0; 2];
    for (in_context, polled) in [true, false].into_iter().zip(&mut polls_per_message) {
        let polls = Rc::new(Cell::new(0));
        let end = Arc::new(Semaphore::new(0));
        let spawner = Spawner {
            polls: Rc::clone(&polls),
            end: Arc::clone(&end),
        };
        let addr = spawner.start();
        for _ in 0..FUTURES {
            addr.send(Spawn(in_context)).await.unwrap();
        }
        *polled = polls.get() / FUTURES;
        end.add_permits(FUTURES);
    }
    let [in_context, own_task] = polls_per_message;
    assert!(
        in_context >= FUTURES / 4,
        "{in_context} polls for each future: it grows with their number"
    );
    assert!(own_task <= 2, "{own_task} polls for each task");
}

struct Blocking;
impl Actor for Blocking {
    type Context = SyncContext<Self>;
}
impl Handler<Panic> for Blocking {
    type Result = ();
    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        die()
    }
}
impl Handler<Count> for Blocking {
    type Result = usize;
    fn handle(&mut self, _: Count, _: &mut Self::Context) -> usize {
        1
    }
}

#[actix_rt::test]
async fn a_thread_of_a_sync_arbiter_that_panics_is_never_replaced() {
    let addr = SyncArbiter::start(2, || Blocking);
    assert_eq!(addr.send(Count).await, Ok(1));
    for _ in 0..2 {
        assert_eq!(addr.send(Panic).await, Err(MailboxError::Closed));
    }
    assert_eq!(addr.send(Count).await, Err(MailboxError::Closed), "no thread is left");
}
