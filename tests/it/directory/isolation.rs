//! What goes wrong in one directory is nobody else's trouble. Prints how long it lasted.

use super::fixture::{login, platform, tree};
use crate::support::platform::TestPlatform;
use crate::support::slapd::{self, PASSWORD};
use nauthera::accounts::lockout::ACCOUNT;
use nauthera::actors::authenticator::LoginFault;
use nauthera::actors::guardian::Guardian;
use nauthera::actors::ldap_connector::{Connectors, NAME};
use nauthera::directory::ldap::Connector;
use nauthera::directory::ldap::client::Who;
use nauthera::telemetry::metrics::Metrics;
use std::time::{Duration, Instant};

/// Logs carol in, again and again; the times that it took, sorted.
async fn carols(test: &TestPlatform, times: usize) -> Vec<Duration> {
    let mut took = Vec::new();
    for _ in 0..times {
        let began = Instant::now();
        login(test, "carol", PASSWORD).await.unwrap();
        took.push(began.elapsed());
    }
    took.sort();
    took
}

fn told(what: &str, took: &[Duration]) {
    let at = |share: usize| took[(took.len() - 1) * share / 100];
    println!("{what}: p50 {:?}, p99 {:?}, longest {:?}", at(50), at(99), at(100));
}

/// Until alice can log in again.
async fn back(test: &TestPlatform, what: &str) {
    let began = Instant::now();
    while let Err(fault) = login(test, "alice", PASSWORD).await {
        assert!(
            !matches!(fault, LoginFault::BadCredentials | LoginFault::Throttled { .. }),
            "{fault:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("{what}: people of the directory could log in again after {:?}", began.elapsed());
}

#[actix_rt::test]
async fn a_frozen_directory_delays_nobody_else_and_counts_no_failure() {
    let server = slapd::start(&tree());
    let test = platform(&[&server]).await;
    login(&test, "alice", PASSWORD).await.unwrap();
    told("local logins beside a directory that works", &carols(&test, 100).await);
    server.freeze();
    let began = Instant::now();
    told("local logins beside a directory that hangs", &carols(&test, 100).await);
    for _ in 0..ACCOUNT.free * 2 {
        let outcome = login(&test, "alice", PASSWORD).await;
        assert!(matches!(outcome, Err(LoginFault::Unavailable(_))), "{outcome:?}");
    }
    println!("it hung for {:?}", began.elapsed());
    server.thaw();
    back(&test, "thawed").await;
    test.stop().await;
}

#[actix_rt::test]
async fn a_killed_directory_delays_nobody_else_and_counts_no_failure() {
    let server = slapd::start(&tree());
    let test = platform(&[&server]).await;
    login(&test, "alice", PASSWORD).await.unwrap();
    server.kill();
    told("local logins beside a directory that is gone", &carols(&test, 50).await);
    for _ in 0..ACCOUNT.free * 2 {
        let outcome = login(&test, "alice", PASSWORD).await;
        assert!(matches!(outcome, Err(LoginFault::Unavailable(_))), "{outcome:?}");
    }
    server.start_again();
    back(&test, "started again").await;
    test.stop().await;
}

#[actix_rt::test]
async fn a_panic_in_the_connector_ends_one_question() {
    let server = slapd::start(&tree());
    let test = platform(&[&server]).await;
    login(&test, "alice", PASSWORD).await.unwrap();
    let connector = test.platform.connectors.standing().pop().unwrap().1;
    connector.gate().poison().await.unwrap_err();
    back(&test, "after a panic").await;
    assert_eq!(test.platform.guardian.failure(), None);
    test.stop().await;
}

#[actix_rt::test]
async fn a_connector_that_keeps_dying_is_no_reason_to_end_the_process() {
    let server = slapd::start(&tree());
    let test = platform(&[&server]).await;
    login(&test, "alice", PASSWORD).await.unwrap();
    let connector = test.platform.connectors.standing().pop().unwrap().1;
    let dying = async {
        for _ in 0..12 {
            // Once it pauses for long, what waits for it is answered when it is back, or not in time.
            let _ = connector.gate().poison().await;
            if test
                .platform
                .guardian
                .health()
                .actors
                .get(NAME)
                .is_some_and(|health| health.restarts >= 5)
            {
                break;
            }
        }
        let _ = connector.gate().poison().await;
    };
    let (took, ()) = tokio::join!(carols(&test, 60), dying);
    told("local logins beside a connector that keeps dying", &took);
    assert_eq!(test.platform.guardian.failure(), None);
    assert!(test.platform.readiness().iter().all(|check| check.ok));
    back(&test, "after it died too often").await;
    test.stop().await;
}

#[actix_rt::test]
async fn a_connector_whose_thread_hangs_is_left_behind_and_replaced() {
    let server = slapd::start(&tree());
    let test = platform(&[&server]).await;
    // A Guardian of its own, that asks more often than every five seconds.
    let guardian = Guardian::start_asking(Metrics::new(), Duration::from_millis(20));
    let connectors = Connectors::new(test.platform.config.clone(), guardian.clone(), Metrics::new());
    let directory = test.platform.config.current().unwrap().user_stores[0].clone();
    let handle = connectors.of(&directory).await.unwrap();
    let alice = Who::Named("alice".to_owned());
    assert!(handle.find(alice.clone()).await.unwrap().is_some());
    let before = handle.gate();
    let (end, wait) = std::sync::mpsc::channel();
    let hung = before.clone();
    let stalled = actix_rt::spawn(async move { hung.stall(wait).await });
    let began = Instant::now();
    while handle.gate().addr() == before.addr() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(handle.find(alice).await.unwrap().is_some());
    println!(
        "hung: the directory answered again after {:?} (twelve turns of the Guardian; 60 s in a server)",
        began.elapsed()
    );
    assert_eq!(guardian.failure(), None);
    drop(end);
    let _ = stalled.await.unwrap();
    connectors.stop().await;
    test.stop().await;
}
