//! A replica is killed without a warning, and another one takes its place.

use super::scenario;
use crate::cluster::Cluster;
use crate::load::Load;
use crate::load::record::{Failure, Record};
use crate::report::Fault;
use std::time::{Duration, Instant};

/// Only what was under way at it fails, or was sent to it before the balancer noticed: with a lost connection.
fn replica_was_there(record: &Record, fault: Fault) -> bool {
    record.failure == Some(Failure::Connection) && fault.touches(record, Duration::ZERO)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_killed_and_started_again() {
    let inflict = async |cluster: &mut Cluster, load: &Load| {
        let began = Instant::now();
        cluster.kill(1).await;
        let fault = Fault::since(began);
        load.world.records.succeed(30).await;
        cluster.start_again(1).await;
        fault
    };
    scenario("A replica killed (SIGKILL) and started again", inflict, replica_was_there).await;
}
