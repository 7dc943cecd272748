//! Passwords, users, TLS: the ways to one server.

use super::{LONG, cache_of, does_what_a_cache_must, opened, settings};
use crate::support::redis::{self, Options};
use nauthera::store::cache::redis::RedisCache;
use nauthera::store::cache::{Cache, CacheFault, CacheSettings};
use nauthera::store::postgres::ClientFiles;

/// The rights that docs/storage.md names.
const RIGHTS: &str = "~nauthera:* +get +set +incrby +pexpire +ping";

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing() {
    does_what_a_cache_must(&cache_of(&redis::start()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_password() {
    let server = redis::start_with(Options {
        password: Some("s/cr#t"),
        ..Options::default()
    });
    does_what_a_cache_must(&opened(&settings(&server.url_of(":s%2Fcr%23t@"))).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_user_of_the_rights_that_the_docs_name() {
    let server = redis::start_with(Options {
        password: Some("admin"),
        user: Some(("server", "hunter2", RIGHTS)),
        ..Options::default()
    });
    let cache = opened(&settings(&server.url_of_user())).await;
    does_what_a_cache_must(&cache).await;
    let elsewhere = CacheSettings {
        prefix: "other:".to_owned(),
        ..settings(&server.url_of_user())
    };
    let refused = opened(&elsewhere).await.put("x", b"y", LONG).await;
    assert!(matches!(refused, Err(CacheFault::Failed(_))), "{refused:?}");
    assert_eq!(cache.get("x").await, Ok(None), "and what is refused is no outage");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_tls_of_a_private_authority_and_a_certificate_of_ours() {
    let server = redis::start_with(Options {
        tls: true,
        client_certificates: true,
        ..Options::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (certificate, key) = server.client();
    let trusting = CacheSettings {
        ca_file: Some(file("ca.crt", &server.authority())),
        client_files: Some(ClientFiles {
            certificate: file("tls.crt", &certificate),
            key: file("tls.key", &key),
        }),
        ..settings(&server.url())
    };
    does_what_a_cache_must(&opened(&trusting).await).await;
    // Another authority, a name that the certificate has not, no certificate of ours: nothing is said to such a server.
    let stranger = redis::start_with(Options {
        tls: true,
        ..Options::default()
    });
    let wrong = [
        CacheSettings {
            ca_file: Some(file("other.crt", &stranger.authority())),
            ..trusting.clone()
        },
        CacheSettings {
            url: server.url().replace("localhost", "127.0.0.1").into(),
            ..trusting.clone()
        },
        CacheSettings {
            client_files: None,
            ..trusting.clone()
        },
        CacheSettings {
            ca_file: None,
            ..trusting.clone()
        },
    ];
    for settings in wrong {
        let cache = RedisCache::open(&settings).unwrap();
        let waited = tokio::time::timeout(std::time::Duration::from_millis(1500), cache.answers()).await;
        assert!(waited.is_err(), "{settings:?} was answered");
        assert_eq!(cache.get("x").await, Err(CacheFault::Resting));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_has_the_prefix_and_goes_by_itself() {
    let server = redis::start();
    let cache = opened(&CacheSettings {
        prefix: "mine:".to_owned(),
        ..settings(&server.url())
    })
    .await;
    cache.put("a", b"x", LONG).await.unwrap();
    cache.add(&[("b".to_owned(), 3)], LONG).await.unwrap();
    let mut names: Vec<String> = server.ask(&["KEYS", "*"]).unwrap().lines().map(str::to_owned).collect();
    names.sort();
    assert_eq!(names, ["mine:a", "mine:b"]);
    for name in names {
        let left: u64 = server.ask(&["PTTL", &name]).unwrap().parse().unwrap();
        assert!((1..=600_000).contains(&left), "{name}: {left}");
    }
}
