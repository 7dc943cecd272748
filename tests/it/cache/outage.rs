//! A cache that is not there, goes, or hangs.

use super::{LONG, becomes, cache_of, opened, settings};
use crate::support::redis;
use futures::future::join_all;
use nauthera::store::cache::redis::RedisCache;
use nauthera::store::cache::{Cache, CacheFault, CacheSettings};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_never_there_keeps_nobody_waiting_and_is_used_when_it_comes() {
    let server = redis::start();
    server.kill();
    let cache = RedisCache::open(&settings(&server.url())).unwrap();
    assert_eq!(cache.get("x").await, Err(CacheFault::Resting));
    server.start_again();
    becomes(&Ok(None), async || cache.get("x").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_killed_and_comes_back_is_used_again() {
    let server = redis::start();
    let cache = cache_of(&server).await;
    cache.put("x", b"y", LONG).await.unwrap();
    server.kill();
    assert!(matches!(cache.get("x").await, Err(CacheFault::Failed(_))));
    assert_eq!(cache.get("x").await, Err(CacheFault::Resting));
    server.start_again();
    becomes(&Ok(None), async || cache.get("x").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_costs_whoever_asks_just_then_a_deadline_and_nobody_after_them() {
    let server = redis::start();
    let cache = opened(&CacheSettings {
        deadline: Duration::from_secs(1),
        ..settings(&server.url())
    })
    .await;
    cache.put("x", b"y", LONG).await.unwrap();
    server.freeze();
    let asked = join_all((0..20).map(|_| cache.get("x"))).await;
    let failed = asked.iter().filter(|answer| matches!(answer, Err(CacheFault::Failed(_)))).count();
    assert_eq!(failed, 20, "{asked:?}");
    // However often the background looks, nobody waits for it.
    for _ in 0..1000 {
        assert_eq!(cache.get("x").await, Err(CacheFault::Resting));
    }
    server.thaw();
    becomes(&Ok(Some(b"y".to_vec())), async || cache.get("x").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_full_refuses_what_is_new_and_still_tells_what_it_has() {
    let server = redis::start();
    let cache = cache_of(&server).await;
    cache.put("x", b"y", LONG).await.unwrap();
    server.ask(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).unwrap();
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    assert!(matches!(cache.put("z", b"y", LONG).await, Err(CacheFault::Failed(_))));
    assert_eq!(cache.get("x").await, Ok(Some(b"y".to_vec())));
}
