//! Signing keys take turns ten times while a relying party goes by the copy of the JWKS that it may keep.

use super::finish;
use crate::cluster::Cluster;
use crate::load::Load;
use crate::report::Fault;
use std::time::{Duration, Instant};

/// A key signs for five seconds. It is published four seconds before, and a copy of the JWKS may be kept for half of that.
const HASTY_KEYS: &str = "{algorithms: [ES256], rotateEvery: 5s, overlap: 4s}";
const ROTATIONS: usize = 10;
/// Three times what they take by schedule.
const PATIENCE: Duration = Duration::from_secs(150);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_rotations_invalidate_no_signature() {
    let cluster = Cluster::start(HASTY_KEYS).await;
    let began = Instant::now();
    let load = Load::start(&cluster.origin);
    let mut seen = load.world.party.keys_seen();
    tokio::time::timeout(PATIENCE, seen.wait_for(|keys| *keys > ROTATIONS))
        .await
        .expect("the keys take turns")
        .unwrap();
    let fault = Fault::since(began);
    finish("Ten rotations of the signing keys", cluster, load, fault, |_, _| false).await;
}
