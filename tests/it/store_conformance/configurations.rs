use super::fixtures::{at, together};
use super::on_every_store;
use nauthera::store::records::{ConfigurationRecord, ConfigurationStanding};
use nauthera::store::{Store, StoreError};
use std::sync::Arc;

on_every_store!(
    keeps_one_for_each_server,
    never_goes_back_to_an_earlier_position,
    takes_the_same_position_again,
    of_parallel_writers_the_latest_position_stays,
    keeps_large_ones_byte_for_byte,
    refuses_a_position_that_no_database_can_count,
);

pub(super) fn record(server: &str, (fence, sequence): (u64, u64)) -> ConfigurationRecord {
    ConfigurationRecord {
        standing: ConfigurationStanding {
            server: server.to_owned(),
            fence,
            sequence,
            revision: format!("revision of {fence}.{sequence}"),
            key_id: "2026-01".to_owned(),
        },
        sealed: vec![0, 255, 39, 34],
        saved_at: at(7),
    }
}

async fn keeps_one_for_each_server(store: Arc<dyn Store>) {
    assert_eq!(store.configuration("identity/main").await.unwrap(), None);
    assert_eq!(store.configuration_standing("identity/main").await.unwrap(), None);
    for server in ["identity/main", "identity/second", "a\0b'"] {
        let kept = record(server, (1, 1));
        assert!(store.put_configuration(&kept).await.unwrap());
        assert_eq!(store.configuration_standing(server).await.unwrap().as_ref(), Some(&kept.standing));
        assert_eq!(store.configuration(server).await.unwrap(), Some(kept));
    }
    assert!(store.put_configuration(&record("identity/main", (1, 2))).await.unwrap());
    assert_eq!(
        store.configuration("identity/second").await.unwrap(),
        Some(record("identity/second", (1, 1)))
    );
}

async fn never_goes_back_to_an_earlier_position(store: Arc<dyn Store>) {
    for position in [(1, 9), (2, 1), (2, 2), (11, 0)] {
        assert!(store.put_configuration(&record("a/b", position)).await.unwrap());
    }
    for earlier in [(10, 99), (2, 3), (1, 10), (0, 0)] {
        assert!(!store.put_configuration(&record("a/b", earlier)).await.unwrap(), "{earlier:?}");
    }
    assert_eq!(store.configuration("a/b").await.unwrap(), Some(record("a/b", (11, 0))));
}

async fn takes_the_same_position_again(store: Arc<dyn Store>) {
    assert!(store.put_configuration(&record("a/b", (1, 1))).await.unwrap());
    let mut resealed = record("a/b", (1, 1));
    resealed.standing.key_id = "2026-02".to_owned();
    resealed.sealed = vec![7];
    assert!(store.put_configuration(&resealed).await.unwrap(), "a newer key seals it anew");
    assert_eq!(store.configuration("a/b").await.unwrap(), Some(resealed));
}

async fn of_parallel_writers_the_latest_position_stays(store: Arc<dyn Store>) {
    let calls = (1..=16)
        .map(|sequence| {
            let store = Arc::clone(&store);
            async move { store.put_configuration(&record("a/b", (1, sequence))).await.unwrap() }
        })
        .collect();
    together(calls).await;
    assert_eq!(store.configuration("a/b").await.unwrap(), Some(record("a/b", (1, 16))));
}

async fn keeps_large_ones_byte_for_byte(store: Arc<dyn Store>) {
    let large = ConfigurationRecord {
        sealed: (0..8_000_000_u32)
            .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect(),
        ..record("a/b", (1, 1))
    };
    assert!(store.put_configuration(&large).await.unwrap());
    assert!(store.configuration("a/b").await.unwrap() == Some(large));
}

async fn refuses_a_position_that_no_database_can_count(store: Arc<dyn Store>) {
    assert!(store.put_configuration(&record("a/b", (i64::MAX as u64, 0))).await.unwrap());
    for beyond in [(u64::MAX, 0), (0, u64::MAX)] {
        let refused = store.put_configuration(&record("a/b", beyond)).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    }
}
