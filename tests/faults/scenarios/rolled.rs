//! A rolling restart: each replica in turn is told to end, ends with code 0, and is followed by a new one.

use super::scenario;
use crate::cluster::{Cluster, REPLICAS};
use crate::load::Load;
use crate::report::Fault;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_fails_nothing() {
    let inflict = async |cluster: &mut Cluster, _: &Load| {
        let began = Instant::now();
        for number in 0..REPLICAS {
            cluster.end(number).await;
            cluster.start_again(number).await;
        }
        Fault::since(began)
    };
    scenario("All replicas rolled one by one (SIGTERM)", inflict, |_, _| false).await;
}
