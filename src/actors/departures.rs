//! Ends what deleted clients were given: a configuration names them, the store ends their grants, until it worked.

use super::restart::jitter;
use crate::config::snapshot::Snapshot;
use crate::oauth::ids::ClientId;
use crate::store::{Store, StoreResult};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;

const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// Rows that one act of the store may end: small enough to be over within its deadline.
const BATCH: u32 = 1_000;

/// Clients whose grants have yet to end, each with the time up to which. Outlives a restart of the actor that notes them.
pub(super) struct Departures(watch::Sender<BTreeMap<ClientId, Timestamp>>);

impl Departures {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }

    /// A configuration comes in force: whoever it names and the one before did not has departed now.
    pub(super) fn note(&self, before: Option<&Snapshot>, new: &Snapshot, now: Timestamp) {
        let known = |id: &ClientId| before.is_some_and(|before| before.departed.contains(id));
        let fresh: Vec<ClientId> = new.departed.iter().filter(|id| !known(id)).cloned().collect();
        if !fresh.is_empty() {
            self.0.send_modify(|pending| pending.extend(fresh.into_iter().map(|id| (id, now))));
        }
    }

    /// Completes when no client's grants have yet to end.
    pub(super) async fn settled(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.subscribe().wait_for(BTreeMap::is_empty).await;
    }

    /// Ends grants as clients depart. Never returns.
    pub(super) async fn run(&self, store: &dyn Store) {
        let mut changes = self.0.subscribe();
        let mut failures = 0_u32;
        loop {
            let next = changes
                .borrow_and_update()
                .first_key_value()
                .map(|(client, until)| (client.clone(), *until));
            let Some((client, until)) = next else {
                if changes.changed().await.is_err() {
                    return;
                }
                continue;
            };
            match end(store, &client, until).await {
                Ok(ended) => {
                    failures = 0;
                    tracing::info!(client = client.as_str(), ended, "a deleted client's grants have ended");
                    // If it was noted again meanwhile, its new grants have to end too.
                    self.0.send_modify(|pending| {
                        if pending.get(&client) == Some(&until) {
                            pending.remove(&client);
                        }
                    });
                }
                Err(fault) => {
                    let pause = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_RETRY);
                    let pause = pause + pause.saturating_mul(u32::from(jitter())) / 510;
                    failures = failures.saturating_add(1);
                    tracing::warn!(client = client.as_str(), %fault, retry_in = ?pause, "a deleted client's grants could not be ended");
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

async fn end(store: &dyn Store, client: &ClientId, until: Timestamp) -> StoreResult<u64> {
    let mut ended = 0;
    loop {
        match store.end_grants_of_client(client, until, BATCH).await? {
            0 => return Ok(ended),
            more => ended += more,
        }
    }
}
