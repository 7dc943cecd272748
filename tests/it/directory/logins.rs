//! People of a directory log in.

use super::fixture::{LDAP, login, platform, store, tree, with_directory};
use crate::support::slapd::{self, PASSWORD, SUFFIX};
use nauthera::actors::authenticator::LoginFault;
use nauthera::config::snapshot::UserStoreKind;
use nauthera::oauth::ids::UserStoreId;
use std::sync::Arc;

#[actix_rt::test]
async fn the_right_password_opens_and_every_other_try_reads_the_same() {
    let server = slapd::start(&tree());
    let test = platform(&[&server]).await;
    let alice = login(&test, " ALICE ", PASSWORD).await.unwrap();
    assert_eq!((alice.store.as_str(), alice.profile.username.as_str()), (LDAP, "alice"));
    assert_eq!(alice.profile.groups, ["engineering", "loop", "platform, \"core\"", "staff"]);
    assert_eq!(login(&test, "jörg", PASSWORD).await.unwrap().profile.email, None);
    assert_eq!(
        login(&test, "carol", PASSWORD).await.unwrap().store.as_str(),
        "identity/staff",
        "local, in the same server"
    );
    for (name, password) in [
        ("alice", "wrong"),
        ("alice", ""),
        ("nobody", PASSWORD),
        ("locked", PASSWORD),
        ("bob", PASSWORD),
        ("*", PASSWORD),
        ("alice)(uid=*", PASSWORD),
        ("carol", "wrong"),
        ("", PASSWORD),
    ] {
        let outcome = login(&test, name, password).await;
        assert_eq!(outcome, Err(LoginFault::BadCredentials), "{name:?} {password:?}");
    }
    let nobody = test.platform.store.directory_user(&UserStoreId::new(LDAP), "bob").await.unwrap();
    assert_eq!(nobody, None, "no row for somebody who never logged in");
    test.stop().await;
}

#[actix_rt::test]
async fn somebody_who_is_renamed_stays_the_same_and_whoever_gets_their_name_does_not_become_them() {
    let server = slapd::start(&tree());
    let test = platform(&[&server]).await;
    let before = login(&test, "alice", PASSWORD).await.unwrap();
    let mut admin = server.admin().await;
    let old = format!("uid=alice,ou=people,{SUFFIX}");
    admin.modifydn(&old, "uid=alicia", true, None).await.unwrap().success().unwrap();
    assert_eq!(login(&test, "alice", PASSWORD).await, Err(LoginFault::BadCredentials));
    let after = login(&test, "alicia", PASSWORD).await.unwrap();
    assert_eq!((&after.id, after.profile.username.as_str()), (&before.id, "alicia"));
    let attributes = [
        ("objectClass", "inetOrgPerson"),
        ("uid", "alice"),
        ("cn", "Another"),
        ("sn", "Alice"),
        ("userPassword", PASSWORD),
    ];
    let attributes = attributes.map(|(name, value)| (name, [value].into())).to_vec();
    admin.add(&old, attributes).await.unwrap().success().unwrap();
    let other = login(&test, "alice", PASSWORD).await.unwrap();
    assert_ne!(other.id, before.id);
    test.stop().await;
}

#[actix_rt::test]
async fn of_two_directories_the_first_one_that_knows_the_name_decides() {
    let (first, second) = (slapd::start(&tree()), slapd::start(&tree()));
    let test = platform(&[&first]).await;
    let mut both = with_directory("2", store(LDAP, &[&first]));
    both.user_stores.push(store("identity/second", &[&second]));
    test.apply(both).await;
    let mut admin = first.admin().await;
    let change = |password: &'static str| vec![ldap3::Mod::Replace("userPassword", [password].into())];
    let alice = format!("uid=alice,ou=people,{SUFFIX}");
    admin.modify(&alice, change("another")).await.unwrap().success().unwrap();
    assert_eq!(
        login(&test, "alice", PASSWORD).await,
        Err(LoginFault::BadCredentials),
        "the second one's is not tried"
    );
    assert_eq!(login(&test, "alice", "another").await.unwrap().store.as_str(), LDAP);
    admin.delete(&alice).await.unwrap().success().unwrap();
    assert_eq!(login(&test, "alice", PASSWORD).await.unwrap().store.as_str(), "identity/second");
    test.stop().await;
}

#[actix_rt::test]
async fn an_unchanged_directory_keeps_its_connector_when_the_configuration_changes() {
    let server = slapd::start(&tree());
    let test = platform(&[&server]).await;
    login(&test, "alice", PASSWORD).await.unwrap();
    let connector = || {
        test.platform
            .connectors
            .standing()
            .pop()
            .map(|(_, handle)| handle.gate().addr().clone())
    };
    let before = connector().unwrap();
    test.apply(with_directory("2", store(LDAP, &[&server]))).await;
    login(&test, "alice", PASSWORD).await.unwrap();
    assert!(connector().unwrap() == before, "an equal one is the same one");

    let mut changed = store(LDAP, &[&server]);
    if let UserStoreKind::Ldap(config) = &mut Arc::make_mut(&mut changed).kind {
        config.groups = None;
    }
    test.apply(with_directory("3", changed)).await;
    assert!(
        login(&test, "alice", PASSWORD).await.unwrap().profile.groups.is_empty(),
        "by the new settings at once"
    );
    assert!(connector().unwrap() != before);

    let mut none = with_directory("4", store(LDAP, &[&server]));
    none.user_stores.remove(0);
    test.apply(none).await;
    assert_eq!(login(&test, "alice", PASSWORD).await, Err(LoginFault::BadCredentials));
    while connector().is_some() {
        tokio::task::yield_now().await;
    }
    test.stop().await;
}
