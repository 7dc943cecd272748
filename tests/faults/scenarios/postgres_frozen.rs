//! PostgreSQL takes connections and says nothing: all its processes are stopped for ten seconds.

use super::{STORE_DEADLINE, database_was_away, finish};
use crate::cluster::Cluster;
use crate::cluster::manifests::STEADY_KEYS;
use crate::load::Load;
use crate::load::record::{Failure, Record};
use crate::report::Fault;
use std::time::{Duration, Instant};

const FROZEN_FOR: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_hangs_for_ten_seconds() {
    let cluster = Cluster::start(STEADY_KEYS).await;
    let load = Load::start(&cluster.origin);
    load.world.records.succeed(super::STEADY).await;
    let began = Instant::now();
    cluster.postgres.freeze();
    tokio::time::sleep(FROZEN_FOR).await;
    cluster.postgres.thaw();
    let fault = Fault::since(began);
    load.world.records.succeed(super::STEADY).await;
    let records = load.world.records.clone();
    finish("PostgreSQL frozen for 10 s", cluster, load, fault.clone(), database_was_away).await;

    // Once a few acts have waited for their deadline, the others do not.
    let breaker_is_open = began + STORE_DEADLINE + Duration::from_secs(1);
    let mut refused: Vec<Duration> = records
        .all()
        .iter()
        .filter(|record| is_refused(record) && record.started > breaker_is_open && record.started < fault.ended())
        .map(|record| record.took)
        .collect();
    refused.sort();
    let median = refused[refused.len() / 2];
    println!(
        "of {} requests that were refused from the fifth second on, half took less than {median:?}",
        refused.len()
    );
    assert!(median < STORE_DEADLINE / 3, "{refused:?}");
}

fn is_refused(record: &Record) -> bool {
    record.failure == Some(Failure::Unavailable)
}
