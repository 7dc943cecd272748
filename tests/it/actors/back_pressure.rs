//! Past its limit a caller is refused; what was admitted is handled, whoever still listens.

use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture, Supervised, WrapFuture};
use nauthera::actors::fault::Fault;
use nauthera::actors::gate::{Call, Gate, GateLimits};
use nauthera::telemetry::metrics::Metrics;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// Writes what it is told, and slowly if told so.
#[derive(Default)]
struct Writer {
    written: Arc<AtomicUsize>,
}

impl Actor for Writer {
    type Context = Context<Self>;
}

impl Supervised for Writer {}

impl Handler<Call<Self>> for Writer {
    type Result = ();

    fn handle(&mut self, call: Call<Self>, ctx: &mut Self::Context) {
        call.run(self, ctx);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Block(oneshot::Receiver<()>);

impl Handler<Block> for Writer {
    type Result = ();

    fn handle(&mut self, Block(open): Block, ctx: &mut Self::Context) {
        ctx.wait(async move { drop(open.await) }.into_actor(self));
    }
}

#[derive(Message)]
#[rtype(result = "usize")]
struct Write;

impl Handler<Write> for Writer {
    type Result = usize;

    fn handle(&mut self, _: Write, _: &mut Self::Context) -> usize {
        self.written.fetch_add(1, SeqCst) + 1
    }
}

/// Is answered when the semaphore has a permit.
#[derive(Message)]
#[rtype(result = "()")]
struct Slow(Arc<Semaphore>);

impl Handler<Slow> for Writer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Slow(go): Slow, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move { drop(go.acquire().await) })
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct FailLater;

impl Handler<FailLater> for Writer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: FailLater, _: &mut Self::Context) -> Self::Result {
        Box::pin(async { std::panic::resume_unwind(Box::new("on purpose")) })
    }
}

struct Test {
    gate: Gate<Writer>,
    written: Arc<AtomicUsize>,
    metrics: Metrics,
}

fn start(admitted: usize, deadline: Duration) -> Test {
    let metrics = Metrics::new();
    let writer = Writer::default();
    let written = Arc::clone(&writer.written);
    let limits = GateLimits {
        admitted,
        deadline,
        retry_after: Duration::from_secs(7),
    };
    let gate = Gate::new("writer", writer.start(), limits, metrics.clone());
    Test { gate, written, metrics }
}

const LONG: Duration = Duration::from_secs(120);

async fn places_return(gate: &Gate<Writer>, places: usize) {
    while gate.places_left() < places {
        tokio::task::yield_now().await;
    }
}

#[actix_rt::test]
async fn past_the_limit_a_caller_is_told_when_to_come_back() {
    let test = start(3, LONG);
    let go = Arc::new(Semaphore::new(0));
    let slow = || test.gate.ask(Slow(Arc::clone(&go)));
    let admitted = futures::future::join_all([slow(), slow(), slow()]);
    let refused = async {
        let refused = test.gate.ask(Write).await;
        assert!(
            matches!(refused, Err(Fault::Busy { retry_after }) if retry_after.as_secs() == 7),
            "{refused:?}"
        );
        assert_eq!(test.written.load(SeqCst), 0);
        go.add_permits(3);
    };
    let (answers, ()) = tokio::join!(admitted, refused);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(test.gate.ask(Write).await.unwrap(), 1, "the places are free again");
    let metrics = test.metrics.render().unwrap();
    assert!(metrics.contains(r#"actor_refused_total{actor="writer"} 1"#), "{metrics}");
    assert!(
        metrics.contains(r#"actor_mailbox_wait_seconds_count{actor="writer"} 4"#),
        "{metrics}"
    );
}

#[actix_rt::test]
async fn a_caller_that_leaves_loses_no_write_and_frees_no_place_early() {
    let test = start(2, LONG);
    let (open, closed) = oneshot::channel();
    test.gate.ask(Block(closed)).await.unwrap();
    {
        // Admitted by its first poll; then the browser goes away.
        let mut leaving = pin!(test.gate.ask(Write));
        poll_fn(|cx| {
            assert!(leaving.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }
    tokio::task::yield_now().await;
    assert_eq!(test.gate.places_left(), 1, "the message still waits, and keeps its place");
    open.send(()).unwrap();
    assert_eq!(test.gate.ask(Write).await.unwrap(), 2, "the first write was not lost");
    places_return(&test.gate, 2).await;
}

#[actix_rt::test]
async fn past_its_deadline_a_caller_is_answered_and_the_write_still_happens() {
    let test = start(2, Duration::from_millis(20));
    let (open, closed) = oneshot::channel();
    test.gate.ask(Block(closed)).await.unwrap();
    let late = test.gate.ask(Write).await;
    assert!(matches!(late, Err(Fault::Unavailable(_))), "{late:?}");
    assert_eq!(test.gate.places_left(), 1);
    open.send(()).unwrap();
    places_return(&test.gate, 2).await;
    assert_eq!(test.written.load(SeqCst), 1);
}

#[actix_rt::test]
async fn a_panic_in_an_answer_is_an_internal_fault_and_gives_its_place_back() {
    let test = start(1, LONG);
    let failed = test.gate.ask(FailLater).await;
    assert!(matches!(failed, Err(Fault::Internal(_))), "{failed:?}");
    assert_eq!(test.gate.ask(Write).await.unwrap(), 1);
}

#[actix_rt::test]
async fn a_message_without_an_answer_is_bounded_too() {
    let test = start(2, LONG);
    let (open, closed) = oneshot::channel();
    test.gate.ask(Block(closed)).await.unwrap();
    let told: Vec<_> = (0..3).map(|_| test.gate.tell(Write).is_ok()).collect();
    assert_eq!(told, [true, true, false]);
    open.send(()).unwrap();
    places_return(&test.gate, 2).await;
    assert_eq!(test.gate.ask(Write).await.unwrap(), 3);
}
