//! More servers than one: Redis Sentinel and Redis Cluster.

use super::{LONG, becomes, does_what_a_cache_must, opened, settings};
use crate::support::redis::{self, Options};
use nauthera::store::cache::{Cache, CacheSettings};

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster() {
    let node = || {
        redis::start_with(Options {
            password: Some("hunter2"),
            settings: &["cluster-enabled yes", "masterauth hunter2"],
            ..Options::default()
        })
    };
    let (one, other) = (node(), node());
    one.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "8000"]).unwrap();
    other.ask(&["CLUSTER", "ADDSLOTSRANGE", "8001", "16383"]).unwrap();
    // Two nodes that would choose the same epoch have to agree first.
    other.ask(&["CLUSTER", "SET-CONFIG-EPOCH", "2"]).unwrap();
    one.ask(&["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string()]).unwrap();
    let url = format!("redis+cluster://:hunter2@127.0.0.1:{},127.0.0.1:{}", one.port(), other.port());
    let cache = opened(&settings(&url)).await;
    becomes(&Ok(None), async || cache.get("until the slots are known").await).await;
    does_what_a_cache_must(&cache).await;
    for node in [&one, &other] {
        assert_ne!(node.ask(&["DBSIZE"]).unwrap(), "0", "both hold something");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_sentinels_know_and_the_one_that_takes_its_place() {
    let node = || {
        redis::start_with(Options {
            password: Some("hunter2"),
            settings: &["masterauth hunter2", "repl-diskless-sync-delay 0"],
            ..Options::default()
        })
    };
    let (primary, other) = (node(), node());
    other.ask(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]).unwrap();
    let sentinel = redis::start_with(Options {
        sentinel: true,
        ..Options::default()
    });
    sentinel
        .ask(&["SENTINEL", "MONITOR", "primary", "127.0.0.1", &primary.port().to_string(), "1"])
        .unwrap();
    for (option, value) in [("auth-pass", "hunter2"), ("down-after-milliseconds", "500")] {
        sentinel.ask(&["SENTINEL", "SET", "primary", option, value]).unwrap();
    }
    let url = format!("redis+sentinel://:hunter2@127.0.0.1:{}/primary", sentinel.port());
    let cache = opened(&CacheSettings {
        deadline: std::time::Duration::from_secs(1),
        ..settings(&url)
    })
    .await;
    does_what_a_cache_must(&cache).await;
    // The sentinel knows of the other one, and that it is in step.
    becomes(&Ok(true), async || {
        let replicas = sentinel.ask(&["SENTINEL", "REPLICAS", "primary"]).unwrap();
        Ok(replicas.contains(&other.port().to_string()) && replicas.contains("master-link-status\nok"))
    })
    .await;
    primary.kill();
    becomes(&Ok(()), async || cache.put("after", b"the change", LONG).await).await;
    assert_eq!(other.ask(&["GET", "nauthera:after"]).unwrap(), "the change");
}
