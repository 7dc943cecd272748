use super::fixtures::{at, key, together};
use super::on_every_store;
use nauthera::store::Store;
use nauthera::store::records::KeyRecord;
use std::sync::Arc;

on_every_store!(
    keeps_keys_oldest_first_until_they_expire,
    adds_a_key_only_after_the_one_that_was_expected,
    of_parallel_rotations_one_wins,
    rotates_on_after_every_key_expired,
    retiring_sets_the_times,
    never_takes_a_kid_twice,
    seals_a_key_anew_if_it_is_as_it_was_expected,
);

async fn keeps_keys_oldest_first_until_they_expire(store: Arc<dyn Store>) {
    let first = key("z", "ES256", 1);
    // A replica whose clock lags makes the newer key: the order is that of making, not of the clocks.
    let second = KeyRecord {
        retires_at: Some(at(50)),
        expires_at: Some(at(60)),
        ..key("a", "ES256", 0)
    };
    let other = key("r", "RS256", 1);
    assert!(store.add_key(&first, None).await.unwrap());
    assert!(store.add_key(&second, Some("z")).await.unwrap());
    assert!(store.add_key(&other, None).await.unwrap());
    assert_eq!(store.keys(at(59)).await.unwrap(), [first.clone(), second, other.clone()]);
    assert_eq!(store.keys(at(60)).await.unwrap(), [first, other]);
}

async fn adds_a_key_only_after_the_one_that_was_expected(store: Arc<dyn Store>) {
    assert!(!store.add_key(&key("a", "ES256", 1), Some("ghost")).await.unwrap());
    assert!(store.add_key(&key("a", "ES256", 1), None).await.unwrap());
    assert!(!store.add_key(&key("b", "ES256", 2), None).await.unwrap());
    assert!(store.add_key(&key("b", "ES256", 2), Some("a")).await.unwrap());
    assert!(!store.add_key(&key("c", "ES256", 3), Some("a")).await.unwrap());
    assert_eq!(store.keys(at(5)).await.unwrap().len(), 2);
}

async fn of_parallel_rotations_one_wins(store: Arc<dyn Store>) {
    store.add_key(&key("first", "ES256", 1), None).await.unwrap();
    let mut newest = "first".to_owned();
    for round in 0..5 {
        let calls = (0..12)
            .map(|number| {
                let (store, newest) = (Arc::clone(&store), newest.clone());
                async move {
                    let key = key(&format!("{round}/{number}"), "ES256", 2);
                    store.add_key(&key, Some(&newest)).await.unwrap().then_some(key.kid)
                }
            })
            .collect();
        let winners: Vec<String> = together(calls).await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "{winners:?}");
        newest = winners[0].clone();
    }
    assert_eq!(store.keys(at(5)).await.unwrap().len(), 6);
}

async fn rotates_on_after_every_key_expired(store: Arc<dyn Store>) {
    store.add_key(&key("a", "ES256", 1), None).await.unwrap();
    store.retire_key("a", at(20), at(30)).await.unwrap();
    assert_eq!(store.keys(at(100)).await.unwrap(), []);
    assert!(
        store.add_key(&key("b", "ES256", 100), None).await.unwrap(),
        "a server that slept for long can start"
    );
    assert_eq!(store.keys(at(100)).await.unwrap().len(), 1);
}

async fn retiring_sets_the_times(store: Arc<dyn Store>) {
    store.add_key(&key("a", "ES256", 1), None).await.unwrap();
    store.retire_key("a", at(20), at(30)).await.unwrap();
    store.retire_key("ghost", at(20), at(30)).await.unwrap();
    let expected = KeyRecord {
        retires_at: Some(at(20)),
        expires_at: Some(at(30)),
        ..key("a", "ES256", 1)
    };
    assert_eq!(store.keys(at(29)).await.unwrap(), [expected]);
}

async fn never_takes_a_kid_twice(store: Arc<dyn Store>) {
    store.add_key(&key("a", "ES256", 1), None).await.unwrap();
    let twin = key("a", "RS256", 1);
    assert!(!matches!(store.add_key(&twin, None).await, Ok(true)));
    assert_eq!(store.keys(at(5)).await.unwrap(), [key("a", "ES256", 1)]);
}

async fn seals_a_key_anew_if_it_is_as_it_was_expected(store: Arc<dyn Store>) {
    let clear = key("a", "ES256", 1);
    store.add_key(&clear, None).await.unwrap();
    let sealed = |id: &str, byte: u8| KeyRecord {
        material: vec![byte],
        sealed_with: Some(id.to_owned()),
        ..clear.clone()
    };
    assert!(!store.reseal_key(&sealed("1", 1), Some("0")).await.unwrap());
    assert!(store.reseal_key(&sealed("1", 1), None).await.unwrap());
    assert!(!store.reseal_key(&sealed("1", 7), None).await.unwrap(), "another replica was first");
    assert!(store.reseal_key(&sealed("2", 2), Some("1")).await.unwrap());
    assert_eq!(store.keys(at(5)).await.unwrap(), [sealed("2", 2)]);
    let ghost = KeyRecord {
        kid: "ghost".to_owned(),
        ..sealed("2", 2)
    };
    assert!(!store.reseal_key(&ghost, None).await.unwrap());
    let second = KeyRecord {
        kid: "b".to_owned(),
        ..sealed("2", 9)
    };
    assert!(
        store.add_key(&second, Some("a")).await.unwrap(),
        "a key may be sealed from its beginning"
    );
    assert_eq!(store.keys(at(5)).await.unwrap(), [sealed("2", 2), second]);
}
