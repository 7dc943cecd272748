//! What one replica ends, another one sees. Their clocks stand still: no copy ages, so that only notices can make one stale.

use crate::support::platform::*;
use crate::support::postgres;
use nauthera::actors::gate::{Gate, GateLimits};
use nauthera::actors::key_keeper::Rotate;
use nauthera::actors::session_keeper::messages::{End, Open, Opened, Resume, SessionView};
use nauthera::actors::session_keeper::{Changes, SessionKeeper};
use nauthera::store::{StoreSettings, open};
use std::time::Duration;

/// Nothing here takes this long, unless it never happens.
const NEVER: Duration = Duration::from_secs(30);

/// A replica, with a keeper of sessions as an HTTP worker has one.
struct Replica {
    test: TestPlatform,
    sessions: Gate<SessionKeeper>,
}

impl Replica {
    async fn start(database: &str) -> Self {
        let store = open(&StoreSettings::new(database)).await.unwrap();
        let mut notices = store.notices();
        tokio::time::timeout(NEVER, notices.wait_for(|notices| notices.told))
            .await
            .expect("it listens")
            .unwrap();
        let test = TestPlatform::start_on(store).await;
        let platform = &test.platform;
        let changes = Changes::of(platform.store.as_ref());
        let keeper = SessionKeeper::new(platform, &changes);
        let sessions = platform.start_here("session_keeper", keeper, GateLimits::default());
        test.apply(snapshot("1", vec![user("alice", Some("correct horse"))])).await;
        Self { test, sessions }
    }

    async fn log_in(&self) -> Opened {
        let alice = self
            .test
            .platform
            .authenticator
            .authenticate("alice", &"correct horse".into(), None)
            .await
            .unwrap()
            .user;
        let open = Open {
            user: alice.id,
            auth_time: self.test.platform.clock.now(),
            amr: vec!["pwd".to_owned()],
            password: None,
            instead_of: None,
        };
        self.sessions.ask(open).await.unwrap().unwrap().unwrap()
    }

    async fn resumes(&self, opened: &Opened) -> Option<SessionView> {
        let token = opened.token.expose().to_owned();
        self.sessions.ask(Resume { token }).await.unwrap().unwrap()
    }

    async fn forgets(&self, opened: &Opened) {
        let forgotten = async {
            while self.resumes(opened).await.is_some() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(NEVER, forgotten).await.expect("the session is ended here too");
    }
}

#[actix_rt::test]
async fn a_logout_and_a_disabled_user_are_seen_at_every_replica() {
    let database = postgres::server().fresh_database().await;
    let (one, other) = (Replica::start(&database).await, Replica::start(&database).await);
    let opened = one.log_in().await;
    let seen = other.resumes(&opened).await.expect("any replica goes on with a session");
    let (session, user) = (seen.id, seen.user);
    assert!(other.resumes(&opened).await.is_some(), "now a copy");
    one.sessions.ask(End { session, user }).await.unwrap().unwrap();
    other.forgets(&opened).await;

    let opened = one.log_in().await;
    assert!(other.resumes(&opened).await.is_some());
    one.test.apply(snapshot("2", Vec::new())).await;
    other.forgets(&opened).await;
    one.test.stop().await;
    other.test.stop().await;
}

#[actix_rt::test]
async fn a_key_that_one_replica_makes_is_published_by_all() {
    let database = postgres::server().fresh_database().await;
    let (one, other) = (Replica::start(&database).await, Replica::start(&database).await);
    let ids = |replica: &Replica| {
        let ring = replica.test.platform.keys.current();
        ring.jwks(replica.test.platform.clock.now())
            .keys
            .iter()
            .map(|key| key.common.key_id.clone())
            .collect::<Vec<_>>()
    };
    let before = ids(&other);
    one.test.platform.key_keeper.ask(Rotate { at_once: true }).await.unwrap().unwrap();
    let published = async {
        while ids(&other) == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(NEVER, published)
        .await
        .expect("the new key is published by the other replica too");
    assert_eq!(ids(&one), ids(&other));
    one.test.stop().await;
    other.test.stop().await;
}
