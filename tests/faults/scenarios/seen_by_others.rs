//! What one replica ends or makes, the others see: how soon, with a cache and without, and while PostgreSQL tells them nothing.

use crate::cluster::manifests::{SECRET, SERVICE, person};
use crate::cluster::{Cluster, REPLICAS};
use crate::invariants::{Silent, silently};
use crate::load::agent::Agent;
use crate::load::ledger::{Family, Website};
use crate::load::people::log_in_for_tokens;
use crate::load::programs::{STALE, refresh_once};
use crate::load::record::{Act, Failure, Records};
use crate::postgres::execute;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A key signs for five seconds and is published four seconds before: an eighth of that, half a second, is the bound while nothing is told.
const HASTY_KEYS: &str = "{algorithms: [ES256], rotateEvery: 5s, overlap: 4s}";
/// Until another replica is asked again.
const PAUSE: Duration = Duration::from_millis(5);
/// Nobody may listen from now on, and nobody does.
const TELL_NOTHING: &str = "REVOKE SELECT ON pg_catalog.pg_class FROM PUBLIC;
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'server' AND (query = '' OR query LIKE '%LISTEN%')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_cache() {
    let cluster = Cluster::start(HASTY_KEYS).await;
    cluster.caches_are_used().await;
    look("with a cache", cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_cache() {
    look("without a cache", Cluster::without_cache(HASTY_KEYS).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nothing_is_told() {
    let cluster = Cluster::start(HASTY_KEYS).await;
    cluster.caches_are_used().await;
    let owner = cluster.database.replacen("server@", "postgres@", 1);
    execute(&owner, TELL_NOTHING).await;
    look("with a cache, while PostgreSQL tells nothing", cluster).await;
}

/// Each thing is done at each replica in turn, and awaited at the two others. Prints the slowest of all six.
async fn look(title: &str, cluster: Cluster) {
    let agent = Agent::new(&cluster.origin, Records::default());
    let mut slowest = [
        ("a logout", Duration::ZERO),
        ("a disabled user", Duration::ZERO),
        ("a revoked token", Duration::ZERO),
    ];
    for replica in 0..REPLICAS {
        let took = [
            logout(&cluster, &agent.fresh(), replica).await,
            disabled_user(&cluster, &agent.fresh(), replica).await,
            revoked_token(&cluster, &agent.fresh(), replica).await,
        ];
        for ((_, slowest), took) in slowest.iter_mut().zip(took) {
            *slowest = took.max(*slowest);
        }
    }
    let key = new_key(&cluster).await;
    cluster.stop();
    println!("\nSeen by the other replicas, {title}:");
    for (what, took) in slowest.iter().chain(&[("a new key", key)]) {
        println!("| {what} | {} ms |", took.as_millis());
    }
}

/// The browser or program at the replica, and at each other one.
fn places(cluster: &Cluster, agent: &Agent, replica: usize) -> (Agent, Vec<Agent>) {
    let at = |number: usize| agent.at(cluster.addresses[number].unwrap());
    let others = (0..REPLICAS).filter(|number| *number != replica).map(at).collect();
    (at(replica), others)
}

/// The longest time until it is so at each of these.
async fn until<'a, F: Future<Output = bool>>(what: &str, places: &'a [Agent], holds: impl Fn(&'a Agent) -> F) -> Duration {
    let began = Instant::now();
    let each = places.iter().map(async |place| {
        while !holds(place).await {
            tokio::time::sleep(PAUSE).await;
        }
        began.elapsed()
    });
    let all = tokio::time::timeout(STALE, futures::future::join_all(each)).await;
    let all = all.unwrap_or_else(|_| panic!("{what} is not seen everywhere within {STALE:?}"));
    all.into_iter().max().unwrap_or_default()
}

async fn log_in(here: &Agent, others: &[Agent], person: &str) -> Family {
    let family = log_in_for_tokens(here, person, &Website::office()).await.unwrap();
    // Twice, so that each has a copy, and the cache too.
    for other in others.iter().chain(others) {
        assert_eq!(silently(other, &family.website).await, Ok(Silent::Code));
        assert_eq!(is_active(other, &family.access).await, Ok(true));
        refresh_once(other, &family).await.unwrap();
    }
    family
}

async fn logout(cluster: &Cluster, browser: &Agent, replica: usize) -> Duration {
    let (here, others) = places(cluster, browser, replica);
    let family = log_in(&here, &others, &person(replica)).await;
    let path = format!("/logout?id_token_hint={}", family.id_token);
    here.get(
        Act::Logout,
        &path,
        |answer| if answer.status == 200 { Ok(()) } else { Err(answer.wrong()) },
    )
    .await
    .unwrap();
    let website = &family.website;
    until("a logout", &others, async |other| asks_for_login(other, website).await).await
}

/// As a replica does that was told so: each has the same manifests here, so that none of them may say it.
async fn disabled_user(cluster: &Cluster, browser: &Agent, replica: usize) -> Duration {
    let (here, others) = places(cluster, browser, replica);
    let person = person(REPLICAS + replica);
    let family = log_in(&here, &others, &person).await;
    execute(
        &cluster.database,
        &format!("UPDATE users SET disabled = true WHERE username = '{person}'"),
    )
    .await;
    let family = &family;
    until("a disabled user", &others, async |other| {
        let refused = refresh_once(other, family)
            .await
            .is_err_and(|failure| matches!(failure, Failure::Wrong(_)));
        refused && asks_for_login(other, &family.website).await
    })
    .await
}

async fn revoked_token(cluster: &Cluster, browser: &Agent, replica: usize) -> Duration {
    let (here, others) = places(cluster, browser, replica);
    let family = log_in(&here, &others, &person(2 * REPLICAS + replica)).await;
    let fields = [
        ("token", family.access.as_str()),
        ("client_id", family.website.id.as_str()),
        ("client_secret", SECRET),
    ];
    here.post(Act::Revoke, "/revoke", &fields, |answer| {
        if answer.status == 200 { Ok(()) } else { Err(answer.wrong()) }
    })
    .await
    .unwrap();
    let token = &family.access;
    until("a revoked token", &others, async |other| is_active(other, token).await == Ok(false)).await
}

/// A key that is published by one replica for the first time.
async fn new_key(cluster: &Cluster) -> Duration {
    let agent = Agent::new(&cluster.origin, Records::default());
    let (one, others) = places(cluster, &agent, 0);
    let everywhere: Vec<Agent> = others.into_iter().chain([one]).collect();
    let before = keys(&everywhere[0]).await;
    let next = async {
        loop {
            for place in &everywhere {
                if let Some(key) = keys(place).await.difference(&before).next() {
                    return key.clone();
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let key = tokio::time::timeout(crate::process::PATIENCE, next).await.expect("keys take turns");
    let key = &key;
    until("a new key", &everywhere, async |place| keys(place).await.contains(key)).await
}

async fn keys(agent: &Agent) -> BTreeSet<String> {
    let read = agent.get(Act::Jwks, "/jwks", |answer| answer.json()).await.unwrap();
    let keys = read["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn asks_for_login(browser: &Agent, website: &Website) -> bool {
    silently(browser, website).await == Ok(Silent::Error("login_required".to_owned()))
}

async fn is_active(agent: &Agent, token: &str) -> Result<bool, Failure> {
    let fields = [("token", token), ("client_id", SERVICE), ("client_secret", SECRET)];
    agent
        .post(Act::Introspect, "/introspect", &fields, |answer| {
            answer.json()?["active"].as_bool().ok_or_else(|| answer.wrong())
        })
        .await
}
