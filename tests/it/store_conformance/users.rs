use super::fixtures::{alice, at, code_of, declare, grant_is_live, hash, offline, open_grant, people, profile, session_of, shop, together};
use super::on_every_store;
use nauthera::oauth::ids::{UserId, UserStoreId};
use nauthera::store::records::{CodeRedemption, Origin, PasswordRecord, UserProfile};
use nauthera::store::{Store, StoreError};
use std::sync::Arc;

on_every_store!(
    keeps_every_attribute_of_a_declared_user,
    answers_in_the_order_of_the_declaration,
    finds_a_user_by_name_in_any_case_within_its_store,
    keeps_the_id_when_attributes_change_and_tells_when_they_did,
    disables_who_is_no_longer_declared_and_takes_them_back_with_the_same_id,
    a_disabled_user_has_no_session_no_grant_and_no_code,
    leaves_other_stores_alone,
    parallel_declarations_make_one_row,
    declares_ten_thousand_users_at_once,
    keeps_and_replaces_a_password,
    replaces_no_password_but_the_expected_one,
    a_new_password_can_end_everything_that_the_old_one_opened,
    refuses_a_password_of_nobody,
    a_person_of_a_directory_stays_the_same_however_they_are_called,
    a_name_of_a_directory_may_pass_to_somebody_else,
    whoever_a_directory_disables_has_nothing_left,
    parallel_first_logins_of_a_directory_make_one_row,
    an_attribute_that_changes_alone_is_a_change,
);

async fn keeps_every_attribute_of_a_declared_user(store: Arc<dyn Store>) {
    let record = declare(&store, profile("Alice")).await;
    assert_eq!(record.profile, profile("Alice"));
    assert_eq!((record.store.clone(), record.updated_at), (people(), at(0)));
    assert_eq!(store.user(&record.id).await.unwrap(), Some(record));
    let bare = declare(
        &store,
        UserProfile {
            username: "bare".to_owned(),
            ..UserProfile::default()
        },
    )
    .await;
    assert_eq!(store.user(&bare.id).await.unwrap(), Some(bare));
    assert_eq!(store.user(&UserId::new("nobody")).await.unwrap(), None);
}

async fn answers_in_the_order_of_the_declaration(store: Arc<dyn Store>) {
    let names = ["zoe", "bob", "ann", "Bob"];
    let profiles = names.map(profile);
    let records = store.put_declared_users(&people(), &profiles, at(0)).await.unwrap();
    let answered: Vec<_> = records.iter().map(|record| record.profile.username.as_str()).collect();
    assert_eq!(answered, ["zoe", "bob", "ann", "bob"], "the first profile of a name counts");
    assert_eq!(records[1].id, records[3].id);
    let again = store.put_declared_users(&people(), &profiles, at(9)).await.unwrap();
    assert_eq!(again, records, "nothing changed");
}

async fn finds_a_user_by_name_in_any_case_within_its_store(store: Arc<dyn Store>) {
    let id = declare(&store, profile("ÄNNE")).await.id;
    for name in ["änne", "ÄNNE", "Änne"] {
        assert_eq!(
            store.user_by_name(&people(), name).await.unwrap().map(|user| user.id),
            Some(id.clone()),
            "{name}"
        );
    }
    assert_eq!(store.user_by_name(&people(), "anne").await.unwrap(), None);
    assert_eq!(store.user_by_name(&UserStoreId::new("demo/other"), "änne").await.unwrap(), None);
}

async fn keeps_the_id_when_attributes_change_and_tells_when_they_did(store: Arc<dyn Store>) {
    let before = declare(&store, profile("alice")).await;
    let new = UserProfile {
        email: None,
        groups: vec![],
        ..profile("Alice")
    };
    let after = store
        .put_declared_users(&people(), std::slice::from_ref(&new), at(7))
        .await
        .unwrap()
        .remove(0);
    assert_eq!((&after.id, &after.profile, after.updated_at), (&before.id, &new, at(7)));
    assert_eq!(store.user(&before.id).await.unwrap(), Some(after));
}

