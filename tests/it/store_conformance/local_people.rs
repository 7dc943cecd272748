use super::fixtures::{at, code_of, declare, grant_is_live, offline, open_grant, people, profile, session_of, together};
use super::on_every_store;
use nauthera::oauth::ids::{UserId, UserStoreId};
use nauthera::store::Store;
use nauthera::store::records::{Keeper, PasswordRecord, Person, UserProfile, UserRecord};
use std::sync::Arc;

on_every_store!(
    makes_somebody_with_their_password_once_a_name,
    no_manifest_takes_over_who_was_made_by_hand,
    a_manifest_gets_who_was_released,
    whoever_is_disabled_by_hand_has_nothing_left_and_can_come_back,
    neither_manifests_nor_directories_are_overruled,
    whoever_no_manifest_declares_any_more_can_be_kept_by_hand,
    lists_people_page_by_page_in_the_order_of_their_names,
    knows_the_stores_that_are_no_directories,
);

fn one_time() -> PasswordRecord {
    PasswordRecord {
        hash: "one time".to_owned(),
        declared_hash: None,
        changed_at: at(1),
        must_change: true,
    }
}

async fn add(store: &Arc<dyn Store>, username: &str) -> UserRecord {
    let added = store.add_user(&people(), &profile(username), &one_time(), at(1)).await.unwrap();
    added.unwrap()
}

async fn person(store: &Arc<dyn Store>, id: &UserId) -> Person {
    store.person(id).await.unwrap().unwrap()
}

async fn makes_somebody_with_their_password_once_a_name(store: Arc<dyn Store>) {
    let made = add(&store, "Carol").await;
    assert_eq!(
        (&made.profile, &made.store, made.updated_at, &made.origin),
        (&profile("Carol"), &people(), at(1), &None)
    );
    assert_eq!(store.user_by_name(&people(), "CAROL").await.unwrap(), Some(made.clone()));
    assert_eq!(store.password(&made.id).await.unwrap(), Some(one_time()));
    let known = person(&store, &made.id).await;
    assert_eq!((known.user, known.keeper, known.must_change), (made.clone(), Keeper::Hand, true));

    let again = store.add_user(&people(), &profile("CAROL"), &one_time(), at(2)).await.unwrap();
    assert_eq!(again, None);
    assert_eq!(store.user(&made.id).await.unwrap(), Some(made.clone()), "as she was");
    declare(&store, profile("alice")).await;
    assert_eq!(
        store.add_user(&people(), &profile("Alice"), &one_time(), at(2)).await.unwrap(),
        None
    );
    let elsewhere = UserStoreId::new("demo/other");
    let other = store
        .add_user(&elsewhere, &profile("carol"), &one_time(), at(2))
        .await
        .unwrap()
        .unwrap();
    assert_ne!(other.id, made.id);
    assert_eq!(store.person(&UserId::new("nobody")).await.unwrap(), None);

    let tries = (0..8).map(|_| {
        let store = Arc::clone(&store);
        async move {
            store
                .add_user(&people(), &profile("dave"), &one_time(), at(3))
                .await
                .unwrap()
                .is_some()
        }
    });
    let outcomes = together(tries.collect()).await;
    assert_eq!(outcomes.into_iter().filter(|made| *made).count(), 1);
}

async fn no_manifest_takes_over_who_was_made_by_hand(store: Arc<dyn Store>) {
    let carol = add(&store, "carol").await;
    let declared = UserProfile {
        email: Some("intruder@example.org".to_owned()),
        ..profile("Carol")
    };
    let records = store
        .put_declared_users(&people(), &[declared, profile("bob")], at(2))
        .await
        .unwrap();
    let names: Vec<_> = records.iter().map(|record| record.profile.username.as_str()).collect();
    assert_eq!(names, ["bob"], "hers is left out");
    assert_eq!(store.user(&carol.id).await.unwrap(), Some(carol.clone()));
    assert_eq!(person(&store, &carol.id).await.keeper, Keeper::Hand);
    store.put_declared_users(&people(), &[], at(3)).await.unwrap();
    assert_eq!(
        store.user(&carol.id).await.unwrap(),
        Some(carol),
        "and nothing of hers goes with the manifest"
    );
}

async fn a_manifest_gets_who_was_released(store: Arc<dyn Store>) {
    let carol = add(&store, "carol").await;
    assert!(store.release_user(&carol.id).await.unwrap());
    assert!(!store.release_user(&carol.id).await.unwrap(), "she was");
    assert_eq!(person(&store, &carol.id).await.keeper, Keeper::Nobody);
    assert!(
        !store.user(&carol.id).await.unwrap().unwrap().profile.disabled,
        "as she was, until one does"
    );
    let taken = store
        .put_declared_users(&people(), &[profile("Carol")], at(4))
        .await
        .unwrap()
        .remove(0);
    assert_eq!(taken.id, carol.id);
    assert_eq!(person(&store, &carol.id).await.keeper, Keeper::Manifest);
}

