//! A cache in Redis or Valkey.
//!
//! A few connections that requests share: what several ask at once goes out together. No request waits for a cache that did not answer a
//! moment ago: after the first call that is not answered in time the cache [rests](rest) until a look in the background finds it well.

mod dial;
mod examine;
mod line;
mod rest;

use super::{Cache, CacheFault, CacheResult, CacheSettings};
use async_trait::async_trait;
use bb8::Pool;
use dial::Dial;
pub use examine::{CacheExamination, CacheInfo, examine};
use futures::future::try_join_all;
use line::Line;
use redis::{RedisResult, cmd, pipe};
use rest::Rest;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// Connections of a process. One would carry all; a second keeps cores from waiting for each other.
const LINES: u32 = 2;

/// The cache. Clones share its connections.
#[derive(Clone)]
pub struct RedisCache {
    lines: Pool<Dial>,
    rest: Arc<Rest>,
    prefix: Arc<str>,
    deadline: Duration,
    _looks: Arc<AbortOnDropHandle<()>>,
}

impl RedisCache {
    /// Begins to connect, on the runtime that this is called on, and does not wait for it: until then the cache rests.
    ///
    /// # Errors
    /// [`CacheFault::Failed`] if the settings cannot be meant. A cache that is not there is no error.
    pub fn open(settings: &CacheSettings) -> CacheResult<Self> {
        let rest = Arc::new(Rest::begun());
        let lines = Pool::builder()
            .max_size(LINES)
            .min_idle(LINES)
            .connection_timeout(rest::LOOK_WITHIN)
            // A line knows by itself whether it still counts; this asks it, and not the server.
            .test_on_check_out(true)
            .build_unchecked(Dial::new(settings, Arc::clone(&rest))?);
        let looks = tokio::spawn(rest::look(Arc::clone(&rest), lines.clone()));
        Ok(Self {
            lines,
            rest,
            prefix: settings.prefix.as_str().into(),
            deadline: settings.deadline,
            _looks: Arc::new(AbortOnDropHandle::new(looks)),
        })
    }

    /// Completes when the cache answers. Requests do not wait for that.
    pub async fn answers(&self) {
        self.rest.over().await;
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// One act within the deadline.
    async fn ask<T, F>(&self, act: impl FnOnce(Line) -> F + Send) -> CacheResult<T>
    where
        F: Future<Output = RedisResult<T>> + Send,
    {
        if self.rest.is_on() {
            return Err(CacheFault::Resting);
        }
        let before = self.rest.turn();
        let asked = tokio::time::timeout(self.deadline, async {
            // The line goes back at once, and others use it meanwhile.
            let line = self.lines.get().await.map_err(|error| Some(error.to_string()))?.clone();
            act(line).await.map_err(|error| {
                if rest::is_an_answer(&error) {
                    self.rest.complain(&error);
                    return None;
                }
                Some(error.to_string())
            })
        })
        .await
        .unwrap_or_else(|_| Err(Some(format!("it did not answer within {:?}", self.deadline))));
        asked.map_err(|reason| match reason {
            None => CacheFault::Failed("it refused".to_owned()),
            Some(reason) => {
                self.rest.begin(before, &reason);
                CacheFault::Failed(reason)
            }
        })
    }
}

/// Longer than anything is kept for.
fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, name: &str) -> CacheResult<Option<Vec<u8>>> {
        let get = cmd("GET").arg(self.name(name)).take();
        self.ask(async |mut line: Line| get.query_async(&mut line).await).await
    }

    async fn put(&self, name: &str, value: &[u8], ttl: Duration) -> CacheResult<()> {
        let set = cmd("SET").arg(self.name(name)).arg(value).arg("PX").arg(millis(ttl)).take();
        self.ask(async |mut line: Line| set.query_async(&mut line).await).await
    }

    async fn add(&self, amounts: &[(String, u64)], ttl: Duration) -> CacheResult<Vec<u64>> {
        // One pipeline a counter: in a cluster each may be elsewhere.
        let steps: Vec<_> = amounts
            .iter()
            .map(|(name, amount)| {
                let name = self.name(name);
                let mut step = pipe();
                step.incr(&name, *amount).cmd("PEXPIRE").arg(&name).arg(millis(ttl)).ignore();
                step
            })
            .collect();
        self.ask(async |line: Line| {
            let added = steps.iter().map(|step| {
                let mut line = line.clone();
                async move { step.query_async::<(u64,)>(&mut line).await.map(|(total,)| total) }
            });
            try_join_all(added).await
        })
        .await
    }
}

impl std::fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisCache").finish_non_exhaustive()
    }
}
