//! PostgreSQL is restarted: as an administrator does it, and after a crash.

use super::{database_was_away, scenario};
use crate::cluster::Cluster;
use crate::load::Load;
use crate::report::Fault;
use std::time::Instant;

async fn restarted(name: &str, how: &str) {
    let inflict = async |cluster: &mut Cluster, _: &Load| {
        let began = Instant::now();
        cluster.postgres.restart(how);
        Fault::since(began)
    };
    scenario(name, inflict, database_was_away).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_is_restarted() {
    restarted("PostgreSQL restarted (fast)", "fast").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_crashes_and_recovers() {
    restarted("PostgreSQL crashed (immediate) and started again", "immediate").await;
}
