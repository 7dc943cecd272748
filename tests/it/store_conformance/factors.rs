use super::fixtures::{alice, at, declare, hash, profile, together};
use super::on_every_store;
use nauthera::oauth::ids::{FactorId, UserId};
use nauthera::store::Store;
use nauthera::store::records::{FactorKind, FactorRecord, UserProfile};
use std::sync::Arc;

on_every_store!(
    a_factor_is_kept_as_it_was,
    there_is_room_for_so_many_factors,
    a_credential_belongs_to_one_person,
    of_parallel_uses_of_one_position_one_counts,
    a_factor_never_goes_back,
    a_key_that_does_not_count_may_come_again,
    another_persons_factor_cannot_be_removed,
    the_last_factor_takes_the_recovery_codes_along,
    everything_can_be_taken_away_at_once,
    a_recovery_code_is_used_once,
    new_recovery_codes_replace_the_earlier_ones,
    a_device_is_remembered_for_a_while_and_for_one_person,
    whoever_is_disabled_has_no_remembered_device_left,
    what_counts_once_counts_once,
    factors_that_an_older_key_sealed_are_found_and_written_anew,
);

fn app(user: &UserId, id: &str) -> FactorRecord {
    FactorRecord {
        id: FactorId::new(id),
        user: user.clone(),
        kind: FactorKind::Totp,
        name: "phone \u{1} ☎ '\"".to_owned(),
        material: vec![0, 255, 39, 1],
        sealed_with: Some("kek-1".to_owned()),
        credential: None,
        position: 0,
        created_at: at(1),
        used_at: None,
    }
}

fn key(user: &UserId, id: &str) -> FactorRecord {
    FactorRecord {
        kind: FactorKind::Passkey,
        credential: Some(hash(id)),
        sealed_with: None,
        created_at: at(2),
        ..app(user, id)
    }
}

async fn a_factor_is_kept_as_it_was(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    assert!(store.factors(&user).await.unwrap().is_empty());
    assert!(store.add_factor(&key(&user, "key"), 9).await.unwrap());
    assert!(store.add_factor(&app(&user, "app"), 9).await.unwrap());
    assert_eq!(
        store.factors(&user).await.unwrap(),
        [app(&user, "app"), key(&user, "key")],
        "the oldest first"
    );
    assert!(store.factors(&UserId::new("nobody")).await.unwrap().is_empty());
}

async fn there_is_room_for_so_many_factors(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    for (id, added) in [("a", true), ("b", true), ("c", false)] {
        assert_eq!(store.add_factor(&key(&user, id), 2).await.unwrap(), added, "{id}");
    }
    assert_eq!(store.factors(&user).await.unwrap().len(), 2);
}

async fn a_credential_belongs_to_one_person(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    assert!(store.add_factor(&key(&user, "key"), 9).await.unwrap());
    let again = FactorRecord {
        id: FactorId::new("other"),
        ..key(&user, "key")
    };
    assert!(!store.add_factor(&again, 9).await.unwrap());
}

async fn of_parallel_uses_of_one_position_one_counts(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let factor = app(&user, "app");
    store.add_factor(&factor, 9).await.unwrap();
    let calls = (0..8)
        .map(|_| {
            let (store, factor) = (Arc::clone(&store), factor.clone());
            async move { store.advance_factor(&factor, 7, at(3)).await.unwrap() }
        })
        .collect();
    let counted = together(calls).await;
    assert_eq!(counted.iter().filter(|counted| **counted).count(), 1);
    let kept = &store.factors(&user).await.unwrap()[0];
    assert_eq!((kept.position, kept.used_at), (7, Some(at(3))));
}

async fn a_factor_never_goes_back(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let factor = app(&user, "app");
    store.add_factor(&factor, 9).await.unwrap();
    for (position, counts) in [(5, true), (5, false), (4, false), (0, false), (6, true)] {
        assert_eq!(store.advance_factor(&factor, position, at(3)).await.unwrap(), counts, "{position}");
    }
    let gone = app(&user, "gone");
    assert!(!store.advance_factor(&gone, 9, at(3)).await.unwrap());
}

async fn a_key_that_does_not_count_may_come_again(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let factor = key(&user, "key");
    store.add_factor(&factor, 9).await.unwrap();
    let changed = FactorRecord {
        material: vec![9],
        sealed_with: Some("kek-2".to_owned()),
        ..factor
    };
    assert!(store.advance_factor(&changed, 0, at(3)).await.unwrap());
    assert!(store.advance_factor(&changed, 0, at(4)).await.unwrap());
    let kept = &store.factors(&user).await.unwrap()[0];
    assert_eq!((kept.material.as_slice(), kept.sealed_with.as_deref()), (&[9][..], Some("kek-2")));
}

async fn another_persons_factor_cannot_be_removed(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    store.add_factor(&app(&user, "app"), 9).await.unwrap();
    assert!(!store.remove_factor(&UserId::new("bob"), &FactorId::new("app")).await.unwrap());
    assert!(store.remove_factor(&user, &FactorId::new("app")).await.unwrap());
    assert!(!store.remove_factor(&user, &FactorId::new("app")).await.unwrap(), "it is gone");
}

async fn the_last_factor_takes_the_recovery_codes_along(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    store.add_factor(&app(&user, "app"), 9).await.unwrap();
    store.add_factor(&key(&user, "key"), 9).await.unwrap();
    store.put_recovery_codes(&user, &[hash("one"), hash("two")]).await.unwrap();
    store.remember_device(&hash("laptop"), &user, at(1), at(100)).await.unwrap();
    store.remove_factor(&user, &FactorId::new("app")).await.unwrap();
    assert_eq!(store.recovery_codes_left(&user).await.unwrap(), 2);
    assert_eq!(
        store.device_remembered_at(&hash("laptop"), &user, at(2)).await.unwrap(),
        None,
        "whoever lost a factor may have lost the laptop"
    );
    store.remove_factor(&user, &FactorId::new("key")).await.unwrap();
    assert_eq!(store.recovery_codes_left(&user).await.unwrap(), 0);
}