async fn disables_who_is_no_longer_declared_and_takes_them_back_with_the_same_id(store: Arc<dyn Store>) {
    let id = alice(&store).await;
    store.put_declared_users(&people(), &[profile("bob")], at(5)).await.unwrap();
    let gone = store.user(&id).await.unwrap().unwrap();
    assert!(gone.profile.disabled);
    assert_eq!(gone.updated_at, at(5));
    let back = store
        .put_declared_users(&people(), &[profile("bob"), profile("alice")], at(6))
        .await
        .unwrap()
        .remove(1);
    assert_eq!((back.id.clone(), back.profile.disabled), (id.clone(), false));
    assert_eq!(store.user(&id).await.unwrap(), Some(back));
    let nobody = store.put_declared_users(&people(), &[], at(7)).await.unwrap();
    assert_eq!(nobody, []);
    assert!(store.user(&id).await.unwrap().unwrap().profile.disabled);
}

async fn a_disabled_user_has_no_session_no_grant_and_no_code(store: Arc<dyn Store>) {
    for disable in [
        vec![UserProfile {
            disabled: true,
            ..profile("alice")
        }],
        vec![],
    ] {
        let name = format!("with {} profiles", disable.len());
        let session = session_of(&alice(&store).await, &name);
        assert!(store.open_session(&session, None).await.unwrap());
        let grant = open_grant(&store, offline(code_of(&session, &format!("used {name}")))).await;
        let pending = offline(code_of(&session, &format!("pending {name}")));
        store.issue_code(&pending).await.unwrap();
        assert!(grant_is_live(&store, &grant, 2).await);

        store.put_declared_users(&people(), &disable, at(3)).await.unwrap();
        assert_eq!(store.session(&session.id, at(4)).await.unwrap(), None);
        assert_eq!(store.session_by_token(&session.token, at(4)).await.unwrap(), None);
        assert!(!store.renew_session(&session, at(4)).await.unwrap());
        assert!(!grant_is_live(&store, &grant, 4).await);
        assert_eq!(store.grant(&grant).await.unwrap().unwrap().ended_at, Some(at(3)));

        alice(&store).await;
        assert_eq!(store.session(&session.id, at(5)).await.unwrap(), None, "what ended stays so");
        assert!(!grant_is_live(&store, &grant, 5).await);
        let redeemed = store.redeem_code(&pending.hash, &shop(), at(5), at(500)).await.unwrap();
        assert_eq!(redeemed, CodeRedemption::Unknown);
    }
}

async fn leaves_other_stores_alone(store: Arc<dyn Store>) {
    let id = alice(&store).await;
    let elsewhere = UserStoreId::new("demo/other");
    let other = store
        .put_declared_users(&elsewhere, &[profile("alice")], at(1))
        .await
        .unwrap()
        .remove(0);
    assert_ne!(other.id, id);
    store.put_declared_users(&elsewhere, &[], at(2)).await.unwrap();
    assert!(!store.user(&id).await.unwrap().unwrap().profile.disabled);
}

