//! Two servers with one Redis: one budget for both; and without it, one for each.

use crate::support::redis;
use crate::support::site::*;
use nauthera::config::rate::Rate;
use nauthera::store::Store;
use nauthera::store::cache::CacheSettings;
use nauthera::store::cache::redis::RedisCache;
use nauthera::store::sqlite::SqliteStore;
use std::sync::Arc;
use std::time::Duration;

const BURST: u32 = 60;

async fn site(url: &str, store: &Arc<dyn Store>) -> Site {
    let cache = RedisCache::open(&CacheSettings::new(url)).unwrap();
    let setting = Setting {
        proxies: "1".parse().unwrap(),
        shared: Some((Arc::clone(store), Arc::new(cache))),
        ..Setting::default()
    };
    Site::start_as(setting, |configuration| {
        configuration.rate_limits.per_address = Some(Rate::new(1, Duration::from_secs(3600), BURST).unwrap());
    })
    .await
}

/// How many requests a server lets through before it refuses one, at 25 a second or fewer.
async fn let_through(site: &Site, address: &'static str) -> u32 {
    let browser = Browser::behind_proxies(&site.origin, address);
    for number in 0..=BURST {
        if browser.get("/jwks").await.status == 429 {
            return number;
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    panic!("more than {BURST} were let through");
}

#[actix_rt::test]
async fn two_servers_share_one_budget_and_each_goes_on_by_itself_without_redis() {
    let redis = redis::start();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let (first, second) = (site(&redis.url(), &store).await, site(&redis.url(), &store).await);
    assert_eq!(let_through(&first, "192.0.2.1").await, BURST);
    let more = let_through(&second, "192.0.2.1").await;
    assert!(more < BURST, "the second server knew nothing of the first: {more}");
    assert!(
        let_through(&second, "192.0.2.2").await > more,
        "another address has a budget of its own"
    );
    let names = redis.ask(&["KEYS", "*"]).unwrap();
    assert!(names.starts_with("nauthera:") && !names.contains("192.0.2"), "{names}");

    redis.kill();
    assert_eq!(let_through(&first, "192.0.2.3").await, BURST);
    assert_eq!(let_through(&second, "192.0.2.3").await, BURST);

    redis.start_again();
    let _ = let_through(&first, "192.0.2.4").await;
    assert!(let_through(&second, "192.0.2.4").await < BURST, "Redis is back, and nobody asks it");
    first.stop().await;
    second.stop().await;
}
