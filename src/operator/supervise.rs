//! Keeps controllers running: a panic or an error is logged and the controller started again, with back-off. One that keeps failing ends
//! the process, so that whoever runs it sees it.

use super::context::{Context, Controller, When};
use backon::{BackoffBuilder, ExponentialBuilder};
use futures::FutureExt;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// After `stop` a controller gets this long to end by itself.
const GRACE: Duration = Duration::from_secs(5);
/// So many failures…
const MOST_FAILURES: usize = 10;
/// …within this long end the process.
const WINDOW: Duration = Duration::from_secs(300);

/// A controller failed too often.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the controller `{controller}` failed {MOST_FAILURES} times within {} s; the last time: {why}", WINDOW.as_secs())]
pub struct GaveUp {
    /// Which
    pub controller: &'static str,
    /// Why it failed last
    pub why: String,
}

/// How a run ended.
enum Ended {
    /// The term is over, or the process ends
    AsTold,
    /// By itself
    Failed(String),
}

/// Runs a controller until `context.stop`.
///
/// # Errors
/// It failed too often.
pub async fn supervise(controller: Arc<dyn Controller>, context: Context) -> Result<(), GaveUp> {
    let name = controller.name();
    let mut failures: VecDeque<Instant> = VecDeque::new();
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(15))
        .without_max_times()
        .with_jitter();
    let mut delays = backoff.build();
    while !context.stop.is_cancelled() {
        let why = match once(&controller, &context).await {
            Ended::AsTold => continue,
            Ended::Failed(why) => why,
        };
        let now = Instant::now();
        failures.retain(|at| now.duration_since(*at) < WINDOW);
        if failures.is_empty() {
            delays = backoff.build();
        }
        failures.push_back(now);
        context.metrics.restarted(name);
        tracing::error!(
            controller = name,
            why,
            failures = failures.len(),
            "a controller failed; it is started again"
        );
        if failures.len() >= MOST_FAILURES {
            return Err(GaveUp { controller: name, why });
        }
        tokio::select! {
            () = context.stop.cancelled() => {}
            () = tokio::time::sleep(delays.next().unwrap_or(GRACE)) => {}
        }
    }
    Ok(())
}

/// One run, from its beginning to its end.
async fn once(controller: &Arc<dyn Controller>, context: &Context) -> Ended {
    let over = match controller.when() {
        When::Always => CancellationToken::new(),
        When::Leading => {
            let mut leader = context.leader.clone();
            tokio::select! {
                () = context.stop.cancelled() => return Ended::AsTold,
                term = leader.leading() => term.over.clone(),
            }
        }
    };
    let (own, its_context) = (Arc::clone(controller), context.clone());
    // A task of its own: what it panics with stays there, and dropping it stops it at its next await.
    let run = async move { AssertUnwindSafe(own.run(its_context)).catch_unwind().await };
    let mut task = AbortOnDropHandle::new(tokio::spawn(run));
    tokio::select! {
        ended = &mut task => outcome(ended),
        () = over.cancelled() => {
            task.abort();
            // Nothing of it may act in a later term.
            let _ = task.await;
            Ended::AsTold
        }
        () = context.stop.cancelled() => {
            if tokio::time::timeout(GRACE, &mut task).await.is_err() {
                tracing::warn!(controller = controller.name(), "did not end in time and is cut off");
            }
            Ended::AsTold
        }
    }
}

type Caught = std::thread::Result<Result<(), String>>;

fn outcome(ended: Result<Caught, JoinError>) -> Ended {
    Ended::Failed(match ended {
        Ok(Ok(Ok(()))) => "it ended by itself".to_owned(),
        Ok(Ok(Err(why))) => why,
        // The panic hook has logged what and where.
        Ok(Err(_)) => "it panicked".to_owned(),
        Err(error) => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::leader::{self, Leadership};
    use crate::operator::{fixtures, leader::Leader};
    use async_trait::async_trait;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    struct Probe {
        when: When,
        runs: AtomicUsize,
        begun: Notify,
        behaviour: fn(usize) -> Behaviour,
    }

    enum Behaviour {
        Panic,
        Fail,
        Stay,
    }

    #[async_trait]
    impl Controller for Probe {
        fn name(&self) -> &'static str {
            "probe"
        }

        fn when(&self) -> When {
            self.when
        }

        async fn run(&self, context: Context) -> Result<(), String> {
            let run = self.runs.fetch_add(1, Ordering::SeqCst);
            self.begun.notify_one();
            match (self.behaviour)(run) {
                Behaviour::Panic => panic!("on purpose"),
                Behaviour::Fail => Err("no luck".to_owned()),
                Behaviour::Stay => {
                    context.stop.cancelled().await;
                    Ok(())
                }
            }
        }
    }

    fn probe(when: When, behaviour: fn(usize) -> Behaviour) -> Arc<Probe> {
        Arc::new(Probe {
            when,
            runs: AtomicUsize::new(0),
            begun: Notify::new(),
            behaviour,
        })
    }

    fn scene() -> (Leadership, Leader, Context) {
        let (leadership, leader) = leader::channel();
        let context = fixtures::context(leader.clone());
        (leadership, leader, context)
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_and_an_error_are_followed_by_another_try() {
        let (_leadership, _leader, context) = scene();
        let probe = probe(When::Always, |run| match run {
            0 => Behaviour::Panic,
            1 => Behaviour::Fail,
            _ => Behaviour::Stay,
        });
        let task = tokio::spawn(supervise(Arc::clone(&probe) as Arc<dyn Controller>, context.clone()));
        while probe.runs.load(Ordering::SeqCst) < 3 {
            probe.begun.notified().await;
        }
        context.stop.cancel();
        assert_eq!(task.await.unwrap(), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_keeps_failing_is_given_up() {
        let (_leadership, _leader, context) = scene();
        let probe = probe(When::Always, |_| Behaviour::Fail);
        let outcome = supervise(Arc::clone(&probe) as Arc<dyn Controller>, context).await;
        assert_eq!(outcome.unwrap_err().why, "no luck");
        assert_eq!(probe.runs.load(Ordering::SeqCst), MOST_FAILURES);
    }

    #[tokio::test]
    async fn one_for_leaders_runs_in_each_term_and_never_between_them() {
        let (leadership, _leader, context) = scene();
        let probe = probe(When::Leading, |_| Behaviour::Stay);
        let task = tokio::spawn(supervise(Arc::clone(&probe) as Arc<dyn Controller>, context.clone()));
        tokio::task::yield_now().await;
        assert_eq!(probe.runs.load(Ordering::SeqCst), 0);
        for term in 1..=2 {
            leadership.begin(term, Instant::now() + GRACE * 100);
            probe.begun.notified().await;
            leadership.end();
        }
        assert_eq!(probe.runs.load(Ordering::SeqCst), 2);
        context.stop.cancel();
        assert_eq!(task.await.unwrap(), Ok(()));
    }
}
