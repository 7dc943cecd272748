//! Whoever leaves the directory loses sessions and grants; while it is away nobody does.

use super::fixture::{Session, login, platform, tree, with_directory};
use crate::support::platform::TestPlatform;
use crate::support::slapd::{self, PASSWORD, SUFFIX, Slapd, group_dn};
use jiff::SignedDuration;
use nauthera::actors::session_keeper::messages::SessionView;
use nauthera::store::records::UserRecord;
use std::time::Duration;

struct Stand {
    server: Slapd,
    test: TestPlatform,
    session: Session,
    alice: UserRecord,
}

const TTL: SignedDuration = SignedDuration::from_secs(60);

impl Stand {
    async fn start() -> Self {
        let server = slapd::start(&tree());
        let test = platform(&[&server]).await;
        let alice = login(&test, "alice", PASSWORD).await.unwrap();
        Self {
            session: Session::open(&test, &alice).await,
            server,
            test,
            alice,
        }
    }

    async fn resumed(&self) -> Option<SessionView> {
        self.session.resumed().await
    }

    /// Whether her row says that she may log in.
    async fn is_enabled(&self) -> bool {
        !self
            .test
            .platform
            .store
            .user(&self.alice.id)
            .await
            .unwrap()
            .unwrap()
            .profile
            .disabled
    }
}

fn alice_dn() -> String {
    format!("uid=alice,ou=people,{SUFFIX}")
}

#[actix_rt::test]
async fn somebody_who_is_deleted_has_no_session_when_the_copy_is_old() {
    let stand = Stand::start().await;
    stand.server.admin().await.delete(&alice_dn()).await.unwrap().success().unwrap();
    assert!(stand.resumed().await.is_some(), "the copy is fresh");
    stand.test.clock.advance(TTL);
    assert_eq!(stand.resumed().await, None);
    assert!(!stand.is_enabled().await);
    stand.test.stop().await;
}

#[actix_rt::test]
async fn somebody_who_is_disabled_has_no_session_and_may_come_back_later() {
    let stand = Stand::start().await;
    let mut admin = stand.server.admin().await;
    let lock = vec![ldap3::Mod::Replace("pwdAccountLockedTime", ["000001010000Z"].into())];
    admin.modify(&alice_dn(), lock).await.unwrap().success().unwrap();
    stand.test.clock.advance(TTL);
    assert_eq!(stand.resumed().await, None);
    assert!(!stand.is_enabled().await);
    let unlock = vec![ldap3::Mod::Delete("pwdAccountLockedTime", [].into())];
    admin.modify(&alice_dn(), unlock).await.unwrap().success().unwrap();
    assert_eq!(login(&stand.test, "alice", PASSWORD).await.unwrap().id, stand.alice.id);
    assert_eq!(stand.resumed().await, None, "but has to log in");
    stand.test.stop().await;
}

#[actix_rt::test]
async fn groups_change_when_the_copy_is_old() {
    let stand = Stand::start().await;
    let leave = vec![ldap3::Mod::Delete("member".to_owned(), [alice_dn()].into())];
    stand
        .server
        .admin()
        .await
        .modify(&group_dn("staff"), leave)
        .await
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(stand.resumed().await.unwrap().groups.len(), 4);
    stand.test.clock.advance(TTL);
    assert!(stand.resumed().await.unwrap().groups.is_empty());
    stand.test.stop().await;
}

#[actix_rt::test]
async fn while_the_directory_is_away_its_last_word_stands() {
    let stand = Stand::start().await;
    stand.server.kill();
    stand.test.clock.advance(TTL * 10);
    assert!(stand.resumed().await.is_some());
    assert!(stand.is_enabled().await);
    stand.server.start_again();
    stand.server.admin().await.delete(&alice_dn()).await.unwrap().success().unwrap();
    while stand.test.platform.connectors.standing()[0].1.standing()[0].gone.is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    while stand.resumed().await.is_some() {
        stand.test.clock.advance(TTL);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stand.test.stop().await;
}

#[actix_rt::test]
async fn without_its_directory_in_the_configuration_a_session_is_worth_nothing_and_comes_back_with_it() {
    let stand = Stand::start().await;
    let with = with_directory("3", super::fixture::store(super::fixture::LDAP, &[&stand.server]));
    let mut without = with.clone();
    without.user_stores.remove(0);
    without.revision.0 = "2".to_owned();
    stand.test.apply(without).await;
    stand.test.clock.advance(TTL);
    assert_eq!(stand.resumed().await, None);
    stand.test.apply(with).await;
    assert!(stand.resumed().await.is_some(), "a slip in a manifest logs nobody out for good");
    stand.test.stop().await;
}