async fn whoever_is_disabled_by_hand_has_nothing_left_and_can_come_back(store: Arc<dyn Store>) {
    let carol = add(&store, "carol").await;
    let session = session_of(&carol.id, "hers");
    assert!(store.open_session(&session, None).await.unwrap());
    let grant = open_grant(&store, offline(code_of(&session, "used"))).await;
    assert!(store.set_disabled(&carol.id, true, at(3)).await.unwrap());
    let now = store.user(&carol.id).await.unwrap().unwrap();
    assert_eq!((now.profile.disabled, now.updated_at), (true, at(3)));
    assert_eq!(store.session(&session.id, at(4)).await.unwrap(), None);
    assert!(!grant_is_live(&store, &grant, 4).await);
    assert!(store.set_disabled(&carol.id, false, at(5)).await.unwrap());
    assert!(!store.user(&carol.id).await.unwrap().unwrap().profile.disabled);
    assert_eq!(store.session(&session.id, at(6)).await.unwrap(), None, "what ended stays so");
    assert_eq!(person(&store, &carol.id).await.keeper, Keeper::Hand);
}

async fn neither_manifests_nor_directories_are_overruled(store: Arc<dyn Store>) {
    let alice = declare(&store, profile("alice")).await;
    let ldap = UserStoreId::new("demo/ldap");
    let ann = store
        .put_directory_user(&ldap, "entryUUID:1", &profile("ann"), at(0))
        .await
        .unwrap();
    for (user, keeper) in [(alice, Keeper::Manifest), (ann, Keeper::Directory)] {
        assert_eq!(person(&store, &user.id).await.keeper, keeper);
        for disabled in [true, false] {
            assert!(!store.set_disabled(&user.id, disabled, at(3)).await.unwrap());
        }
        assert!(!store.release_user(&user.id).await.unwrap());
        assert_eq!(store.user(&user.id).await.unwrap(), Some(user.clone()));
        assert_eq!(person(&store, &user.id).await.keeper, keeper);
    }
    assert!(!store.set_disabled(&UserId::new("nobody"), true, at(3)).await.unwrap());
}

async fn whoever_no_manifest_declares_any_more_can_be_kept_by_hand(store: Arc<dyn Store>) {
    let alice = declare(&store, profile("alice")).await;
    store.put_declared_users(&people(), &[], at(2)).await.unwrap();
    assert_eq!(person(&store, &alice.id).await.keeper, Keeper::Nobody);
    assert!(store.set_disabled(&alice.id, false, at(3)).await.unwrap());
    assert_eq!(person(&store, &alice.id).await.keeper, Keeper::Hand);
    let declared = store.put_declared_users(&people(), &[profile("alice")], at(4)).await.unwrap();
    assert_eq!(declared, [], "she is no manifest's any more");
}

async fn lists_people_page_by_page_in_the_order_of_their_names(store: Arc<dyn Store>) {
    let ldap = UserStoreId::new("demo/ldap");
    let long = "x".repeat(10_000);
    for name in ["carol", "bob", "Zoe", "ada", &long] {
        add(&store, name).await;
    }
    // Several of a directory may have one name.
    for id in ["entryUUID:1", "entryUUID:2", "entryUUID:3"] {
        store.put_directory_user(&ldap, id, &profile("same"), at(0)).await.unwrap();
    }
    let read = async |place: Option<&UserStoreId>| {
        let mut found: Vec<Person> = Vec::new();
        loop {
            let after = found.last().map(|person| person.user.id.clone());
            let page = store.people(place, after.as_ref(), 2).await.unwrap();
            if page.is_empty() {
                return found;
            }
            found.extend(page);
        }
    };
    let names = |found: &[Person]| -> Vec<String> { found.iter().map(|person| person.user.profile.username.clone()).collect() };
    assert_eq!(names(&read(Some(&people())).await), ["Zoe", "ada", "bob", "carol", &long]);
    let all = read(None).await;
    assert_eq!(all.len(), 8);
    assert_eq!(names(&all[..3]), ["same", "same", "same"], "demo/ldap comes before demo/people");
    assert!(
        all[..3]
            .iter()
            .all(|person| person.keeper == Keeper::Directory && !person.must_change)
    );
    assert!(all[3..].iter().all(|person| person.keeper == Keeper::Hand && person.must_change));
    assert_eq!(read(Some(&UserStoreId::new("demo/none"))).await, []);
}

async fn knows_the_stores_that_are_no_directories(store: Arc<dyn Store>) {
    assert_eq!(store.local_stores(9).await.unwrap(), []);
    let ldap = UserStoreId::new("demo/ldap");
    store
        .put_directory_user(&ldap, "entryUUID:1", &profile("ann"), at(0))
        .await
        .unwrap();
    assert_eq!(store.local_stores(9).await.unwrap(), []);
    add(&store, "carol").await;
    assert_eq!(store.local_stores(9).await.unwrap(), [people()]);
    let other = UserStoreId::new("demo/other");
    store.put_declared_users(&other, &[profile("bob")], at(0)).await.unwrap();
    assert_eq!(store.local_stores(9).await.unwrap(), [other.clone(), people()]);
    assert_eq!(store.local_stores(1).await.unwrap(), [other]);
}
