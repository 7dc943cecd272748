//! What the desk does about clients: their Secrets and their end.

use super::act::{Act, Subject};
use super::desk::{JOB_ENDS_WITHIN, Job};
use super::fixtures::{Cluster, PODS, server, shop, shop_secret};
use super::generated::keys;
use crate::config::input::{Key, Kind};
use crate::operator::settings::{AUTH_CLIENT_ANNOTATION, MANAGED_BY};
use crate::operator::world::{Meta, SecretView};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tonic::codegen::http;

fn without_rotation() -> Cluster {
    Cluster::new(json!({"enabled": false}))
}

fn conflict(cluster: &Cluster) -> Option<String> {
    let facts = cluster.facts();
    let fact = facts.resources.get(&(Kind::AuthClient, shop()))?;
    assert_eq!(fact.holds_ready, ["SecretSynced"]);
    Some(fact.conditions[0].reason.clone())
}

#[test]
fn makes_a_secret_once_with_the_finalizer_before_it() {
    let mut cluster = without_rotation();
    cluster.settle();
    assert_eq!(cluster.done(), ["hold", "create"]);
    assert_eq!(cluster.value(&shop_secret(), keys::CLIENT_ID).unwrap(), "team-a.shop");
    assert_eq!(cluster.value(&shop_secret(), keys::ISSUER).unwrap(), "https://login.example.org");
    assert_eq!(cluster.client_secret().len(), 43, "256 bits in base64url");
    assert!(PODS.iter().all(|pod| cluster.takes(pod, &cluster.client_secret())));
    cluster.pass(Duration::from_secs(3600));
    cluster.settle();
    assert!(cluster.done().is_empty(), "there is nothing left to do");
}

#[test]
fn does_nothing_twice_while_the_watch_is_behind() {
    let mut cluster = without_rotation();
    cluster.compile();
    let first = cluster.desk.plan(&cluster.world, &cluster.board, cluster.now, cluster.instant);
    assert_eq!(first.jobs.len(), 1);
    let again = cluster.desk.plan(&cluster.world, &cluster.board, cluster.now, cluster.instant);
    assert!(again.jobs.is_empty());
    let _ = cluster.desk.done(&shop(), &Ok(()), cluster.instant);
    let again = cluster.desk.plan(&cluster.world, &cluster.board, cluster.now, cluster.instant);
    assert!(again.jobs.is_empty() && again.again.is_some());
    cluster.pass(Duration::from_secs(6));
    let again = cluster.desk.plan(&cluster.world, &cluster.board, cluster.now, cluster.instant);
    assert_eq!(again.jobs.len(), 1, "what never comes back is done again");
}

#[test]
fn a_secret_that_was_deleted_by_hand_is_made_anew() {
    let mut cluster = without_rotation();
    cluster.settle();
    let before = cluster.client_secret();
    let status = json!({"clientSecretRef": {"name": "shop-client-secret"}}).to_string();
    let meta = Meta {
        status: status.into(),
        ..cluster.meta(&shop())
    };
    cluster.world.objects.insert(Kind::AuthClient, shop(), Arc::new(meta));
    cluster.done();
    cluster.delete_secret(&shop_secret());
    cluster.settle();
    assert_eq!(cluster.done(), ["create: Deleted"], "which people are told of");
    assert_ne!(cluster.client_secret(), before);
    assert!(!cluster.takes("a", &before) && cluster.takes("a", &cluster.client_secret()));
}

#[test]
fn a_secret_that_was_edited_by_hand_is_put_back_and_stays_in_force_meanwhile() {
    let mut cluster = without_rotation();
    cluster.settle();
    let before = cluster.client_secret();
    cluster.done();
    cluster.edit_secret(&shop_secret(), &[(keys::CLIENT_SECRET, "hunter2")], |_| {});
    cluster.compile();
    cluster.push("a");
    assert!(cluster.takes("a", &before) && !cluster.takes("a", "hunter2"));
    cluster.settle();
    assert_eq!(
        (cluster.client_secret(), cluster.done()),
        (before, vec!["write: PutBack".to_owned()])
    );
}

#[test]
fn labels_annotations_and_the_owner_are_put_back_and_the_secret_stays() {
    let changes: [fn(&mut SecretView); 4] = [
        |view| view.annotations.clear(),
        |view| drop(view.annotations.insert(AUTH_CLIENT_ANNOTATION.to_owned(), "other".to_owned())),
        |view| view.owner = None,
        |view| drop(view.labels.insert(MANAGED_BY.to_owned(), "me".to_owned())),
    ];
    for change in changes {
        let mut cluster = without_rotation();
        cluster.settle();
        let before = cluster.client_secret();
        cluster.done();
        cluster.edit_secret(&shop_secret(), &[], change);
        cluster.settle();
        assert_eq!(
            (cluster.client_secret(), cluster.done()),
            (before, vec!["write: PutBack".to_owned()])
        );
    }
}

