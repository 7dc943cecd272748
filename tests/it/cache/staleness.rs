//! What one server changes, another does not read from the cache.

use super::{NEVER, Server, cache_of};
use crate::store_conformance::fixtures::{alice_logged_in, at, declare, people, profile};
use crate::store_conformance::proxy::{Mode, Proxy};
use crate::support::{postgres, redis};
use nauthera::oauth::opaque::TokenHash;

impl Server {
    /// Until this server heard of the end of a session; then that it does not read it, though the cache has it still.
    async fn hears_the_end_of(&self, token: &TokenHash) {
        let heard = async {
            while self.reads.session_by_token(token, at(1)).await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(NEVER, heard).await.expect("it hears of it");
    }
}

/// How often the cache had what it was asked for.
fn hits(server: &redis::Redis) -> u64 {
    let stats = server.ask(&["INFO", "stats"]).unwrap();
    let line = stats.lines().find_map(|line| line.strip_prefix("keyspace_hits:")).unwrap();
    line.trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_reads_what_another_put_there_until_it_ends() {
    let (server, database) = (redis::start(), postgres::server().fresh_database().await);
    let cache = cache_of(&server).await;
    let (one, other) = (Server::start(&database, &cache).await, Server::start(&database, &cache).await);
    let session = alice_logged_in(&one.store).await;
    assert_eq!(
        one.reads.session_by_token(&session.token, at(1)).await.unwrap().as_ref(),
        Some(&session)
    );
    assert_eq!(hits(&server), 0);
    assert_eq!(
        other.reads.session_by_token(&session.token, at(1)).await.unwrap().as_ref(),
        Some(&session)
    );
    assert_eq!(hits(&server), 1, "the database was not asked");

    one.store.end_session(&session.id, at(1)).await.unwrap();
    other.hears_the_end_of(&session.token).await;
    one.hears_the_end_of(&session.token).await;
    let names = server.ask(&["DBSIZE"]).unwrap();
    assert_eq!(names, "1", "nothing had to be taken out of the cache for that");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_over_when_its_time_is_whatever_the_cache_has() {
    let (server, database) = (redis::start(), postgres::server().fresh_database().await);
    let one = Server::start(&database, &cache_of(&server).await).await;
    let session = alice_logged_in(&one.store).await;
    assert!(one.reads.session_by_token(&session.token, at(999)).await.unwrap().is_some());
    assert!(one.reads.session_by_token(&session.token, at(1000)).await.unwrap().is_none());
    assert_eq!(hits(&server), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_changed_is_read_anew_and_others_are_not() {
    let (server, database) = (redis::start(), postgres::server().fresh_database().await);
    let cache = cache_of(&server).await;
    let (one, other) = (Server::start(&database, &cache).await, Server::start(&database, &cache).await);
    let declared = [profile("alice"), profile("bob")];
    let users = one.store.put_declared_users(&people(), &declared, at(0)).await.unwrap();
    for user in &users {
        assert_eq!(one.reads.user(&user.id, at(1)).await.unwrap().as_ref(), Some(user));
        assert_eq!(other.reads.user(&user.id, at(1)).await.unwrap().as_ref(), Some(user));
    }
    assert_eq!(hits(&server), 2);

    let mut changed = declared.clone();
    changed[0].groups = vec!["others".to_owned()];
    one.store.put_declared_users(&people(), &changed, at(2)).await.unwrap();
    let heard = async {
        while other.reads.user(&users[0].id, at(3)).await.unwrap().unwrap().profile.groups != ["others"] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(NEVER, heard).await.expect("it hears of it");
    let before = hits(&server);
    assert!(other.reads.user(&users[1].id, at(3)).await.unwrap().is_some());
    assert_eq!(hits(&server), before + 1, "bob did not change");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_nothing_asks_the_database() {
    let (server, postgres) = (redis::start(), postgres::server());
    let database = postgres.fresh_database().await;
    let proxy = Proxy::before(postgres.port()).await;
    let cache = cache_of(&server).await;
    let one = Server::start(&database, &cache).await;
    let cut = database.replace(&format!(":{}/", postgres.port()), &format!(":{}/", proxy.port));
    let other = Server::start(&cut, &cache).await;
    let session = alice_logged_in(&one.store).await;
    assert!(one.reads.session_by_token(&session.token, at(1)).await.unwrap().is_some());
    assert!(other.reads.session_by_token(&session.token, at(1)).await.unwrap().is_some());
    assert_eq!(hits(&server), 1);

    proxy.set(Mode::Closed);
    let mut notices = other.store.notices();
    let deaf = notices.wait_for(|notices| !notices.told);
    tokio::time::timeout(NEVER, deaf)
        .await
        .expect("it notices that it is told nothing")
        .unwrap();
    one.store.end_session(&session.id, at(1)).await.unwrap();
    let asked = other.reads.session_by_token(&session.token, at(1)).await;
    assert!(
        asked.is_err(),
        "the database is away for it, and the cache is no substitute: {asked:?}"
    );
    assert_eq!(hits(&server), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_wrote_into_the_cache_is_as_if_it_were_not_there() {
    let (server, database) = (redis::start(), postgres::server().fresh_database().await);
    let cache = cache_of(&server).await;
    let one = Server::start(&database, &cache).await;
    let session = alice_logged_in(&one.store).await;
    let eve = declare(&one.store, profile("eve")).await;
    for id in [&session.user, &eve.id] {
        one.reads.user(id, at(1)).await.unwrap();
    }
    let names: Vec<String> = server.ask(&["KEYS", "*"]).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(names.len(), 2);
    // Each one's value under the other's name, and noise.
    server.ask(&["RENAME", &names[0], "aside"]).unwrap();
    server.ask(&["RENAME", &names[1], &names[0]]).unwrap();
    server.ask(&["RENAME", "aside", &names[1]]).unwrap();
    let read = one.reads.user(&session.user, at(2)).await.unwrap().unwrap();
    assert_eq!((read.id, read.profile.username.as_str()), (session.user.clone(), "alice"));
    for name in &names {
        server.ask(&["SET", name, "{\"asked_at\":\"2027-01-15T08:00:00Z\"}"]).unwrap();
    }
    assert_eq!(one.reads.user(&eve.id, at(2)).await.unwrap().unwrap().profile.username, "eve");
}
