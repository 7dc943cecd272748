use super::fixtures::{alice_logged_in, alice_with_grant, at, code_of, grant_is_live, hash, offline, open_grant, refresh, shop};
use super::on_every_store;
use nauthera::oauth::ids::{ClientId, GrantId};
use nauthera::oauth::scope::Scopes;
use nauthera::store::records::{CodeRecord, CodeRedemption, GrantRecord, RefreshRedemption};
use nauthera::store::{Store, StoreError};
use std::sync::Arc;

on_every_store!(
    ending_a_grant_kills_its_tokens,
    ending_twice_or_something_unknown_is_fine,
    refuses_a_refresh_token_without_a_grant,
    a_deleted_client_leaves_nothing_to_whoever_gets_its_id,
    what_a_new_client_of_that_id_was_given_stays,
    ends_a_clients_grants_in_batches,
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

fn of_client(code: CodeRecord, client: &str) -> CodeRecord {
    CodeRecord {
        grant: GrantRecord {
            client: ClientId::new(client),
            ..code.grant
        },
        ..code
    }
}

async fn a_deleted_client_leaves_nothing_to_whoever_gets_its_id(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let openid = Scopes::parse("openid").unwrap();
    let other_client = ClientId::new("demo.other");
    for client in [&shop(), &other_client] {
        store.give_consent(&session.user, client, &openid, at(1)).await.unwrap();
    }
    let bound = open_grant(&store, code_of(&session, "bound")).await;
    let kept = open_grant(&store, offline(code_of(&session, "offline"))).await;
    let other = open_grant(&store, of_client(code_of(&session, "other"), "demo.other")).await;
    let pending = code_of(&session, "pending");
    store.issue_code(&pending).await.unwrap();

    assert_eq!(store.end_grants_of_client(&shop(), at(5), 100).await.unwrap(), 4);
    assert_eq!(store.end_grants_of_client(&shop(), at(5), 100).await.unwrap(), 0, "nothing is left");
    assert!(!grant_is_live(&store, &bound, 6).await && !grant_is_live(&store, &kept, 6).await);
    assert_eq!(store.consent(&session.user, &shop()).await.unwrap(), None);
    let redeemed = store.redeem_code(&pending.hash, &shop(), at(6), at(500)).await.unwrap();
    assert_eq!(redeemed, CodeRedemption::Unknown);
    assert!(grant_is_live(&store, &other, 6).await);
    assert!(store.consent(&session.user, &other_client).await.unwrap().is_some());
}

async fn what_a_new_client_of_that_id_was_given_stays(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let young = code_of(&session, "young");
    let young = CodeRecord {
        grant: GrantRecord {
            created_at: at(10),
            ..young.grant
        },
        ..young
    };
    store.issue_code(&young).await.unwrap();
    let openid = Scopes::parse("openid").unwrap();
    store.give_consent(&session.user, &shop(), &openid, at(10)).await.unwrap();
    assert_eq!(store.end_grants_of_client(&shop(), at(9), 100).await.unwrap(), 0);
    assert!(store.consent(&session.user, &shop()).await.unwrap().is_some());
    let redeemed = store.redeem_code(&young.hash, &shop(), at(11), at(500)).await.unwrap();
    assert!(matches!(redeemed, CodeRedemption::First(_)));
}

async fn ends_a_clients_grants_in_batches(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    for name in ["a", "b", "c"] {
        open_grant(&store, code_of(&session, name)).await;
    }
    let mut ended = Vec::new();
    for _ in 0..3 {
        ended.push(store.end_grants_of_client(&shop(), at(5), 2).await.unwrap());
    }
    assert_eq!(ended, [2, 1, 0]);
}