#[test]
fn an_edit_that_nobody_remembers_the_original_of_gets_a_new_secret() {
    let mut cluster = without_rotation();
    cluster.settle();
    cluster.restart_operator();
    cluster.edit_secret(&shop_secret(), &[(keys::CLIENT_SECRET, "hunter2")], |_| {});
    cluster.settle();
    assert_eq!(cluster.client_secret().len(), 43);
    assert!(!cluster.takes("a", "hunter2") && cluster.takes("a", &cluster.client_secret()));
    assert!(cluster.done().contains(&"write: MadeAnew".to_owned()));
}

#[test]
fn never_overwrites_a_secret_that_is_anothers() {
    let mut cluster = without_rotation();
    let theirs = BTreeMap::from([("password".to_owned(), b"theirs".to_vec())]);
    cluster.put_secret(&shop_secret(), SecretView::new(theirs));
    // The watch by label does not show it: `compile` knows nothing of it, and the desk asks for a new one.
    cluster.compile();
    cluster.resources.secrets.clear();
    cluster.settle();
    assert_eq!(cluster.value(&shop_secret(), "password").unwrap(), "theirs");
    assert_eq!(cluster.value(&shop_secret(), keys::CLIENT_SECRET), None);
}

#[test]
fn a_name_that_is_taken_is_reported_and_tried_again_until_it_is_free() {
    let mut cluster = without_rotation();
    cluster.compile();
    let plan = cluster.desk.plan(&cluster.world, &cluster.board, cluster.now, cluster.instant);
    assert_eq!(plan.jobs.len(), 1);
    let _ = cluster
        .desk
        .done(&shop(), &Err(super::act::Failure::Foreign(shop_secret())), cluster.instant);
    assert_eq!(conflict(&cluster).as_deref(), Some("SecretConflict"));
    cluster.act();
    assert!(cluster.done().is_empty(), "not hot");
    cluster.pass(Duration::from_secs(120));
    cluster.settle();
    assert_eq!(conflict(&cluster), None);
    assert_eq!(cluster.client_secret().len(), 43);
}

#[test]
fn a_failure_that_is_told_late_passes_when_everything_is_as_it_should_be() {
    let mut cluster = without_rotation();
    cluster.settle();
    // The answer to a write that had been done twice, after a look that found nothing more to do
    let late = Err(super::act::Failure::Api("no".to_owned()));
    let _ = cluster.desk.done(&shop(), &late, cluster.instant);
    assert_eq!(conflict(&cluster).as_deref(), Some("SecretNotWritten"));
    cluster.pass(Duration::from_secs(120));
    cluster.settle();
    assert_eq!(conflict(&cluster), None);
}

#[test]
fn a_secret_of_ones_own_is_used_and_never_written() {
    let mut cluster = without_rotation();
    cluster.settle();
    let mut theirs = SecretView::new(BTreeMap::from([(
        "client_secret".to_owned(),
        b"0123456789abcdef0123456789abcdef".to_vec(),
    )]));
    theirs.labels.insert("auth.nauthera.io/client-secret".to_owned(), "true".to_owned());
    let own = Key::new("team-a", "own");
    cluster.put_secret(&own, theirs);
    cluster.put_client(&shop(), json!({"secret": {"existingRef": {"name": "own"}}}));
    cluster.done();
    cluster.settle();
    assert_eq!(conflict(&cluster), None);
    assert!(cluster.takes("a", "0123456789abcdef0123456789abcdef"));
    assert_eq!(cluster.done(), ["delete"], "the one that had been made, and nothing else");
    let names: Vec<&Key> = cluster.world.secrets.keys().collect();
    assert_eq!(names, [&own]);
    // And back
    cluster.put_client(&shop(), json!({}));
    cluster.settle();
    assert_eq!((conflict(&cluster), cluster.client_secret().len()), (None, 43));
    assert!(cluster.secret(&own).is_some());
}

#[test]
fn an_older_client_of_the_same_name_leaves_no_secret_behind() {
    let mut cluster = without_rotation();
    cluster.settle();
    let before = cluster.client_secret();
    cluster.delete_client(&shop());
    cluster.settle();
    assert_eq!(cluster.secret(&shop_secret()).map(|_| ()), None);
    assert!(cluster.world.objects.get(Kind::AuthClient, &shop()).is_none());
    cluster.put_client(&shop(), json!({}));
    cluster.settle();
    assert_ne!(cluster.client_secret(), before);
}

#[test]
fn a_client_that_becomes_public_or_renames_its_secret_leaves_none_behind() {
    let mut cluster = without_rotation();
    cluster.settle();
    cluster.put_client(&shop(), json!({"secret": {"name": "other"}}));
    cluster.settle();
    let names: BTreeSet<String> = cluster.world.secrets.keys().map(|key| key.name.clone()).collect();
    assert_eq!(names, ["other".to_owned()].into());
    let public = json!({"clientType": "public", "grantTypes": ["authorization_code"], "redirectUris": ["https://a.example.org/"]});
    cluster.put_client(&shop(), public);
    cluster.settle();
    assert!(cluster.world.secrets.is_empty());
}

