//! Redis is a cache and nothing more: killed, or stopped where it is, it costs time and no request.

use super::{STEADY, finish};
use crate::cluster::manifests::STEADY_KEYS;
use crate::cluster::{Cluster, REPLICAS};
use crate::load::Load;
use crate::report::Fault;
use std::time::{Duration, Instant};

const FROZEN_FOR: Duration = Duration::from_secs(10);

/// As many requests of the mix as may be under way at once (`load::Pace`): so many may find out for themselves that Redis hangs.
const AT_ONCE: u64 = 36;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_killed_and_started_again() {
    without_redis("Redis killed (SIGKILL), started again", async |cluster, load| {
        cluster.cache.as_ref().unwrap().kill();
        load.world.records.succeed(STEADY).await;
        cluster.cache.as_ref().unwrap().start_again();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_hangs_for_ten_seconds() {
    without_redis("Redis frozen (SIGSTOP) for 10 s", async |cluster, _| {
        cluster.cache.as_ref().unwrap().freeze();
        tokio::time::sleep(FROZEN_FOR).await;
        cluster.cache.as_ref().unwrap().thaw();
    })
    .await;
}

/// Nothing fails. Only requests that were under way wait for Redis; later ones do not ask it. Afterwards it is used again.
async fn without_redis(name: &str, inflict: impl AsyncFnOnce(&Cluster, &Load)) {
    let cluster = Cluster::start(STEADY_KEYS).await;
    cluster.caches_are_used().await;
    let load = Load::start(&cluster.origin);
    load.world.records.succeed(STEADY).await;
    let (failed, resting) = (cluster.caches_said("failed").await, cluster.caches_said("resting").await);
    let began = Instant::now();
    inflict(&cluster, &load).await;
    let fault = Fault::since(began);
    let (hits, waited, refrained) = (
        cluster.caches_said("hit").await,
        more(&cluster.caches_said("failed").await, &failed),
        more(&cluster.caches_said("resting").await, &resting),
    );
    cluster.caches_say("hit", &hits).await;
    let used_again = fault.ended().elapsed();
    load.world.records.succeed(STEADY).await;
    let records = load.world.records.clone();
    finish(name, cluster, load, fault.clone(), |_, _| false).await;

    let median_of = |within: &dyn Fn(Instant) -> bool| {
        let mut took: Vec<Duration> = records
            .all()
            .iter()
            .filter(|record| within(record.started))
            .map(|record| record.took)
            .collect();
        took.sort();
        (took[took.len() / 2], took[took.len() - 1])
    };
    let (before, worst_before) = median_of(&|started| started < began);
    let (during, worst) = median_of(&|started| started >= began && started < fault.ended());
    println!(
        "half of the requests took less than {during:?} meanwhile ({before:?} before), the slowest {worst:?} ({worst_before:?} before)\n\
         calls of each replica that waited for Redis in vain: {waited:?}; that did not ask it: {refrained:?}; \
         all replicas used it again {used_again:?} after it was back"
    );
    for replica in 0..REPLICAS {
        assert!(
            waited[replica] <= AT_ONCE && refrained[replica] > 0,
            "replica {replica} goes on asking: {waited:?} {refrained:?}"
        );
    }
}

fn more(now: &[u64], before: &[u64]) -> Vec<u64> {
    now.iter().zip(before).map(|(now, before)| now - before).collect()
}
