//! A replica is killed without a warning, and another one takes its place; and so the next.

use super::scenario;
use crate::cluster::{Cluster, REPLICAS};
use crate::load::Load;
use crate::load::record::{Failure, Record};
use crate::report::Fault;
use std::time::{Duration, Instant};

/// Only what was under way at it fails, or was sent to it before the balancer noticed: with a lost connection.
fn replica_was_there(record: &Record, fault: &Fault) -> bool {
    record.failure == Some(Failure::Connection) && fault.touches(record, Duration::ZERO)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_are_killed_and_started_again() {
    let inflict = async |cluster: &mut Cluster, load: &Load| {
        let mut faults = Vec::new();
        for number in 0..REPLICAS {
            let began = Instant::now();
            cluster.kill(number).await;
            faults.push(Fault::since(began));
            load.world.records.succeed(30).await;
            cluster.start_again(number).await;
        }
        Fault::all(faults)
    };
    scenario("Each replica killed (SIGKILL) and started again", inflict, replica_was_there).await;
}