async fn everything_can_be_taken_away_at_once(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    store.add_factor(&app(&user, "app"), 9).await.unwrap();
    store.add_factor(&key(&user, "key"), 9).await.unwrap();
    store.put_recovery_codes(&user, &[hash("one")]).await.unwrap();
    store.remember_device(&hash("laptop"), &user, at(1), at(100)).await.unwrap();
    assert_eq!(store.remove_all_factors(&user).await.unwrap(), 2);
    assert!(store.factors(&user).await.unwrap().is_empty());
    assert_eq!(store.recovery_codes_left(&user).await.unwrap(), 0);
    assert_eq!(store.device_remembered_at(&hash("laptop"), &user, at(2)).await.unwrap(), None);
    assert_eq!(store.remove_all_factors(&user).await.unwrap(), 0);
}

async fn a_recovery_code_is_used_once(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    store.put_recovery_codes(&user, &[hash("one"), hash("two")]).await.unwrap();
    assert!(!store.use_recovery_code(&UserId::new("bob"), &hash("one")).await.unwrap());
    let calls = (0..8)
        .map(|_| {
            let (store, user) = (Arc::clone(&store), user.clone());
            async move { store.use_recovery_code(&user, &hash("one")).await.unwrap() }
        })
        .collect();
    assert_eq!(together(calls).await.iter().filter(|used| **used).count(), 1);
    assert_eq!(store.recovery_codes_left(&user).await.unwrap(), 1);
}

async fn new_recovery_codes_replace_the_earlier_ones(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let sets = (0..4)
        .map(|number| {
            let (store, user) = (Arc::clone(&store), user.clone());
            async move {
                let codes = [hash(&format!("{number} a")), hash(&format!("{number} b"))];
                store.put_recovery_codes(&user, &codes).await.unwrap();
            }
        })
        .collect();
    together(sets).await;
    assert_eq!(store.recovery_codes_left(&user).await.unwrap(), 2, "one set is left");
    store.put_recovery_codes(&user, &[hash("new")]).await.unwrap();
    assert!(store.use_recovery_code(&user, &hash("new")).await.unwrap());
    assert_eq!(store.recovery_codes_left(&user).await.unwrap(), 0);
}

async fn a_device_is_remembered_for_a_while_and_for_one_person(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    store.remember_device(&hash("laptop"), &user, at(1), at(100)).await.unwrap();
    let remembered = |user: UserId, now| {
        let store = Arc::clone(&store);
        async move { store.device_remembered_at(&hash("laptop"), &user, at(now)).await.unwrap() }
    };
    assert_eq!(remembered(user.clone(), 99).await, Some(at(1)));
    assert_eq!(remembered(user.clone(), 100).await, None);
    assert_eq!(remembered(UserId::new("bob"), 50).await, None);
    store.forget_devices(&user).await.unwrap();
    assert_eq!(remembered(user, 50).await, None);
}

async fn whoever_is_disabled_has_no_remembered_device_left(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    store.remember_device(&hash("laptop"), &user, at(1), at(100)).await.unwrap();
    let disabled = UserProfile {
        disabled: true,
        ..profile("alice")
    };
    declare(&store, disabled).await;
    declare(&store, profile("alice")).await;
    assert_eq!(store.device_remembered_at(&hash("laptop"), &user, at(2)).await.unwrap(), None);
}

async fn what_counts_once_counts_once(store: Arc<dyn Store>) {
    let calls = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            async move { store.use_once(&hash("challenge"), at(10)).await.unwrap() }
        })
        .collect();
    assert_eq!(together(calls).await.iter().filter(|first| **first).count(), 1);
    assert!(store.was_used(&hash("challenge"), at(9)).await.unwrap());
    assert!(!store.was_used(&hash("challenge"), at(10)).await.unwrap(), "its time is over");
    assert!(!store.was_used(&hash("another"), at(9)).await.unwrap());
    assert!(store.use_once(&hash("another"), at(10)).await.unwrap());
    store.sweep(at(10), 100).await.unwrap();
    assert!(
        store.use_once(&hash("challenge"), at(20)).await.unwrap(),
        "forgotten after its time"
    );
}

async fn factors_that_an_older_key_sealed_are_found_and_written_anew(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let (old, clear) = (app(&user, "b-old"), key(&user, "c-clear"));
    let new = FactorRecord {
        sealed_with: Some("kek-2".to_owned()),
        ..app(&user, "a-new")
    };
    for factor in [&old, &clear, &new] {
        store.add_factor(factor, 9).await.unwrap();
    }
    let otherwise = |after: &str| {
        let (store, after) = (Arc::clone(&store), FactorId::new(after));
        async move { store.factors_sealed_otherwise("kek-2", &after, 9).await.unwrap() }
    };
    assert_eq!(otherwise("").await, [old.clone(), clear.clone()]);
    assert_eq!(otherwise("b-old").await, [clear]);
    let anew = FactorRecord {
        material: vec![7],
        sealed_with: Some("kek-2".to_owned()),
        ..old.clone()
    };
    assert!(store.reseal_factor(&anew, &old).await.unwrap());
    assert!(!store.reseal_factor(&anew, &old).await.unwrap(), "it is not as it was");
    assert_eq!(store.factors(&user).await.unwrap()[1], anew);
}
