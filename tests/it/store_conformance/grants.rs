use super::fixtures::{alice_with_grant, at, grant_is_live, hash, refresh, shop};
use super::on_every_store;
use nauthera::oauth::ids::GrantId;
use nauthera::store::records::RefreshRedemption;
use nauthera::store::{Store, StoreError};
use std::sync::Arc;

on_every_store!(
    ending_a_grant_kills_its_tokens,
    ending_twice_or_something_unknown_is_fine,
    refuses_a_refresh_token_without_a_grant,
);

async fn ending_a_grant_kills_its_tokens(store: Arc<dyn Store>) {
    let grant = alice_with_grant(&store).await;
    store.add_refresh_token(&refresh(&grant, "r")).await.unwrap();
    store.end_grant(&grant, at(5)).await.unwrap();
    assert!(!grant_is_live(&store, &grant, 5).await);
    let redeemed = store
        .redeem_refresh_token(&hash("r"), &shop(), None, at(6), super::fixtures::GRACE)
        .await
        .unwrap();
    assert_eq!(redeemed, RefreshRedemption::Ended);
    assert_eq!(
        store.grant(&grant).await.unwrap().unwrap().ended_at,
        Some(at(5)),
        "it can still be looked at"
    );
}

async fn ending_twice_or_something_unknown_is_fine(store: Arc<dyn Store>) {
    let grant = alice_with_grant(&store).await;
    store.end_grant(&grant, at(5)).await.unwrap();
    store.end_grant(&grant, at(6)).await.unwrap();
    store.end_grant(&GrantId::new("never was"), at(6)).await.unwrap();
    assert_eq!(store.grant(&grant).await.unwrap().unwrap().ended_at, Some(at(5)));
    assert_eq!(store.grant(&GrantId::new("never was")).await.unwrap(), None);
}

async fn refuses_a_refresh_token_without_a_grant(store: Arc<dyn Store>) {
    let orphan = refresh(&GrantId::new("never was"), "r");
    assert!(matches!(store.add_refresh_token(&orphan).await, Err(StoreError::Refused(_))));
}
