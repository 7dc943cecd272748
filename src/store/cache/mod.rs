//! The optional cache beside the store, which several servers share: never the only place of anything, and never the last word.
//!
//! With it gone the servers are slower and not wrong. What may be read from it is decided in [`super::reads`].

mod address;
mod entry;
pub mod redis;
mod vault;

pub use address::{CacheSettings, check_address};
use async_trait::async_trait;
pub(super) use entry::{CachedSession, CachedUser, Entry};
use std::time::Duration;
pub use vault::Vault;

/// Why a cache did not say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CacheFault {
    /// It did not answer a moment ago, so it was not asked
    #[error("the cache did not answer a moment ago")]
    Resting,
    /// It was asked, and did not answer in time, or said no
    #[error("{0}")]
    Failed(String),
}

/// The outcome of asking a cache.
pub type CacheResult<T> = Result<T, CacheFault>;

/// Values that go by themselves. No call waits for longer than a short deadline, and none waits while the cache is known not to answer.
///
/// A fault is never a reason to refuse a request: whoever asks goes on as if nothing were there.
#[async_trait]
pub trait Cache: Send + Sync {
    /// The value of this name.
    async fn get(&self, name: &str) -> CacheResult<Option<Vec<u8>>>;
    /// Keeps a value for so long at most, instead of what was there.
    async fn put(&self, name: &str, value: &[u8], ttl: Duration) -> CacheResult<()>;
    /// Adds to counters that begin at 0 and are gone `ttl` after they were last added to. Returns their new values, in the order given.
    async fn add(&self, amounts: &[(String, u64)], ttl: Duration) -> CacheResult<Vec<u64>>;
}
