use super::fixtures::{GRACE, alice_logged_in, at, code_of, grant_is_live, hash, open_grant, refresh, shop, together};
use super::on_every_store;
use jiff::ToSpan;
use nauthera::oauth::ids::GrantId;
use nauthera::store::records::{AuditEvent, CodeRedemption, KeyRecord, RefreshRedemption, SessionRecord, Swept};
use nauthera::store::{CODE_REPLAY_MEMORY, DEFAULT_AUDIT_RETENTION, Store};
use std::sync::Arc;
use std::time::Duration;

on_every_store!(
    answers_a_ping,
    a_lease_has_one_holder_until_it_lapses,
    of_parallel_holders_one_has_the_lease,
    a_sweep_of_an_empty_store_deletes_nothing,
    a_sweep_takes_every_expired_row_and_no_live_one,
    a_sweep_takes_no_more_than_a_batch_of_each_table,
    a_consumed_code_is_remembered_for_a_while,
    a_grant_takes_its_family_along,
    parallel_sweeps_do_not_disturb_each_other,
);

async fn answers_a_ping(store: Arc<dyn Store>) {
    store.ping().await.unwrap();
}

async fn a_lease_has_one_holder_until_it_lapses(store: Arc<dyn Store>) {
    let ttl = Duration::from_secs(10);
    assert!(store.hold_lease("sweep", "a", ttl, at(0)).await.unwrap());
    assert!(!store.hold_lease("sweep", "b", ttl, at(5)).await.unwrap());
    assert!(store.hold_lease("sweep", "a", ttl, at(9)).await.unwrap(), "renewed");
    assert!(!store.hold_lease("sweep", "b", ttl, at(18)).await.unwrap());
    assert!(store.hold_lease("sweep", "b", ttl, at(19)).await.unwrap(), "lapsed");
    assert!(!store.hold_lease("sweep", "a", ttl, at(20)).await.unwrap());
    assert!(store.hold_lease("another", "a", ttl, at(20)).await.unwrap());
}

async fn of_parallel_holders_one_has_the_lease(store: Arc<dyn Store>) {
    for round in 0..5 {
        let calls = (0..12)
            .map(|number| {
                let store = Arc::clone(&store);
                async move {
                    store
                        .hold_lease("sweep", &format!("{number}"), Duration::from_secs(10), at(round * 10))
                        .await
                        .unwrap()
                }
            })
            .collect();
        assert_eq!(together(calls).await.into_iter().filter(|held| *held).count(), 1);
    }
}

fn rows(swept: &Swept, table: &str) -> u64 {
    swept.0.iter().find(|(name, _)| *name == table).map(|(_, rows)| *rows).unwrap()
}

fn total(swept: &Swept) -> u64 {
    swept.0.iter().map(|(_, rows)| rows).sum()
}

async fn a_sweep_of_an_empty_store_deletes_nothing(store: Arc<dyn Store>) {
    assert_eq!(total(&store.sweep(at(0), 100).await.unwrap()), 0);
}

async fn fill(store: &Arc<dyn Store>) -> GrantId {
    let session = alice_logged_in(store).await;
    let grant = open_grant(store, code_of(&session, "used code")).await;
    store.issue_code(&code_of(&session, "unused code")).await.unwrap();
    store.add_refresh_token(&refresh(&grant, "r")).await.unwrap();
    store.revoke_token("j", at(300)).await.unwrap();
    store
        .put_reference_token(&hash("t"), &serde_json::json!({}), at(300))
        .await
        .unwrap();
    let key = KeyRecord {
        kid: "k".to_owned(),
        purpose: "ES256".to_owned(),
        material: vec![1],
        sealed_with: None,
        created_at: at(0),
        active_from: at(0),
        retires_at: Some(at(200)),
        expires_at: Some(at(300)),
    };
    store.add_key(&key, None).await.unwrap();
    let eternal = KeyRecord {
        kid: "eternal".to_owned(),
        retires_at: None,
        expires_at: None,
        ..key
    };
    store.add_key(&eternal, Some("k")).await.unwrap();
    store.count_failed_login(&hash("f"), at(0), Duration::from_secs(300)).await.unwrap();
    store.hold_lease("l", "me", Duration::from_secs(300), at(0)).await.unwrap();
    let event = AuditEvent {
        at: at(0),
        kind: "k".to_owned(),
        user: None,
        client: None,
        details: serde_json::Value::Null,
    };
    store.append_audit(&[event]).await.unwrap();
    grant
}

