//! Which status is written when.

use super::desk::{Desk, Finding, PATIENCE, PATIENCE_UNHEARD, Patience};
use super::fixtures::{Scene, client};
use super::patch::Urgency;
use super::view::Id;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_millis(20);
const URGENT: Finding = Finding::Different(Urgency::Urgent, Patience::None);
const COSMETIC: Finding = Finding::Different(Urgency::Cosmetic, Patience::None);
const PENDING: Finding = Finding::Different(Urgency::Pending, Patience::Short);

fn ids(names: &[&str]) -> Vec<Id> {
    names.iter().map(|name| client(name)).collect()
}

#[test]
fn urgent_ones_go_first_and_the_others_at_a_bounded_rate() {
    let (mut desk, now) = (Desk::default(), Instant::now());
    let all = ids(&["a", "b", "c", "d"]);
    desk.found(&all[0], COSMETIC, now);
    desk.found(&all[1], COSMETIC, now);
    desk.found(&all[2], URGENT, now);
    desk.found(&all[3], URGENT, now);
    assert_eq!(desk.next(now).as_ref(), Some(&all[2]));
    assert_eq!(desk.next(now).as_ref(), Some(&all[3]));
    assert_eq!(desk.next(now).as_ref(), Some(&all[0]));
    assert_eq!(desk.next(now), None, "one at a time");
    assert_eq!(desk.wake(true), Some(now + SOON));
    assert_eq!(desk.next(now + SOON).as_ref(), Some(&all[1]));
}

#[test]
fn a_cosmetic_one_that_becomes_urgent_is_written_once_and_at_once() {
    let (mut desk, now) = (Desk::default(), Instant::now());
    let (one, other) = (client("a"), client("b"));
    desk.found(&other, COSMETIC, now);
    desk.found(&one, COSMETIC, now);
    desk.found(&one, URGENT, now);
    assert_eq!(desk.next(now), Some(one));
    assert_eq!(desk.next(now), Some(other));
    assert_eq!(desk.next(now + SOON), None);
}

#[test]
fn what_may_go_but_finds_no_room_waits_for_the_end_of_another_and_wakes_nobody() {
    let (mut desk, now) = (Desk::default(), Instant::now());
    for id in ids(&["a", "b"]) {
        desk.found(&id, COSMETIC, now);
    }
    assert!(desk.next(now).is_some());
    let later = now + SOON * 2;
    assert_eq!(desk.wake(false), None, "what is past would be awaited again and again");
    assert!(desk.wake(true).is_some_and(|wake| wake < later));
}

#[test]
fn what_will_be_over_in_a_moment_is_not_written_before_it_has_lasted() {
    let (mut desk, now) = (Desk::default(), Instant::now());
    let id = client("a");
    desk.found(&id, PENDING, now);
    assert_eq!(desk.next(now), None);
    assert_eq!(desk.wake(true), Some(now + PATIENCE));
    // It was over.
    desk.found(&id, Finding::Nothing, now + SOON);
    assert_eq!(desk.due(now + PATIENCE).as_slice(), std::slice::from_ref(&id));
    assert_eq!(desk.next(now + PATIENCE), None);
    // It was not.
    desk.found(&id, PENDING, now + PATIENCE);
    desk.found(&id, PENDING, now + PATIENCE + SOON);
    let then = now + PATIENCE * 2;
    assert_eq!(desk.due(then).first(), Some(&id));
    desk.found(&id, PENDING, then);
    assert_eq!(desk.next(then), Some(id), "counted from when it began");
}

#[test]
fn after_a_change_of_leader_there_is_more_patience() {
    let (mut desk, now) = (Desk::default(), Instant::now());
    desk.found(&client("a"), Finding::Different(Urgency::Pending, Patience::Long), now);
    assert_eq!(desk.wake(true), Some(now + PATIENCE_UNHEARD));
}

#[test]
fn one_request_at_a_time_and_what_changed_meanwhile_is_looked_at_after_it() {
    let (mut desk, now) = (Desk::default(), Instant::now());
    let id = client("a");
    desk.found(&id, URGENT, now);
    assert_eq!(desk.next(now), Some(id.clone()));
    desk.found(&id, URGENT, now);
    assert_eq!(desk.next(now), None);
    assert!(desk.wrote(&id, json!({}), "2".to_owned()));
    desk.found(&id, URGENT, now);
    assert_eq!(desk.next(now), Some(id.clone()));
    assert!(!desk.wrote(&id, json!({}), "3".to_owned()));
}

#[test]
fn what_failed_is_tried_again_later_each_time() {
    let (mut desk, mut now) = (Desk::default(), Instant::now());
    let id = client("a");
    let mut pauses = Vec::new();
    for _ in 0..6 {
        desk.found(&id, URGENT, now);
        assert_eq!(desk.next(now), Some(id.clone()));
        desk.failed(&id, now);
        desk.found(&id, URGENT, now);
        assert_eq!(desk.next(now), None, "not at once");
        let wake = desk.wake(true).unwrap();
        pauses.push(wake - now);
        now = wake;
        assert!(desk.due(now).contains(&id));
    }
    assert!(
        pauses[0] >= Duration::from_millis(500) && pauses[0] <= Duration::from_secs(1),
        "{pauses:?}"
    );
    assert!(pauses[5] >= Duration::from_secs(16), "{pauses:?}");
    // A success makes it begin anew.
    desk.found(&id, URGENT, now);
    desk.next(now);
    desk.wrote(&id, json!({}), "2".to_owned());
    desk.found(&id, URGENT, now);
    assert_eq!(desk.next(now), Some(id));
}

#[test]
fn what_was_written_last_is_remembered_until_the_watch_tells_of_it_or_of_something_later() {
    let (mut desk, now) = (Desk::default(), Instant::now());
    let id = client("a");
    desk.found(&id, URGENT, now);
    desk.next(now);
    desk.wrote(&id, json!({"clients": 1}), "12".to_owned());
    assert_eq!(desk.written(&id, "9"), Some(&json!({"clients": 1})));
    assert_eq!(desk.written(&id, "100"), None);
    assert_eq!(desk.written(&id, "9"), None, "and forgotten then");
}

#[test]
fn what_is_gone_is_forgotten_unless_it_is_just_being_written() {
    let (mut desk, now) = (Desk::default(), Instant::now());
    let all = ids(&["a", "b"]);
    for id in &all {
        desk.found(id, URGENT, now);
    }
    assert_eq!(desk.next(now).as_ref(), Some(&all[0]));
    desk.keep_only(&BTreeSet::new());
    assert_eq!(desk.next(now), None);
    assert!(!desk.wrote(&all[0], json!({}), "2".to_owned()));
}

#[test]
fn the_same_inputs_are_no_news() {
    let (mut desk, scene) = (Desk::default(), Scene::new());
    let (view, id) = (scene.view(), client("shop"));
    let inputs = |scene: &Scene| {
        let view = scene.view();
        view.inputs(&view.overview(), &id).unwrap()
    };
    assert!(desk.is_news(&id, &view.inputs(&view.overview(), &id).unwrap()));
    assert!(!desk.is_news(&id, &inputs(&scene)));
    let mut scene = scene;
    scene.acks(&["a"]);
    assert!(desk.is_news(&id, &inputs(&scene)));
}
