//! A replica is told to end while PostgreSQL hangs: it ends with code 0, in a time that is bounded, and loses no request that others would have answered.

use super::{database_was_away, scenario};
use crate::cluster::{Cluster, DRAIN_SECONDS};
use crate::load::Load;
use crate::report::Fault;
use nauthera::operator::settings::ENDS_WITHIN_SECONDS;
use std::time::{Duration, Instant};

/// What a pod is given to end, after which it would be killed.
const ENDS_WITHIN: Duration = Duration::from_secs(ENDS_WITHIN_SECONDS as u64 + DRAIN_SECONDS);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_ends_though_postgresql_hangs() {
    let inflict = async |cluster: &mut Cluster, _: &Load| {
        let began = Instant::now();
        cluster.postgres.freeze();
        cluster.end(0).await;
        let took = began.elapsed();
        cluster.postgres.thaw();
        let fault = Fault::since(began);
        assert!(took < ENDS_WITHIN, "{took:?}");
        cluster.start_again(0).await;
        fault
    };
    scenario("A replica told to end (SIGTERM) while PostgreSQL hangs", inflict, database_was_away).await;
}