async fn a_sweep_takes_every_expired_row_and_no_live_one(store: Arc<dyn Store>) {
    let grant = fill(&store).await;
    assert_eq!(total(&store.sweep(at(59), 100).await.unwrap()), 0, "all is live");
    assert!(grant_is_live(&store, &grant, 59).await);
    assert!(store.peek_refresh_token(&hash("r"), &shop()).await.unwrap().is_some());
    assert!(store.reference_token(&hash("t"), at(59)).await.unwrap().is_some());
    assert_eq!(
        store
            .failed_logins(&hash("f"), at(59), Duration::from_secs(300))
            .await
            .unwrap()
            .count,
        1
    );

    let expired = |table: &'static str, at: jiff::Timestamp| (table, at);
    for (table, when) in [
        expired("codes", at(60)),
        expired("revoked_tokens", at(300)),
        expired("refresh_tokens", at(400)),
        expired("grants", at(500)),
        expired("sessions", at(1000)),
        expired("codes", at(1) + jiff::SignedDuration::try_from(CODE_REPLAY_MEMORY).unwrap()),
        expired("audit", at(0) + jiff::SignedDuration::try_from(DEFAULT_AUDIT_RETENTION).unwrap()),
    ] {
        let early = store.sweep(when - 1.microseconds(), 100).await.unwrap();
        assert_eq!(rows(&early, table), 0, "{table} too early: {early:?}");
        let swept = store.sweep(when, 100).await.unwrap();
        assert_eq!(rows(&swept, table), 1, "{table}: {swept:?}");
        if table == "revoked_tokens" {
            for other in ["reference_tokens", "signing_keys", "failed_logins", "leases"] {
                assert_eq!(rows(&swept, other), 1, "{other}: {swept:?}");
            }
        }
    }
    assert_eq!(total(&store.sweep(at(1_000_000_000), 100).await.unwrap()), 0, "nothing is left");
    assert_eq!(store.keys(at(0)).await.unwrap().len(), 1, "but the key that does not expire");
    assert_eq!(store.grant(&grant).await.unwrap(), None);
}

async fn a_sweep_takes_no_more_than_a_batch_of_each_table(store: Arc<dyn Store>) {
    for number in 0..25 {
        store.revoke_token(&format!("{number}"), at(number)).await.unwrap();
    }
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(rows(&store.sweep(at(100), 10).await.unwrap(), "revoked_tokens"));
    }
    assert_eq!(taken, [10, 10, 5, 0]);
}

async fn a_consumed_code_is_remembered_for_a_while(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let code = code_of(&session, "code");
    let grant = open_grant(&store, code.clone()).await;
    store.sweep(at(400), 100).await.unwrap();
    let replay = store.redeem_code(&code.hash, &shop(), at(400), at(500)).await.unwrap();
    assert_eq!(replay, CodeRedemption::Replayed(grant));
}

async fn a_grant_takes_its_family_along(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let grant = open_grant(&store, code_of(&session, "code")).await;
    let long = nauthera::store::records::RefreshRecord {
        expires_at: at(100_000),
        ..refresh(&grant, "r")
    };
    store.add_refresh_token(&long).await.unwrap();
    store.sweep(at(500), 100).await.unwrap();
    let redeemed = store.redeem_refresh_token(&hash("r"), &shop(), None, at(501), GRACE).await.unwrap();
    assert_eq!(redeemed, RefreshRedemption::Unknown);
}

async fn parallel_sweeps_do_not_disturb_each_other(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    for number in 0..20 {
        let grant = open_grant(&store, code_of(&session, &format!("code {number}"))).await;
        store.add_refresh_token(&refresh(&grant, &format!("r {number}"))).await.unwrap();
    }
    let live = SessionRecord {
        expires_at: at(9000),
        ..super::fixtures::session_of(&session.user, "live")
    };
    assert!(store.open_session(&live, None).await.unwrap());
    let calls = (0..6)
        .map(|_| {
            let store = Arc::clone(&store);
            async move { store.sweep(at(2000), 7).await.unwrap() }
        })
        .collect();
    let swept = together(calls).await;
    assert!(swept.iter().map(|swept| rows(swept, "grants")).sum::<u64>() <= 20);
    for _ in 0..3 {
        store.sweep(at(2000), 100).await.unwrap();
    }
    assert_eq!(total(&store.sweep(at(2000), 100).await.unwrap()), 0);
    assert!(store.session(&live.id, at(2000)).await.unwrap().is_some());
}
