use super::fixtures::{alice, at, declare, people, profile, together};
use super::on_every_store;
use nauthera::oauth::ids::{UserId, UserStoreId};
use nauthera::store::records::UserProfile;
use nauthera::store::{Store, StoreError};
use std::sync::Arc;

on_every_store!(
    finds_whoever_has_an_address_in_any_case,
    an_address_that_is_not_verified_is_nobodys,
    an_address_is_looked_for_in_these_stores_only,
    no_letter_of_another_alphabet_is_taken_for_one_of_an_address,
    tells_of_all_who_have_an_address_disabled_ones_too,
    remembers_who_somebody_is,
    the_first_link_stays,
    nobody_cannot_be_linked,
    parallel_first_logins_make_one_link,
);

fn provider() -> UserStoreId {
    UserStoreId::new("idp:demo/corp")
}

fn with_email(username: &str, email: &str) -> UserProfile {
    UserProfile {
        email: Some(email.to_owned()),
        ..profile(username)
    }
}

async fn found(store: &Arc<dyn Store>, email: &str) -> Vec<UserId> {
    let users = store.users_by_verified_email(&[people()], email).await.unwrap();
    users.into_iter().map(|user| user.id).collect()
}

async fn finds_whoever_has_an_address_in_any_case(store: Arc<dyn Store>) {
    let id = declare(&store, with_email("alice", "Alice@Example.org")).await.id;
    for email in ["alice@example.org", "ALICE@EXAMPLE.ORG", "Alice@Example.org"] {
        assert_eq!(found(&store, email).await, std::slice::from_ref(&id), "{email}");
    }
    for email in ["alice@example.or", "alice@example.org ", "", "%", "bob@example.org"] {
        assert_eq!(found(&store, email).await, [], "{email}");
    }
}

async fn an_address_that_is_not_verified_is_nobodys(store: Arc<dyn Store>) {
    let unverified = UserProfile {
        email_verified: false,
        ..profile("alice")
    };
    declare(&store, unverified).await;
    assert_eq!(found(&store, "alice@example.org").await, []);
}

async fn an_address_is_looked_for_in_these_stores_only(store: Arc<dyn Store>) {
    alice(&store).await;
    let elsewhere = UserStoreId::new("demo/other");
    let users = store.users_by_verified_email(&[elsewhere], "alice@example.org").await.unwrap();
    assert_eq!(users, []);
    assert_eq!(store.users_by_verified_email(&[], "alice@example.org").await.unwrap(), []);
}

async fn no_letter_of_another_alphabet_is_taken_for_one_of_an_address(store: Arc<dyn Store>) {
    // KELVIN SIGN and LATIN SMALL LETTER DOTLESS I, which become k and i when somebody changes their case.
    declare(&store, with_email("kim", "kim@example.org")).await;
    for email in ["\u{212a}im@example.org", "k\u{131}m@example.org", "K\u{130}M@example.org"] {
        assert_eq!(found(&store, email).await, [], "{email}");
    }
}

async fn tells_of_all_who_have_an_address_disabled_ones_too(store: Arc<dyn Store>) {
    let shared = [with_email("ann", "team@example.org"), with_email("bob", "TEAM@example.org")];
    store.put_declared_users(&people(), &shared, at(0)).await.unwrap();
    assert_eq!(found(&store, "team@example.org").await.len(), 2);
    store.put_declared_users(&people(), &shared[..1], at(1)).await.unwrap();
    let users = store.users_by_verified_email(&[people()], "team@example.org").await.unwrap();
    let disabled: Vec<bool> = users.iter().map(|user| user.profile.disabled).collect();
    assert_eq!((users.len(), disabled.iter().filter(|disabled| **disabled).count()), (2, 1));
}

async fn remembers_who_somebody_is(store: Arc<dyn Store>) {
    let id = alice(&store).await;
    assert_eq!(store.linked_user(&provider(), "https://id.example.org 7").await.unwrap(), None);
    let linked = store.link_user(&provider(), "https://id.example.org 7", &id, at(1)).await.unwrap();
    assert_eq!(linked, id);
    let user = store.linked_user(&provider(), "https://id.example.org 7").await.unwrap().unwrap();
    assert_eq!((user.id, user.store), (id, people()));
    assert_eq!(store.linked_user(&provider(), "https://id.example.org 8").await.unwrap(), None);
    let other = UserStoreId::new("idp:demo/other");
    assert_eq!(store.linked_user(&other, "https://id.example.org 7").await.unwrap(), None);
}

async fn the_first_link_stays(store: Arc<dyn Store>) {
    let users = store
        .put_declared_users(&people(), &["ann", "bob"].map(profile), at(0))
        .await
        .unwrap();
    store.link_user(&provider(), "7", &users[0].id, at(1)).await.unwrap();
    assert_eq!(store.link_user(&provider(), "7", &users[1].id, at(2)).await.unwrap(), users[0].id);
    assert_eq!(store.linked_user(&provider(), "7").await.unwrap().unwrap().id, users[0].id);
}

async fn nobody_cannot_be_linked(store: Arc<dyn Store>) {
    let refused = store.link_user(&provider(), "7", &UserId::new("nobody"), at(0)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)), "{refused}");
}

async fn parallel_first_logins_make_one_link(store: Arc<dyn Store>) {
    let users = store
        .put_declared_users(&people(), &["ann", "bob"].map(profile), at(0))
        .await
        .unwrap();
    let calls = (0..12).map(|number: usize| {
        let (store, user) = (Arc::clone(&store), users[number % 2].id.clone());
        async move { store.link_user(&provider(), "7", &user, at(1)).await.unwrap() }
    });
    let linked = together(calls.collect()).await;
    assert!(linked.iter().all(|user| *user == linked[0]), "{linked:?}");
}
