//! Counts what a cache was asked, and what it said.

use crate::store::cache::{Cache, CacheFault, CacheResult};
use crate::telemetry::metrics::Metrics;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// A cache, and its counters.
pub struct MeteredCache {
    cache: Arc<dyn Cache>,
    metrics: Metrics,
}

impl MeteredCache {
    /// Counts what goes to `cache`.
    pub fn new(cache: Arc<dyn Cache>, metrics: Metrics) -> Self {
        Self { cache, metrics }
    }

    fn count<T>(&self, operation: &'static str, outcome: CacheResult<T>, answered: impl FnOnce(&T) -> &'static str) -> CacheResult<T> {
        let word = match &outcome {
            Ok(answer) => answered(answer),
            Err(CacheFault::Resting) => "resting",
            Err(CacheFault::Failed(_)) => "failed",
        };
        self.metrics.cache(operation, word);
        outcome
    }
}

#[async_trait]
impl Cache for MeteredCache {
    async fn get(&self, name: &str) -> CacheResult<Option<Vec<u8>>> {
        let outcome = self.cache.get(name).await;
        self.count("get", outcome, |found| if found.is_some() { "hit" } else { "miss" })
    }

    async fn put(&self, name: &str, value: &[u8], ttl: Duration) -> CacheResult<()> {
        let outcome = self.cache.put(name, value, ttl).await;
        self.count("put", outcome, |()| "done")
    }

    async fn add(&self, amounts: &[(String, u64)], ttl: Duration) -> CacheResult<Vec<u64>> {
        let outcome = self.cache.add(amounts, ttl).await;
        self.count("add", outcome, |_| "done")
    }
}
