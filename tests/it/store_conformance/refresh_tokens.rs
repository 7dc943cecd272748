use super::fixtures::{
    GRACE, alice_logged_in, alice_with_grant, at, code_of, grant_is_live, hash, offline, open_grant, people, profile, refresh, shop,
    together,
};
use super::on_every_store;
use nauthera::oauth::ids::{ClientId, GrantId};
use nauthera::store::Store;
use nauthera::store::records::{RefreshRecord, RefreshRedemption, UserProfile};
use std::sync::Arc;

on_every_store!(
    a_confidential_client_keeps_its_token,
    a_public_client_gets_a_successor,
    a_retry_within_the_grace_works_once,
    the_successor_that_a_retry_replaced_is_reuse,
    the_successor_of_a_retry_goes_on,
    a_retry_after_the_successor_was_used_is_reuse,
    a_retry_after_the_grace_is_reuse,
    a_used_token_without_a_successor_in_hand_is_reuse,
    twelve_parallel_redemptions_have_one_first_use_and_one_retry,
    parallel_use_of_a_token_and_its_successor_leaves_one_way_or_none,
    another_clients_token_is_unknown_and_unharmed,
    peeking_changes_nothing,
    an_expired_token_is_refused,
    a_session_that_is_gone_ends_it_unless_offline,
    a_disabled_user_ends_it_even_offline,
    a_grant_that_expired_ends_it,
);

async fn family(store: &Arc<dyn Store>) -> GrantId {
    let grant = alice_with_grant(store).await;
    store.add_refresh_token(&refresh(&grant, "r1")).await.unwrap();
    grant
}

/// Presents a token at a time, with or without a successor.
async fn redeem(store: &Arc<dyn Store>, grant: &GrantId, token: &str, successor: Option<&str>, seconds: i64) -> RefreshRedemption {
    let successor = successor.map(|name| refresh(grant, name));
    store
        .redeem_refresh_token(&hash(token), &shop(), successor.as_ref(), at(seconds), GRACE)
        .await
        .unwrap()
}

fn accepted(outcome: &RefreshRedemption) -> bool {
    matches!(outcome, RefreshRedemption::Accepted(_))
}

async fn a_confidential_client_keeps_its_token(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    let expected = store.grant(&grant).await.unwrap().unwrap();
    for second in [1, 100, 399] {
        let outcome = redeem(&store, &grant, "r1", None, second).await;
        assert_eq!(outcome, RefreshRedemption::Accepted(Box::new(expected.clone())));
    }
}

async fn a_public_client_gets_a_successor(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    assert!(accepted(&redeem(&store, &grant, "r1", Some("r2"), 1).await));
    assert!(accepted(&redeem(&store, &grant, "r2", Some("r3"), 2).await));
    assert!(accepted(&redeem(&store, &grant, "r3", Some("r4"), 3).await));
    assert!(grant_is_live(&store, &grant, 4).await);
}

async fn a_retry_within_the_grace_works_once(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    assert!(accepted(&redeem(&store, &grant, "r1", Some("r2"), 1).await));
    assert!(accepted(&redeem(&store, &grant, "r1", Some("r2b"), 11).await));
    let third = redeem(&store, &grant, "r1", Some("r2c"), 11).await;
    assert_eq!(third, RefreshRedemption::Reused(grant.clone()));
    assert!(!grant_is_live(&store, &grant, 11).await);
    assert_eq!(redeem(&store, &grant, "r2b", Some("r3"), 12).await, RefreshRedemption::Ended);
}

async fn the_successor_that_a_retry_replaced_is_reuse(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    redeem(&store, &grant, "r1", Some("r2"), 1).await;
    redeem(&store, &grant, "r1", Some("r2b"), 2).await;
    assert_eq!(
        redeem(&store, &grant, "r2", Some("r3"), 3).await,
        RefreshRedemption::Reused(grant.clone())
    );
    assert!(!grant_is_live(&store, &grant, 3).await);
}

