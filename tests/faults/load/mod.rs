//! A steady mix of requests, sent at a pace of its own whatever becomes of those before, within bounds.

pub mod agent;
pub mod ledger;
pub mod people;
pub mod programs;
pub mod record;
pub mod relying_party;

use agent::Agent;
use ledger::Ledger;
use record::{Failure, Records};
use relying_party::RelyingParty;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;

/// How often one kind of work begins, and how much of it may be under way: a machine that is too slow for the pace gets less, not ever more.
struct Pace {
    every: Duration,
    at_once: usize,
}

const VISITS: Pace = Pace::new(250, 4);
const REFRESHES: Pace = Pace::new(60, 16);
const SERVICES: Pace = Pace::new(30, 16);

impl Pace {
    const fn new(millis: u64, at_once: usize) -> Self {
        Self {
            every: Duration::from_millis(millis),
            at_once,
        }
    }
}

/// What all workers share.
pub struct World {
    pub agent: Agent,
    pub records: Records,
    pub ledger: Ledger,
    pub party: RelyingParty,
}

/// The mix, while it runs.
pub struct Load {
    pub world: Arc<World>,
    stop: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts the workers.
    pub fn start(origin: &str) -> Self {
        let records = Records::default();
        let world = Arc::new(World {
            agent: Agent::new(origin, records.clone()),
            records,
            ledger: Ledger::default(),
            party: RelyingParty::default(),
        });
        let stop = watch::Sender::new(false);
        let workers = vec![
            tokio::spawn(keep(VISITS, stop.subscribe(), Arc::clone(&world), people::visit)),
            tokio::spawn(keep(REFRESHES, stop.subscribe(), Arc::clone(&world), programs::refresh)),
            tokio::spawn(keep(SERVICES, stop.subscribe(), Arc::clone(&world), programs::serve)),
        ];
        Self { world, stop, workers }
    }

    /// No new requests; waits for those under way.
    pub async fn stop(self) -> Arc<World> {
        self.stop.send_replace(true);
        for worker in self.workers {
            worker.await.unwrap();
        }
        self.world
    }
}

/// Begins `work` at each tick. What it came to is in the records; a panic in it is the test's.
async fn keep<F>(pace: Pace, mut stop: watch::Receiver<bool>, world: Arc<World>, work: impl Fn(Arc<World>, usize) -> F)
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let (mut ticks, mut running, mut number) = (tokio::time::interval(pace.every), JoinSet::new(), 0);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick(), if running.len() < pace.at_once => {
                running.spawn(work(Arc::clone(&world), number));
                number += 1;
            }
            Some(ended) = running.join_next() => {
                let _ = ended.unwrap();
            }
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    while let Some(ended) = running.join_next().await {
        let _ = ended.unwrap();
    }
}
