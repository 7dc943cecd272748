//! Answers are lost between the replicas and their clients: what was done is done, and the client does not know.

use super::scenario;
use crate::cluster::Cluster;
use crate::load::Load;
use crate::load::record::{Failure, Record};
use crate::report::Fault;
use std::time::{Duration, Instant};

const ONE_IN: usize = 10;
/// So many requests that need the database succeed meanwhile.
const MEANWHILE: usize = 300;

/// A lost answer is a lost connection. A refresh may be repeated once: who loses two answers in a row has to log in again.
fn answer_was_lost(record: &Record, fault: &Fault) -> bool {
    match &record.failure {
        Some(Failure::Connection) => fault.touches(record, Duration::ZERO),
        Some(Failure::LostInDoubt) => record.earlier.count > 1,
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tenth_answer_is_lost() {
    let inflict = async |cluster: &mut Cluster, load: &Load| {
        let began = Instant::now();
        cluster.lose_one_answer_in(ONE_IN);
        load.world.records.succeed(MEANWHILE).await;
        cluster.lose_one_answer_in(0);
        // What is lost at this moment may be told a moment later.
        load.world.records.succeed(1).await;
        Fault::since(began)
    };
    scenario("Every tenth answer lost on its way", inflict, answer_was_lost).await;
}