async fn the_successor_of_a_retry_goes_on(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    redeem(&store, &grant, "r1", Some("r2"), 1).await;
    redeem(&store, &grant, "r1", Some("r2b"), 2).await;
    assert!(accepted(&redeem(&store, &grant, "r2b", Some("r3"), 3).await));
    assert!(
        accepted(&redeem(&store, &grant, "r2b", Some("r3b"), 4).await),
        "its own lost answer is forgiven too"
    );
    assert!(accepted(&redeem(&store, &grant, "r3b", Some("r4"), 5).await));
}

async fn a_retry_after_the_successor_was_used_is_reuse(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    redeem(&store, &grant, "r1", Some("r2"), 1).await;
    assert!(accepted(&redeem(&store, &grant, "r2", Some("r3"), 2).await));
    assert_eq!(
        redeem(&store, &grant, "r1", Some("r2b"), 3).await,
        RefreshRedemption::Reused(grant.clone())
    );
    assert_eq!(
        redeem(&store, &grant, "r3", Some("r4"), 4).await,
        RefreshRedemption::Ended,
        "the honest one must log in again"
    );
}

async fn a_retry_after_the_grace_is_reuse(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    redeem(&store, &grant, "r1", Some("r2"), 1).await;
    assert_eq!(
        redeem(&store, &grant, "r1", Some("r2b"), 12).await,
        RefreshRedemption::Reused(grant.clone())
    );
    assert!(!grant_is_live(&store, &grant, 12).await);
}

async fn a_used_token_without_a_successor_in_hand_is_reuse(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    redeem(&store, &grant, "r1", Some("r2"), 1).await;
    assert_eq!(redeem(&store, &grant, "r1", None, 2).await, RefreshRedemption::Reused(grant));
}

async fn twelve_parallel_redemptions_have_one_first_use_and_one_retry(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    for round in 0..5 {
        let grant = open_grant(&store, code_of(&session, &format!("code {round}"))).await;
        let token = format!("token {round}");
        store.add_refresh_token(&refresh(&grant, &token)).await.unwrap();
        let calls = (0..12)
            .map(|number| {
                let (store, grant, token) = (Arc::clone(&store), grant.clone(), token.clone());
                async move { redeem(&store, &grant, &token, Some(&format!("{token} successor {number}")), 1).await }
            })
            .collect();
        let outcomes = together(calls).await;
        let reused = outcomes
            .iter()
            .filter(|outcome| **outcome == RefreshRedemption::Reused(grant.clone()))
            .count();
        let taken = outcomes.iter().filter(|outcome| accepted(outcome)).count();
        assert_eq!((taken, reused), (2, 10), "{outcomes:?}");
        assert!(!grant_is_live(&store, &grant, 2).await);
    }
}

async fn parallel_use_of_a_token_and_its_successor_leaves_one_way_or_none(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    for round in 0..10 {
        let grant = open_grant(&store, code_of(&session, &format!("code {round}"))).await;
        let name = |token: &str| format!("{token} of {round}");
        store.add_refresh_token(&refresh(&grant, &name("r1"))).await.unwrap();
        redeem(&store, &grant, &name("r1"), Some(&name("r2")), 1).await;
        let calls = [("r1", "r2b"), ("r2", "r3")]
            .map(|(token, successor)| {
                let (store, grant, token, successor) = (Arc::clone(&store), grant.clone(), name(token), name(successor));
                async move { redeem(&store, &grant, &token, Some(&successor), 2).await }
            })
            .into();
        let outcomes = together(calls).await;
        let taken = outcomes.iter().filter(|outcome| accepted(outcome)).count();
        assert_eq!(taken, 1, "whoever came second is reuse: {outcomes:?}");
        assert!(!grant_is_live(&store, &grant, 3).await);
    }
}

