//! The replicas' Redis, and what their metrics say of it.

use super::{Cluster, REPLICAS};
use crate::load::agent::Agent;
use crate::load::ledger::Website;
use crate::load::people::log_in_for_tokens;
use crate::load::programs::refresh_once;
use crate::load::record::Records;
use crate::redis::{self, Options, Redis};
use std::time::Duration;

/// A role with the rights that docs/storage.md names, and no more.
const RIGHTS: &str = "~nauthera:* +ping +get +set +incrby +pexpire";
/// A replica asks the cache once it was told of changes for 40 s (docs/storage.md); three times that for a busy machine.
const WARM_WITHIN: Duration = Duration::from_secs(120);
/// Between two looks at what others do.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub fn start() -> Redis {
    redis::start_with(Options {
        password: Some("of-the-tests"),
        user: Some(("server", "of-the-servers", RIGHTS)),
        ..Options::default()
    })
}

impl Cluster {
    /// How often a replica's cache said so: `hit`, `failed`, `resting`, …
    pub async fn cache_said(&self, number: usize, outcome: &str) -> u64 {
        let url = format!("http://{}/metrics", self.addresses[number].unwrap());
        let text = reqwest::get(url).await.unwrap().text().await.unwrap();
        let label = format!("outcome=\"{outcome}\"");
        let counts = text
            .lines()
            .filter(|line| line.starts_with("nauthera_cache_total{") && line.contains(&label));
        counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// The same of each replica.
    pub async fn caches_said(&self, outcome: &str) -> Vec<u64> {
        futures::future::join_all((0..REPLICAS).map(|number| self.cache_said(number, outcome))).await
    }

    /// Completes when each replica's cache has said so more often than it had.
    pub async fn caches_say(&self, outcome: &str, than: &[u64]) {
        let said = async {
            while self.caches_said(outcome).await.iter().zip(than).any(|(now, before)| now <= before) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(WARM_WITHIN, said)
            .await
            .unwrap_or_else(|_| panic!("not every cache says {outcome}"));
    }

    /// Completes when each replica has answered by what lay in the cache.
    pub async fn caches_are_used(&self) {
        let agent = Agent::new(&self.origin, Records::default());
        let family = log_in_for_tokens(&agent, &super::manifests::person(0), &Website::office())
            .await
            .unwrap();
        let use_it = async {
            loop {
                refresh_once(&agent, &family).await.unwrap();
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            () = self.caches_say("hit", &[0; REPLICAS]) => {}
            () = use_it => {}
        }
    }
}
