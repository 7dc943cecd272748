//! A process that starts while the operator is away.

use super::pod::{Pod, Replica, configuration, nth, secret, send, taken};
use crate::support::postgres;
use nauthera::grpc::client::Outcome;

fn kept(replica: &mut Replica) {
    replica
        .process
        .said("that it is kept", |line| line.contains("is kept for the next start"));
}

/// A first life with a configuration at 1.5, which ends as a node does that loses its power.
async fn first_life(pod: &Pod) {
    let mut replica = pod.start();
    let mut link = pod.link(&replica).await;
    let sent = configuration(&["team-a.one", "team-a.two"], 300);
    assert_eq!(send(&mut link, &sent, nth(5)).await, taken(&sent));
    replica.ready();
    assert_eq!(replica.token_lifetime("team-a.one"), 300);
    kept(&mut replica);
    replica.kill();
}

async fn serves_again_without_the_operator(pod: Pod) {
    first_life(&pod).await;
    let mut replica = pod.start();
    replica.ready();
    assert_eq!(replica.get("/readyz").0, 200);
    assert_eq!(replica.token_lifetime("team-a.two"), 300);

    // The operator is back: it is told what is in force, goes on from there, and an earlier one's word counts no more.
    let mut link = pod.link(&replica).await;
    let sent = configuration(&["team-a.one", "team-a.two"], 300);
    let described = link.describe().await.unwrap();
    assert_eq!(
        (described.highest, described.known.unwrap().revision),
        (nth(5), sent.revision.clone())
    );
    let older = send(&mut link, &configuration(&["team-a.old"], 900), nth(4)).await;
    assert_eq!(older, Outcome::Superseded(nth(5)));
    let unchanged = Outcome::Ack {
        revision: sent.revision.clone(),
        changed: false,
    };
    assert_eq!(send(&mut link, &sent, nth(5)).await, unchanged);
    let next = configuration(&["team-a.one"], 60);
    assert_eq!(send(&mut link, &next, nth(6)).await, taken(&next));
    assert_eq!(replica.token_lifetime("team-a.one"), 60);

    replica.process.signal("TERM");
    let (status, said) = replica.process.ended();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(!said.contains(&secret("team-a.one")), "{said}");
    let mut replica = pod.start();
    replica.ready();
    assert_eq!(replica.token_lifetime("team-a.one"), 60, "an orderly end keeps what came last");
}

#[tokio::test]
async fn serves_again_without_the_operator_on_sqlite() {
    serves_again_without_the_operator(Pod::new()).await;
}

#[tokio::test]
async fn serves_again_without_the_operator_on_postgresql() {
    let url = postgres::server().fresh_database().await;
    serves_again_without_the_operator(Pod::on_postgres(&url).with("NAUTHERA_DATABASE_SCHEMA", "identity_main")).await;
}

#[tokio::test]
async fn another_replica_starts_with_what_the_first_one_kept() {
    let url = postgres::server().fresh_database().await;
    first_life(&Pod::on_postgres(&url)).await;
    let mut second = Pod::on_postgres(&url).start();
    second.ready();
    assert_eq!(second.token_lifetime("team-a.two"), 300);
    let another = Pod::on_postgres(&url).with("NAUTHERA_AUTH_SERVER", "identity/another").start();
    assert_eq!(another.get("/readyz").0, 503, "what is kept is one server's");
}

#[tokio::test]
async fn without_the_key_it_is_live_not_ready_and_says_why() {
    let pod = Pod::new();
    first_life(&pod).await;
    pod.put_key("2026-01", 9);
    let mut replica = pod.start();
    assert_eq!(replica.get("/healthz").0, 200);
    let (status, why) = replica.get("/readyz");
    assert_eq!(status, 503);
    assert!(
        why.contains("2026-01") && why.contains("the operator has not sent another"),
        "{why}"
    );

    let mut link = pod.link(&replica).await;
    let sent = configuration(&["team-a.one"], 900);
    assert_eq!(send(&mut link, &sent, nth(6)).await, taken(&sent));
    replica.ready();
    kept(&mut replica);
    replica.process.signal("TERM");
    let (_, said) = replica.process.ended();
    let complaint = said.lines().find(|line| line.contains(r#""level":"ERROR""#)).unwrap();
    assert!(complaint.contains("of no use") && complaint.contains("2026-01"), "{complaint}");
    pod.start().ready();
}

#[tokio::test]
async fn keys_are_exchanged_one_after_the_other() {
    let pod = Pod::new();
    first_life(&pod).await;
    pod.put_key("2026-02", 2);
    let mut both = pod.start();
    both.ready();
    kept(&mut both);
    both.kill();
    std::fs::remove_file(pod.kek.path().join("2026-01")).unwrap();
    let mut new_alone = pod.start();
    new_alone.ready();
    assert_eq!(new_alone.token_lifetime("team-a.one"), 300);
}
