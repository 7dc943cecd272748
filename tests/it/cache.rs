//! The cache that servers share, on real Redis servers.

mod answers;
mod kept_back;
mod outage;
mod staleness;
mod topologies;

use crate::support::redis::Redis;
use nauthera::jose::cache_key::CacheKey;
use nauthera::store::cache::redis::RedisCache;
use nauthera::store::cache::{Cache, CacheResult, CacheSettings, Vault};
use nauthera::store::{CacheTimes, Reads, Store, StoreSettings, open};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Nothing here takes this long, unless it never happens.
const NEVER: Duration = Duration::from_secs(60);

const LONG: Duration = Duration::from_secs(600);

/// Patient: these tests are not about time.
fn settings(url: &str) -> CacheSettings {
    CacheSettings {
        deadline: Duration::from_secs(20),
        ..CacheSettings::new(url)
    }
}

async fn opened(settings: &CacheSettings) -> RedisCache {
    let cache = RedisCache::open(settings).unwrap();
    tokio::time::timeout(NEVER, cache.answers()).await.expect("it answers");
    cache
}

async fn cache_of(server: &Redis) -> RedisCache {
    opened(&settings(&server.url())).await
}

/// What every cache must do, whatever the way to it.
async fn does_what_a_cache_must(cache: &dyn Cache) {
    assert_eq!(cache.get("one").await, Ok(None));
    cache.put("one", b"\0value\xff", LONG).await.unwrap();
    assert_eq!(cache.get("one").await.unwrap().as_deref(), Some(b"\0value\xff".as_slice()));
    cache.put("one", b"", LONG).await.unwrap();
    assert_eq!(
        cache.get("one").await.unwrap().as_deref(),
        Some(b"".as_slice()),
        "the last one counts"
    );
    let names: Vec<String> = (0..50).map(|number| format!("counter {number}")).collect();
    let amounts: Vec<(String, u64)> = names.iter().cloned().zip(1..).collect();
    let totals = |factor: u64| (1..=50).map(|amount| amount * factor).collect::<Vec<u64>>();
    assert_eq!(cache.add(&amounts, LONG).await, Ok(totals(1)));
    assert_eq!(cache.add(&amounts, LONG).await, Ok(totals(2)));
    assert_eq!(cache.add(&[], LONG).await, Ok(vec![]));
}

async fn becomes<T: PartialEq>(wanted: &CacheResult<T>, mut ask: impl AsyncFnMut() -> CacheResult<T>) {
    let asked = async {
        while ask().await != *wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(NEVER, asked).await.expect("the cache comes to say so");
}

/// Nothing ages: only what is heard makes an entry useless.
const TIMES: CacheTimes = CacheTimes {
    ttl: Duration::from_secs(1_000_000),
    unchanging_ttl: Duration::from_secs(1_000_000),
    warm_up: Duration::ZERO,
    memory: Duration::from_secs(3600),
};

/// The key that servers of one database share.
struct Key(CacheKey);

impl Vault for Key {
    fn name(&self, kind: &str, id: &[u8]) -> Option<String> {
        Some(self.0.name(kind, id))
    }

    fn seal(&self, name: &str, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.seal(name, plain)
    }

    fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open(name, sealed)
    }
}

struct Server {
    store: Arc<dyn Store>,
    reads: Reads,
}

impl Server {
    async fn start(database: &str, cache: &RedisCache) -> Self {
        let store = open(&StoreSettings::new(database)).await.unwrap();
        let mut notices = store.notices();
        let told = notices.wait_for(|notices| notices.told);
        tokio::time::timeout(NEVER, told).await.expect("it listens").unwrap();
        let key = Key(CacheKey::derive(&[7; 32]).unwrap());
        let reads = Reads::cached(Arc::clone(&store), Arc::new(cache.clone()), Arc::new(key), TIMES);
        Self { store, reads }
    }
}