async fn parallel_declarations_make_one_row(store: Arc<dyn Store>) {
    let calls = (0..12)
        .map(|_| {
            let store = Arc::clone(&store);
            async move {
                store
                    .put_declared_users(&people(), &[profile("bob"), profile("alice")], at(0))
                    .await
                    .unwrap()
            }
        })
        .collect();
    let answers = together(calls).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

async fn declares_ten_thousand_users_at_once(store: Arc<dyn Store>) {
    let profiles: Vec<UserProfile> = (0..10_000).map(|number| profile(&format!("user{number}"))).collect();
    let records = store.put_declared_users(&people(), &profiles, at(0)).await.unwrap();
    assert_eq!(records.len(), 10_000);
    assert_eq!(store.user_by_name(&people(), "USER9999").await.unwrap().as_ref(), records.last());
    store.put_declared_users(&people(), &profiles[1..], at(1)).await.unwrap();
    assert!(store.user(&records[0].id).await.unwrap().unwrap().profile.disabled);
}

fn secret(hash: &str, second: i64) -> PasswordRecord {
    PasswordRecord {
        hash: hash.to_owned(),
        declared_hash: None,
        changed_at: at(second),
        must_change: false,
    }
}

async fn keeps_and_replaces_a_password(store: Arc<dyn Store>) {
    let id = alice(&store).await;
    assert_eq!(store.password(&id).await.unwrap(), None);
    let first = secret("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", 1);
    assert!(store.replace_password(&id, None, &first, None).await.unwrap());
    assert_eq!(store.password(&id).await.unwrap().as_ref(), Some(&first));
    let second = PasswordRecord {
        declared_hash: Some("other".to_owned()),
        must_change: true,
        ..secret("another", 2)
    };
    assert!(store.replace_password(&id, Some(&first), &second, None).await.unwrap());
    assert_eq!(store.password(&id).await.unwrap(), Some(second));
}

async fn replaces_no_password_but_the_expected_one(store: Arc<dyn Store>) {
    let id = alice(&store).await;
    let first = secret("first", 1);
    assert!(
        !store.replace_password(&id, Some(&first), &secret("new", 2), None).await.unwrap(),
        "there is none"
    );
    assert!(store.replace_password(&id, None, &first, None).await.unwrap());
    let session = session_of(&id, "hers");
    assert!(store.open_session(&session, None).await.unwrap());
    for expected in [None, Some(secret("another", 1)), Some(secret("first", 2))] {
        let replaced = store.replace_password(&id, expected.as_ref(), &secret("new", 3), Some(at(3))).await;
        assert!(!replaced.unwrap(), "{expected:?}");
    }
    assert_eq!(store.password(&id).await.unwrap(), Some(first.clone()));
    assert!(store.session(&session.id, at(4)).await.unwrap().is_some(), "nothing ended");
    let tries = (0..8).map(|number| {
        let (store, id, first) = (Arc::clone(&store), id.clone(), first.clone());
        async move {
            let new = secret(&format!("new {number}"), 3);
            store.replace_password(&id, Some(&first), &new, None).await.unwrap()
        }
    });
    let outcomes = together(tries.collect()).await;
    assert_eq!(
        outcomes.into_iter().filter(|replaced| *replaced).count(),
        1,
        "of several at once one wins"
    );
}

async fn a_new_password_can_end_everything_that_the_old_one_opened(store: Arc<dyn Store>) {
    let id = alice(&store).await;
    let bob = store
        .put_declared_users(&people(), &[profile("alice"), profile("bob")], at(0))
        .await
        .unwrap()
        .remove(1)
        .id;
    let (first, second) = (secret("first", 1), secret("second", 2));
    store.replace_password(&id, None, &first, None).await.unwrap();
    let (session, other) = (session_of(&id, "hers"), session_of(&bob, "his"));
    assert!(store.open_session(&session, None).await.unwrap());
    assert!(store.open_session(&other, None).await.unwrap());
    let grant = open_grant(&store, offline(code_of(&session, "used"))).await;
    let pending = offline(code_of(&session, "pending"));
    store.issue_code(&pending).await.unwrap();

    assert!(store.replace_password(&id, Some(&first), &second, Some(at(3))).await.unwrap());
    assert_eq!(store.session(&session.id, at(4)).await.unwrap(), None);
    assert!(!grant_is_live(&store, &grant, 4).await);
    let redeemed = store.redeem_code(&pending.hash, &shop(), at(5), at(500)).await.unwrap();
    assert_eq!(redeemed, CodeRedemption::Unknown);
    assert!(store.session(&other.id, at(4)).await.unwrap().is_some(), "bob's is his");
}

async fn refuses_a_password_of_nobody(store: Arc<dyn Store>) {
    let nobody = UserId::new("nobody");
    let error = store
        .replace_password(&nobody, None, &secret("a secret hash", 1), None)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("secret"), "an error shows no value: {shown}");
    assert!(!shown.contains(&format!("{:?}", hash("x"))));
}

async fn a_person_of_a_directory_stays_the_same_however_they_are_called(store: Arc<dyn Store>) {
    let ldap = UserStoreId::new("demo/ldap");
    let first = store
        .put_directory_user(&ldap, "entryUUID:1", &profile("Ann"), at(0))
        .await
        .unwrap();
    assert_eq!((first.profile.clone(), first.updated_at), (profile("Ann"), at(0)));
    let origin = |checked_at| {
        Some(Origin {
            external_id: "entryUUID:1".to_owned(),
            checked_at,
        })
    };
    assert_eq!(first.origin, origin(at(0)));
    let again = store
        .put_directory_user(&ldap, "entryUUID:1", &profile("Ann"), at(9))
        .await
        .unwrap();
    assert_eq!(
        (&again.id, again.updated_at, again.origin.clone()),
        (&first.id, at(0), origin(at(9)))
    );
    let renamed = store
        .put_directory_user(&ldap, "entryUUID:1", &profile("Anna"), at(10))
        .await
        .unwrap();
    assert_eq!(
        (&renamed.id, renamed.updated_at, renamed.profile.clone()),
        (&first.id, at(10), profile("Anna"))
    );
    assert_eq!(store.user(&first.id).await.unwrap(), Some(renamed.clone()));
    assert_eq!(store.directory_user(&ldap, "entryUUID:1").await.unwrap(), Some(renamed));
    assert_eq!(store.directory_user(&ldap, "entryUUID:2").await.unwrap(), None);
    assert_eq!(store.directory_user(&people(), "entryUUID:1").await.unwrap(), None);
    assert_eq!(
        store.user_by_name(&ldap, "anna").await.unwrap(),
        None,
        "that is the directory's to say"
    );
}

