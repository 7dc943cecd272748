use super::fixtures::{at, hash, together};
use super::on_every_store;
use nauthera::store::records::FailedLogins;
use nauthera::store::{FAILED_LOGINS_REMEMBERED, Store};
use std::sync::Arc;
use std::time::Duration;

const WINDOW: Duration = Duration::from_secs(60);

on_every_store!(
    counts_within_the_window_and_under_its_key,
    parallel_failures_are_all_counted,
    a_count_goes_no_higher_than_what_is_remembered,
    clearing_forgets,
);

async fn counts_within_the_window_and_under_its_key(store: Arc<dyn Store>) {
    let key = hash("alice");
    assert_eq!(store.failed_logins(&key, at(0), WINDOW).await.unwrap(), FailedLogins::default());
    let count = |count, last| FailedLogins {
        count,
        last: Some(at(last)),
    };
    assert_eq!(store.count_failed_login(&key, at(0), WINDOW).await.unwrap(), count(1, 0));
    assert_eq!(store.count_failed_login(&key, at(30), WINDOW).await.unwrap(), count(2, 30));
    assert_eq!(store.failed_logins(&key, at(59), WINDOW).await.unwrap(), count(2, 30));
    assert_eq!(store.failed_logins(&key, at(60), WINDOW).await.unwrap(), count(1, 30));
    assert_eq!(store.count_failed_login(&key, at(61), WINDOW).await.unwrap(), count(2, 61));
    assert_eq!(store.failed_logins(&key, at(200), WINDOW).await.unwrap(), FailedLogins::default());
    assert_eq!(
        store.failed_logins(&hash("bob"), at(61), WINDOW).await.unwrap(),
        FailedLogins::default()
    );
}

async fn parallel_failures_are_all_counted(store: Arc<dyn Store>) {
    let calls = (0..24)
        .map(|_| {
            let store = Arc::clone(&store);
            async move { store.count_failed_login(&hash("alice"), at(1), WINDOW).await.unwrap().count }
        })
        .collect();
    let mut counts = together(calls).await;
    counts.sort_unstable();
    assert_eq!(counts, (1..=24).collect::<Vec<u32>>());
}

async fn a_count_goes_no_higher_than_what_is_remembered(store: Arc<dyn Store>) {
    let most = i64::try_from(FAILED_LOGINS_REMEMBERED).unwrap();
    let mut last = FailedLogins::default();
    for number in 0..most + 5 {
        last = store.count_failed_login(&hash("alice"), at(number), WINDOW * 10).await.unwrap();
    }
    assert_eq!((i64::from(last.count), last.last), (most, Some(at(most + 4))));
}

async fn clearing_forgets(store: Arc<dyn Store>) {
    store.count_failed_login(&hash("alice"), at(1), WINDOW).await.unwrap();
    store.clear_failed_logins(&hash("alice")).await.unwrap();
    store.clear_failed_logins(&hash("nobody")).await.unwrap();
    assert_eq!(
        store.failed_logins(&hash("alice"), at(2), WINDOW).await.unwrap(),
        FailedLogins::default()
    );
}
