//! Renewal of secrets by schedule: whoever reads the Secret gets through, at every replica, at every moment.

use super::fixtures::{Cluster, PODS, begin, server, shop, shop_secret};
use super::generated::keys;
use jiff::SignedDuration;
use serde_json::json;
use std::time::Duration;

fn every_minute(overlap: &str) -> Cluster {
    let mut cluster = Cluster::new(json!({"enabled": true, "schedule": "* * * * *", "overlap": overlap, "jitter": "1s"}));
    cluster.settle();
    cluster.done();
    cluster
}

#[test]
fn the_next_secret_takes_over_only_when_every_serving_replica_accepts_it() {
    let mut cluster = every_minute("30s");
    let old = cluster.client_secret();
    cluster.stuck.insert("c".to_owned());
    cluster.pass(Duration::from_secs(30));
    cluster.settle();
    assert_eq!(cluster.done(), ["write: Begun"]);
    assert_eq!(cluster.client_secret(), old, "applications still read the old one");
    let next = cluster.value(&shop_secret(), keys::NEXT).unwrap();
    assert!(cluster.takes("a", &next) && cluster.takes("a", &old) && !cluster.takes("c", &next));
    cluster.stuck.clear();
    cluster.settle();
    assert_eq!(cluster.done(), ["write: Rotated"]);
    assert_eq!(cluster.client_secret(), next);
    assert_eq!(cluster.value(&shop_secret(), keys::PREVIOUS).unwrap(), old);
    assert!(PODS.iter().all(|pod| cluster.takes(pod, &next) && cluster.takes(pod, &old)));
    cluster.pass(Duration::from_secs(30));
    assert!(!cluster.takes("a", &old), "the overlap is over, though nobody has pushed anything");
}

#[test]
fn a_replica_that_is_out_of_reach_holds_it_up_for_a_minute_and_one_that_refuses_for_ten() {
    for (unreachable, waits) in [(true, 60), (false, 600)] {
        let mut cluster = every_minute("30s");
        if unreachable {
            cluster.cannot_be_reached("b");
        } else {
            cluster.stuck.insert("b".to_owned());
        }
        cluster.pass(Duration::from_secs(30));
        cluster.settle();
        cluster.pass(Duration::from_secs(waits));
        cluster.settle();
        assert_eq!(cluster.done(), ["write: Begun"]);
        cluster.pass(Duration::from_secs(1));
        cluster.settle();
        assert_eq!(cluster.done(), ["write: Rotated"]);
    }
}

#[test]
fn goes_on_after_a_restart_of_the_operator_at_any_point() {
    let mut cluster = every_minute("30s");
    let old = cluster.client_secret();
    cluster.pass(Duration::from_secs(30));
    cluster.compile();
    cluster.act();
    assert_eq!(cluster.done(), ["write: Begun"]);
    let next = cluster.value(&shop_secret(), keys::NEXT).unwrap();
    cluster.restart_operator();
    cluster.compile();
    cluster.act();
    assert!(cluster.done().is_empty(), "no replica has been heard yet");
    cluster.settle();
    assert_eq!(cluster.done(), ["write: Rotated"]);
    assert_eq!(cluster.client_secret(), next);
    cluster.restart_operator();
    cluster.settle();
    assert!(PODS.iter().all(|pod| cluster.takes(pod, &old) && cluster.takes(pod, &next)));
    cluster.pass(Duration::from_secs(30));
    cluster.settle();
    assert_eq!(cluster.value(&shop_secret(), keys::PREVIOUS), None);
}

#[test]
fn an_operator_that_was_away_asks_the_replicas_before_the_next_secret_takes_over() {
    let mut cluster = every_minute("30s");
    cluster.pass(Duration::from_secs(30));
    cluster.compile();
    cluster.act();
    assert_eq!(cluster.done(), ["write: Begun"]);
    cluster.restart_operator();
    cluster.pass(Duration::from_secs(3600));
    cluster.compile();
    cluster.act();
    assert!(cluster.done().is_empty(), "no replica has been heard yet");
    // Those that nobody can reach hold it up for as long as ever.
    cluster.pass(Duration::from_secs(60));
    cluster.act();
    assert!(cluster.done().is_empty());
    cluster.pass(Duration::from_secs(1));
    cluster.act();
    assert_eq!(cluster.done(), ["write: Rotated"]);
}

#[test]
fn a_schedule_tighter_than_the_overlap_waits_for_it() {
    let mut cluster = every_minute("5m");
    cluster.pass(Duration::from_secs(30));
    cluster.settle();
    let second = cluster.client_secret();
    cluster.pass(Duration::from_secs(240));
    cluster.settle();
    assert_eq!(
        cluster.client_secret(),
        second,
        "a third generation would put the first out of force too early"
    );
    cluster.pass(Duration::from_secs(60));
    cluster.settle();
    assert_ne!(cluster.client_secret(), second);
}

#[test]
fn an_edit_by_hand_in_the_middle_of_a_renewal_is_put_back() {
    let mut cluster = every_minute("30s");
    cluster.stuck.insert("c".to_owned());
    cluster.pass(Duration::from_secs(30));
    cluster.settle();
    let next = cluster.value(&shop_secret(), keys::NEXT).unwrap();
    cluster.done();
    cluster.edit_secret(&shop_secret(), &[(keys::NEXT, "hunter2")], |_| {});
    cluster.settle();
    assert_eq!(cluster.done(), ["write: PutBack"]);
    assert_eq!(cluster.value(&shop_secret(), keys::NEXT).unwrap(), next);
    assert!(PODS.iter().all(|pod| !cluster.takes(pod, "hunter2")));
}

/// Renewal each minute for ten minutes. One caller reads the Secret for each call; the others read it now and then and use what they read
/// for a time shorter than the overlap. Replicas take a configuration one after another, with seconds between.
#[test]
fn nobody_is_turned_away_while_the_secret_is_renewed_each_minute() {
    let mut cluster = every_minute("40s");
    let mut slow = [(7, String::new()), (19, String::new()), (35, String::new())];
    let (mut calls, mut refused, mut renewed) = (0, Vec::new(), 0);
    let mut last = cluster.client_secret();
    for second in 0..600_u64 {
        for (every, held) in &mut slow {
            if second % *every == 0 {
                *held = cluster.client_secret();
            }
        }
        for part in 0..4 {
            let fresh = cluster.client_secret();
            for secret in slow.iter().map(|(_, held)| held).chain([&fresh]) {
                for pod in PODS {
                    calls += 1;
                    if !cluster.takes(pod, secret) {
                        refused.push(format!("second {second}, {pod}"));
                    }
                }
            }
            if part == 0 {
                cluster.compile();
                cluster.push(PODS[usize::try_from(second % 3).unwrap()]);
            }
            cluster.act();
            let newest = cluster.client_secret();
            renewed += usize::from(newest != last);
            last = newest;
            cluster.pass(Duration::from_millis(250));
        }
        if second % 97 == 0 {
            // An operator that ends and comes back knows the replicas' answers anew.
            let board = cluster.board.clone();
            cluster.restart_operator();
            cluster.board = board;
            cluster.compile();
        }
    }
    assert_eq!(refused, Vec::<String>::new());
    assert_eq!((calls, renewed), (600 * 4 * 4 * 3, 10));
    assert_eq!(cluster.now.duration_since(begin()), SignedDuration::from_secs(600));
    let most = cluster.runs("a").unwrap().client("team-a.shop").unwrap().secrets.len();
    assert!(most <= 2, "two generations at most");
    assert!(cluster.world.compiled.rotations.contains_key(&shop()) && cluster.world.compiled.snapshots.contains_key(&server()));
}