#[test]
fn a_deleted_client_goes_when_every_replica_was_told() {
    let mut cluster = without_rotation();
    cluster.settle();
    cluster.done();
    cluster.delete_client(&shop());
    cluster.act();
    assert!(cluster.done().is_empty(), "what is compiled is a moment behind: it is still served");
    cluster.compile();
    cluster.push("a");
    cluster.push("b");
    cluster.act();
    assert!(cluster.done().is_empty());
    let plan = cluster.desk.plan(&cluster.world, &cluster.board, cluster.now, cluster.instant);
    assert!(plan.waits_for_replicas && plan.again.is_some());
    assert!(cluster.runs("a").unwrap().departed.iter().any(|id| id.as_str() == "team-a.shop"));
    cluster.push("c");
    cluster.act();
    assert_eq!(cluster.done(), ["delete", "release"]);
}

#[test]
fn a_replica_that_cannot_be_reached_keeps_a_deleted_client_for_half_a_minute_at_most() {
    let mut cluster = without_rotation();
    cluster.settle();
    cluster.cannot_be_reached("b");
    cluster.done();
    cluster.delete_client(&shop());
    cluster.settle();
    cluster.pass(Duration::from_secs(29));
    cluster.settle();
    assert!(cluster.done().is_empty());
    cluster.pass(Duration::from_secs(1));
    cluster.settle();
    assert_eq!(cluster.done(), ["delete", "release"]);
}

#[test]
fn a_client_without_a_server_goes_at_once_and_other_finalizers_stay() {
    let mut cluster = without_rotation();
    cluster.settle();
    let mut meta = cluster.meta(&shop());
    meta.finalizers.insert(0, "example.org/theirs".to_owned());
    cluster.world.objects.insert(Kind::AuthClient, shop(), meta.into());
    cluster.resources.servers.remove(&server());
    cluster.delete_client(&shop());
    cluster.done();
    cluster.settle();
    assert_eq!(cluster.done(), ["delete", "release"]);
    assert_eq!(cluster.meta(&shop()).finalizers, ["example.org/theirs"]);
}

#[test]
fn five_thousand_clients_are_one_look() {
    let mut cluster = without_rotation();
    for number in 0..5000 {
        cluster.put_client(&Key::new("team-b", format!("client-{number}")), json!({}));
    }
    cluster.compile();
    let plan = cluster.desk.plan(&cluster.world, &cluster.board, cluster.now, cluster.instant);
    assert_eq!(plan.jobs.len(), 5001);
    assert!(plan.jobs.iter().all(|job| job.acts.len() == 2));
}

#[test]
fn a_client_that_was_made_anew_under_the_same_name_waits_for_its_own_end() {
    let mut cluster = without_rotation();
    cluster.settle();
    cluster.stuck.extend(PODS.map(str::to_owned));
    cluster.delete_client(&shop());
    cluster.settle();
    cluster.pass(Duration::from_secs(25));
    cluster.settle();
    let mut another = cluster.meta(&shop());
    another.uid = "another".to_owned();
    cluster.world.objects.insert(Kind::AuthClient, shop(), Arc::new(another));
    cluster.done();
    cluster.pass(Duration::from_secs(10));
    cluster.settle();
    assert!(cluster.done().is_empty(), "it has been waited for for ten seconds at most");
    cluster.pass(Duration::from_secs(30));
    cluster.settle();
    assert!(cluster.done().contains(&"release".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waited_too_long_for_its_turn_is_left_to_the_one_that_was_planned_after_it() {
    let asked = Arc::new(AtomicUsize::new(0));
    let server = tower::service_fn({
        let asked = Arc::clone(&asked);
        move |_: http::Request<kube::client::Body>| {
            asked.fetch_add(1, Ordering::Relaxed);
            async { Err::<http::Response<kube::client::Body>, _>(std::io::Error::other("no API server here")) }
        }
    });
    let client = kube::Client::new(server, "default");
    let (events, _happenings) = crate::operator::events::channel();
    let slots = Arc::new(Semaphore::new(0));
    let job = || Job {
        subject: Subject {
            key: shop(),
            uid: "u".to_owned(),
        },
        acts: vec![Act::Delete(shop_secret(), "s".to_owned())],
        cause: None,
    };
    let work = |job| super::work(client.clone(), events.clone(), Arc::clone(&slots), job, Instant::now());
    let early = tokio::spawn(work(job()));
    tokio::time::sleep(JOB_ENDS_WITHIN).await;
    let late = tokio::spawn(work(job()));
    slots.add_permits(1);
    assert!(early.await.unwrap().is_none());
    assert!(late.await.unwrap().is_some_and(|(_, outcome)| outcome.is_err()));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