async fn another_clients_token_is_unknown_and_unharmed(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    let thief = ClientId::new("demo.thief");
    let successor = refresh(&grant, "stolen");
    let outcome = store
        .redeem_refresh_token(&hash("r1"), &thief, Some(&successor), at(1), GRACE)
        .await
        .unwrap();
    assert_eq!(outcome, RefreshRedemption::Unknown);
    assert_eq!(store.peek_refresh_token(&hash("r1"), &thief).await.unwrap(), None);
    assert!(accepted(&redeem(&store, &grant, "r1", Some("r2"), 2).await));
    let used = store
        .redeem_refresh_token(&hash("r1"), &thief, Some(&successor), at(30), GRACE)
        .await
        .unwrap();
    assert_eq!(used, RefreshRedemption::Unknown, "a thief cannot even end the family");
    assert!(grant_is_live(&store, &grant, 30).await);
    assert_eq!(redeem(&store, &grant, "never was", None, 3).await, RefreshRedemption::Unknown);
}

async fn peeking_changes_nothing(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    let expected = Some((refresh(&grant, "r1"), store.grant(&grant).await.unwrap().unwrap()));
    for _ in 0..2 {
        assert_eq!(store.peek_refresh_token(&hash("r1"), &shop()).await.unwrap(), expected);
    }
    assert!(accepted(&redeem(&store, &grant, "r1", Some("r2"), 1).await));
    assert_eq!(
        store.peek_refresh_token(&hash("r1"), &shop()).await.unwrap(),
        expected,
        "a used one can be looked at"
    );
    assert_eq!(store.peek_refresh_token(&hash("never was"), &shop()).await.unwrap(), None);
}

async fn an_expired_token_is_refused(store: Arc<dyn Store>) {
    let grant = family(&store).await;
    assert_eq!(redeem(&store, &grant, "r1", Some("r2"), 400).await, RefreshRedemption::Expired);
    assert!(grant_is_live(&store, &grant, 401).await, "that is no theft");
}

async fn a_session_that_is_gone_ends_it_unless_offline(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let bound = open_grant(&store, code_of(&session, "bound")).await;
    let kept = open_grant(&store, offline(code_of(&session, "kept"))).await;
    store.add_refresh_token(&refresh(&bound, "b1")).await.unwrap();
    store.add_refresh_token(&refresh(&kept, "k1")).await.unwrap();
    store.end_session(&session.id, at(5)).await.unwrap();
    assert_eq!(redeem(&store, &bound, "b1", Some("b2"), 6).await, RefreshRedemption::Ended);
    assert!(accepted(&redeem(&store, &kept, "k1", Some("k2"), 6).await));

    let short = super::fixtures::session_of(&session.user, "short");
    let short = nauthera::store::records::SessionRecord {
        expires_at: at(50),
        ..short
    };
    assert!(store.open_session(&short, None).await.unwrap());
    let grant = open_grant(&store, code_of(&short, "short")).await;
    store.add_refresh_token(&refresh(&grant, "s1")).await.unwrap();
    assert!(accepted(&redeem(&store, &grant, "s1", Some("s2"), 49).await));
    assert_eq!(
        redeem(&store, &grant, "s2", Some("s3"), 50).await,
        RefreshRedemption::Ended,
        "the session expired by itself"
    );
}

async fn a_disabled_user_ends_it_even_offline(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let grant = open_grant(&store, offline(code_of(&session, "code"))).await;
    store.add_refresh_token(&refresh(&grant, "r1")).await.unwrap();
    let disabled = UserProfile {
        disabled: true,
        ..profile("alice")
    };
    store.put_declared_users(&people(), &[disabled], at(5)).await.unwrap();
    assert_eq!(redeem(&store, &grant, "r1", Some("r2"), 6).await, RefreshRedemption::Ended);
}

async fn a_grant_that_expired_ends_it(store: Arc<dyn Store>) {
    let grant = alice_with_grant(&store).await;
    let long = RefreshRecord {
        expires_at: at(10_000),
        ..refresh(&grant, "r1")
    };
    store.add_refresh_token(&long).await.unwrap();
    assert_eq!(redeem(&store, &grant, "r1", None, 500).await, RefreshRedemption::Ended);
}
