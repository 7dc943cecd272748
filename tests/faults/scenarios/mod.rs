//! One fault a file.

mod answers_lost;
mod ended_while_behind;
mod ended_without_database;
mod keys_rotated;
mod migrated;
mod postgres_frozen;
mod postgres_restarted;
mod redis_gone;
mod refreshed_at_once;
mod replica_killed;
mod rolled;
mod seen_by_others;

use crate::cluster::Cluster;
use crate::cluster::manifests::STEADY_KEYS;
use crate::invariants;
use crate::load::Load;
use crate::load::record::{Failure, Record};
use crate::report::{self, Fault};
use std::time::Duration;

/// So many requests that need the database succeed before a fault, and again after it.
const STEADY: usize = 150;

/// An act of the store is given up after this long (docs/storage.md).
const STORE_DEADLINE: Duration = Duration::from_secs(3);

/// A request needs several acts of the store; as many of them as may wait before the others are refused, and as long again for a busy machine.
const LONGEST: Duration = STORE_DEADLINE.saturating_mul(4);

/// One act every half second tries whether the database is back, and may take its deadline: three times that.
const RECOVERY: Duration = Duration::from_millis(3 * (500 + 3000));

/// Brings about a fault under load and looks at everything afterwards. `excused` says which failures `docs/failure.md` allows.
async fn scenario(name: &str, inflict: impl AsyncFnOnce(&mut Cluster, &Load) -> Fault, excused: impl Fn(&Record, &Fault) -> bool) {
    let mut cluster = Cluster::start(STEADY_KEYS).await;
    let load = Load::start(&cluster.origin);
    load.world.records.succeed(STEADY).await;
    let fault = inflict(&mut cluster, &load).await;
    load.world.records.succeed(STEADY).await;
    finish(name, cluster, load, fault, excused).await;
}

/// Ends the load, looks at everything, prints the table, ends the replicas, judges.
async fn finish(name: &str, cluster: Cluster, load: Load, fault: Fault, excused: impl Fn(&Record, &Fault) -> bool) {
    let world = load.stop().await;
    let looked_at = invariants::check(&world).await;
    print!("{}", report::table(name, &world, &fault, &looked_at));
    cluster.stop();
    report::judge(&world, &fault, |record| excused(record, &fault));
}

/// Without the database: what needs no row goes on, the rest is *unavailable*, soon, and for no longer than it takes to notice that the database is back.
/// A public client's refresh whose answer was lost is repeated within its grace (decision 0007), so no family is lost.
fn database_was_away(record: &Record, fault: &Fault) -> bool {
    match &record.failure {
        Some(Failure::Unavailable) => !record.act.goes_on_without_rows() && fault.touches(record, RECOVERY) && record.took <= LONGEST,
        _ => false,
    }
}