async fn a_name_of_a_directory_may_pass_to_somebody_else(store: Arc<dyn Store>) {
    let ldap = UserStoreId::new("demo/ldap");
    let before = store
        .put_directory_user(&ldap, "entryUUID:1", &profile("ann"), at(0))
        .await
        .unwrap();
    let after = store
        .put_directory_user(&ldap, "entryUUID:2", &profile("ann"), at(1))
        .await
        .unwrap();
    assert_ne!(before.id, after.id);
    let declared = store.put_declared_users(&ldap, &[profile("ann")], at(2)).await.unwrap();
    assert!(declared[0].id != before.id && declared[0].id != after.id);
    store.put_declared_users(&ldap, &[], at(3)).await.unwrap();
    assert!(
        !store.user(&after.id).await.unwrap().unwrap().profile.disabled,
        "no manifest had declared them"
    );
}

async fn whoever_a_directory_disables_has_nothing_left(store: Arc<dyn Store>) {
    let ldap = UserStoreId::new("demo/ldap");
    let user = store
        .put_directory_user(&ldap, "entryUUID:1", &profile("ann"), at(0))
        .await
        .unwrap();
    let session = session_of(&user.id, "s");
    assert!(store.open_session(&session, None).await.unwrap());
    let grant = open_grant(&store, code_of(&session, "c")).await;
    assert!(grant_is_live(&store, &grant, 1).await);
    let disabled = UserProfile {
        disabled: true,
        ..profile("ann")
    };
    store.put_directory_user(&ldap, "entryUUID:1", &disabled, at(2)).await.unwrap();
    assert_eq!(store.session(&session.id, at(3)).await.unwrap(), None);
    assert!(!grant_is_live(&store, &grant, 3).await);
    store
        .put_directory_user(&ldap, "entryUUID:1", &profile("ann"), at(4))
        .await
        .unwrap();
    assert_eq!(
        store.session(&session.id, at(5)).await.unwrap(),
        None,
        "they may log in again, and have to"
    );
    assert!(!grant_is_live(&store, &grant, 5).await);
}

async fn parallel_first_logins_of_a_directory_make_one_row(store: Arc<dyn Store>) {
    let ldap = UserStoreId::new("demo/ldap");
    let login = || {
        let (store, ldap) = (Arc::clone(&store), ldap.clone());
        async move {
            store
                .put_directory_user(&ldap, "entryUUID:1", &profile("ann"), at(0))
                .await
                .unwrap()
        }
    };
    let records = together((0..8).map(|_| login()).collect()).await;
    assert!(records.iter().all(|record| *record == records[0]));
}

async fn an_attribute_that_changes_alone_is_a_change(store: Arc<dyn Store>) {
    let ldap = UserStoreId::new("demo/ldap");
    let other = UserProfile {
        attributes: [("department".to_owned(), vec!["Support".to_owned()])].into(),
        ..profile("ann")
    };
    for (second, profile) in [(0, profile("ann")), (1, other.clone()), (2, other)] {
        let written = store.put_directory_user(&ldap, "entryUUID:1", &profile, at(second)).await.unwrap();
        assert_eq!((&written.profile, written.updated_at), (&profile, at(second.min(1))));
        let declared = store.put_declared_users(&people(), &[profile], at(second)).await.unwrap();
        assert_eq!(declared[0].updated_at, at(second.min(1)));
        assert_eq!(store.user(&written.id).await.unwrap(), Some(written));
    }
}
