//! What may be read from the cache instead of the store, and when it may.
//!
//! The cache is asked only while the store tells of changes and has told long enough, and not for what it told of lately. An entry is no older
//! than the TTL by the time at which the store was asked for it. So whatever a change made stale is of no use to a server that heard of the change, and a
//! server that may have missed one asks the store: nothing has to be taken out of the cache for that, and a cache that comes back with old entries harms nobody.

use super::cache::{Cache, CachedSession, CachedUser, Entry, Vault};
use super::notices::Heard;
use super::records::{SessionRecord, UserRecord};
use super::{Store, StoreResult};
use crate::oauth::ids::UserId;
use crate::oauth::opaque::TokenHash;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

/// How long entries count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheTimes {
    /// An entry may be used for so long after the store was asked for it
    pub ttl: Duration,
    /// The same, of what never changes
    pub unchanging_ttl: Duration,
    /// The cache is asked when the store has told of changes for so long without a gap
    pub warm_up: Duration,
    /// What changed is asked of the store for so long. At most [`Heard::MEMORY`]
    pub memory: Duration,
}

impl CacheTimes {
    /// Those of a server.
    pub const USUAL: Self = Self::of(Duration::from_secs(20));

    /// A change is remembered for longer than an entry counts that was read before it, and for as much again: clocks differ.
    const fn of(ttl: Duration) -> Self {
        let twice = ttl.saturating_add(ttl);
        Self {
            ttl,
            unchanging_ttl: Duration::from_secs(300),
            warm_up: twice,
            memory: twice,
        }
    }
}

/// Reads by way of the cache, if there is one. Cheap to clone.
#[derive(Clone)]
pub struct Reads {
    store: Arc<dyn Store>,
    cached: Option<Arc<Cached>>,
}

struct Cached {
    cache: Arc<dyn Cache>,
    vault: Arc<dyn Vault>,
    heard: Heard,
    times: CacheTimes,
}

impl Reads {
    /// Reads from the store alone.
    pub fn uncached(store: Arc<dyn Store>) -> Self {
        Self { store, cached: None }
    }

    /// Reads by way of a cache.
    pub fn cached(store: Arc<dyn Store>, cache: Arc<dyn Cache>, vault: Arc<dyn Vault>, times: CacheTimes) -> Self {
        let heard = store.heard();
        Self {
            store,
            cached: Some(Arc::new(Cached {
                cache,
                vault,
                heard,
                times,
            })),
        }
    }

    /// As [`super::Sessions::session_by_token`].
    ///
    /// # Errors
    /// As there.
    pub async fn session_by_token(&self, token: &TokenHash, now: Timestamp) -> StoreResult<Option<SessionRecord>> {
        let Some(cached) = &self.cached else {
            return self.store.session_by_token(token, now).await;
        };
        let asked = cached
            .read::<CachedSession>("session", token.as_bytes(), now, Changes::AreTold)
            .await;
        if let Some(session) = asked.value {
            let session = session.record(token);
            return Ok((session.expires_at > now).then_some(session));
        }
        let found = self.store.session_by_token(token, now).await?;
        if let (Some(session), Some(name)) = (&found, asked.name) {
            cached.write(&name, now, CachedSession::from(session), Changes::AreTold).await;
        }
        Ok(found)
    }

    /// As [`super::Users::user`].
    ///
    /// # Errors
    /// As there.
    pub async fn user(&self, id: &UserId, now: Timestamp) -> StoreResult<Option<UserRecord>> {
        let Some(cached) = &self.cached else {
            return self.store.user(id).await;
        };
        let key = id.as_str().as_bytes();
        let asked = cached.read::<CachedUser>("user", key, now, Changes::AreTold).await;
        if let Some(user) = asked.value {
            return Ok(Some(user.record(id)));
        }
        let found = self.store.user(id).await?;
        if let (Some(user), Some(name)) = (&found, asked.name) {
            cached.write(&name, now, CachedUser::from(user), Changes::AreTold).await;
        }
        Ok(found)
    }

    /// As [`super::Revocations::reference_token`]. What a token says never changes, so it does not matter what was heard; whether it still holds is asked elsewhere.
    ///
    /// # Errors
    /// As there.
    pub async fn reference_token(&self, token: &TokenHash, now: Timestamp) -> StoreResult<Option<serde_json::Value>> {
        let Some(cached) = &self.cached else {
            return self.store.reference_token(token, now).await;
        };
        let asked = cached
            .read::<serde_json::Value>("token", token.as_bytes(), now, Changes::Never)
            .await;
        if asked.value.is_some() {
            return Ok(asked.value);
        }
        let found = self.store.reference_token(token, now).await?;
        if let (Some(claims), Some(name)) = (&found, asked.name) {
            cached.write(&name, now, claims.clone(), Changes::Never).await;
        }
        Ok(found)
    }
}

/// Whether a thing may change.
#[derive(Clone, Copy)]
enum Changes {
    /// And then the store tells
    AreTold,
    Never,
}

/// What the cache said.
struct Asked<T> {
    value: Option<T>,
    /// Where the store's answer should go; `None` if nowhere
    name: Option<String>,
}

impl Cached {
    fn ttl(&self, changes: Changes) -> Duration {
        match changes {
            Changes::AreTold => self.times.ttl,
            Changes::Never => self.times.unchanging_ttl,
        }
    }

    async fn read<T: Serialize + DeserializeOwned>(&self, kind: &str, id: &[u8], now: Timestamp, changes: Changes) -> Asked<T> {
        let Some(name) = self.vault.name(kind, id) else {
            return Asked { value: None, name: None };
        };
        let is_current = || match changes {
            Changes::Never => true,
            Changes::AreTold => self.heard.is_unchanged(id, self.times.warm_up, self.times.memory),
        };
        if !is_current() {
            return Asked {
                value: None,
                name: Some(name),
            };
        }
        match self.cache.get(&name).await {
            // It does not answer, and will not take anything either.
            Err(_) => Asked { value: None, name: None },
            Ok(sealed) => {
                let opened = sealed.and_then(|sealed| self.vault.open(&name, &sealed));
                let ttl = SignedDuration::try_from(self.ttl(changes)).unwrap_or(SignedDuration::ZERO);
                let value = opened.and_then(|plain| Entry::read(&plain, ttl, now));
                // Asked again: something may have been told meanwhile.
                let value = value.filter(|_| is_current());
                Asked { value, name: Some(name) }
            }
        }
    }

    async fn write<T: Serialize + DeserializeOwned>(&self, name: &str, asked_at: Timestamp, value: T, changes: Changes) {
        let sealed = Entry::write(asked_at, value).and_then(|plain| self.vault.seal(name, &plain));
        if let Some(sealed) = sealed {
            // What cannot be kept is asked of the store next time.
            let _ = self.cache.put(name, &sealed, self.ttl(changes)).await;
        }
    }
}
