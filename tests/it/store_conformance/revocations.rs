use super::fixtures::{alice_with_grant, at, grant_is_live, hash};
use super::on_every_store;
use nauthera::oauth::ids::GrantId;
use nauthera::store::Store;
use serde_json::json;
use std::sync::Arc;

on_every_store!(
    a_token_without_a_grant_is_live_until_it_is_revoked,
    a_revoked_token_of_a_live_grant_is_not_live,
    a_token_of_an_unknown_grant_is_not_live,
    revoking_twice_keeps_the_later_expiry,
    keeps_the_claims_of_a_reference_token_until_it_expires,
);

async fn a_token_without_a_grant_is_live_until_it_is_revoked(store: Arc<dyn Store>) {
    assert!(store.token_is_live("j1", None, at(1)).await.unwrap());
    store.revoke_token("j1", at(100)).await.unwrap();
    assert!(!store.token_is_live("j1", None, at(2)).await.unwrap());
    assert!(store.token_is_live("j2", None, at(2)).await.unwrap());
}

async fn a_revoked_token_of_a_live_grant_is_not_live(store: Arc<dyn Store>) {
    let grant = alice_with_grant(&store).await;
    store.revoke_token("j1", at(100)).await.unwrap();
    assert!(!store.token_is_live("j1", Some(&grant), at(2)).await.unwrap());
    assert!(grant_is_live(&store, &grant, 2).await, "only that token");
}

async fn a_token_of_an_unknown_grant_is_not_live(store: Arc<dyn Store>) {
    assert!(!grant_is_live(&store, &GrantId::new("never was"), 1).await);
}

async fn revoking_twice_keeps_the_later_expiry(store: Arc<dyn Store>) {
    store.revoke_token("j1", at(100)).await.unwrap();
    store.revoke_token("j1", at(50)).await.unwrap();
    store.sweep(at(60), 10).await.unwrap();
    assert!(!store.token_is_live("j1", None, at(60)).await.unwrap());
}

async fn keeps_the_claims_of_a_reference_token_until_it_expires(store: Arc<dyn Store>) {
    let claims = json!({"sub": "x\u{0}y", "aud": ["a", "b"], "exp": 1, "nested": {"ß": null}, "float": 1.5});
    store.put_reference_token(&hash("t"), &claims, at(10)).await.unwrap();
    assert_eq!(store.reference_token(&hash("t"), at(9)).await.unwrap(), Some(claims));
    assert_eq!(store.reference_token(&hash("t"), at(10)).await.unwrap(), None);
    assert_eq!(store.reference_token(&hash("other"), at(1)).await.unwrap(), None);
}
