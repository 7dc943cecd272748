use super::fixtures::{alice_logged_in, at, code_of, grant_is_live, open_grant, shop, together};
use super::on_every_store;
use nauthera::oauth::ids::{ClientId, UserId};
use nauthera::oauth::opaque::TokenHash;
use nauthera::store::records::{CodeRecord, CodeRedemption, GrantRecord};
use nauthera::store::{Store, StoreError};
use std::sync::Arc;

on_every_store!(
    gives_back_everything_that_was_agreed_and_opens_the_grant,
    a_replay_ends_the_grant,
    twelve_parallel_redemptions_have_one_winner,
    another_clients_code_is_unknown_and_stays_usable,
    a_code_expires,
    an_expired_code_opens_no_grant,
    a_code_of_a_session_that_expired_is_refused,
    refuses_the_same_code_twice_and_a_code_of_nobody,
    keeps_a_code_without_nonce_challenge_and_resources,
);

async fn gives_back_everything_that_was_agreed_and_opens_the_grant(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let code = code_of(&session, "code");
    store.issue_code(&code).await.unwrap();
    assert_eq!(
        store.grant(&code.grant.id).await.unwrap(),
        None,
        "a grant begins with the redemption"
    );
    assert!(!grant_is_live(&store, &code.grant.id, 1).await);
    let expected = CodeRecord {
        grant: GrantRecord {
            expires_at: at(700),
            ..code.grant.clone()
        },
        ..code.clone()
    };
    let redeemed = store.redeem_code(&code.hash, &shop(), at(59), at(700)).await.unwrap();
    assert_eq!(redeemed, CodeRedemption::First(Box::new(expected.clone())));
    assert_eq!(store.grant(&code.grant.id).await.unwrap(), Some(expected.grant));
    assert!(grant_is_live(&store, &code.grant.id, 699).await);
    assert!(!grant_is_live(&store, &code.grant.id, 700).await);
}

async fn a_replay_ends_the_grant(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let code = code_of(&session, "code");
    let grant = open_grant(&store, code.clone()).await;
    let replay = store.redeem_code(&code.hash, &shop(), at(200), at(900)).await.unwrap();
    assert_eq!(
        replay,
        CodeRedemption::Replayed(grant.clone()),
        "even when the code would be too old by now"
    );
    assert!(!grant_is_live(&store, &grant, 200).await);
    assert_eq!(store.grant(&grant).await.unwrap().unwrap().ended_at, Some(at(200)));
    let again = store.redeem_code(&code.hash, &shop(), at(201), at(900)).await.unwrap();
    assert_eq!(again, CodeRedemption::Replayed(grant.clone()));
    assert_eq!(store.grant(&grant).await.unwrap().unwrap().ended_at, Some(at(200)));
}

async fn twelve_parallel_redemptions_have_one_winner(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    for round in 0..5 {
        let code = code_of(&session, &format!("code {round}"));
        store.issue_code(&code).await.unwrap();
        let calls = (0..12)
            .map(|_| {
                let (store, hash) = (Arc::clone(&store), code.hash);
                async move { store.redeem_code(&hash, &shop(), at(1), at(500)).await.unwrap() }
            })
            .collect();
        let outcomes = together(calls).await;
        let winners = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, CodeRedemption::First(_)))
            .count();
        let replays = outcomes
            .iter()
            .filter(|outcome| **outcome == CodeRedemption::Replayed(code.grant.id.clone()))
            .count();
        assert_eq!((winners, replays), (1, 11), "{outcomes:?}");
        assert!(!grant_is_live(&store, &code.grant.id, 2).await, "the others ended the grant");
    }
}

async fn another_clients_code_is_unknown_and_stays_usable(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let code = code_of(&session, "code");
    store.issue_code(&code).await.unwrap();
    let thief = ClientId::new("demo.thief");
    assert_eq!(
        store.redeem_code(&code.hash, &thief, at(1), at(500)).await.unwrap(),
        CodeRedemption::Unknown
    );
    let grant = match store.redeem_code(&code.hash, &shop(), at(1), at(500)).await.unwrap() {
        CodeRedemption::First(code) => code.grant.id,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        store.redeem_code(&code.hash, &thief, at(2), at(500)).await.unwrap(),
        CodeRedemption::Unknown
    );
    assert!(grant_is_live(&store, &grant, 2).await, "and a thief's attempt ends nothing");
    assert_eq!(
        store.redeem_code(&TokenHash::of("?"), &shop(), at(2), at(500)).await.unwrap(),
        CodeRedemption::Unknown
    );
}

async fn a_code_expires(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let code = code_of(&session, "code");
    store.issue_code(&code).await.unwrap();
    assert_eq!(
        store.redeem_code(&code.hash, &shop(), at(60), at(500)).await.unwrap(),
        CodeRedemption::Expired
    );
    let in_time = store.redeem_code(&code.hash, &shop(), at(59), at(500)).await.unwrap();
    assert!(
        matches!(in_time, CodeRedemption::First(_)),
        "a replica with a slow clock did not use it up: {in_time:?}"
    );
}

async fn an_expired_code_opens_no_grant(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let code = code_of(&session, "code");
    store.issue_code(&code).await.unwrap();
    store.redeem_code(&code.hash, &shop(), at(61), at(500)).await.unwrap();
    assert_eq!(store.grant(&code.grant.id).await.unwrap(), None);
}

async fn a_code_of_a_session_that_expired_is_refused(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let code = CodeRecord {
        expires_at: at(2000),
        ..code_of(&session, "code")
    };
    store.issue_code(&code).await.unwrap();
    assert_eq!(
        store.redeem_code(&code.hash, &shop(), at(1000), at(3000)).await.unwrap(),
        CodeRedemption::Expired
    );
}

async fn refuses_the_same_code_twice_and_a_code_of_nobody(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let code = code_of(&session, "code");
    store.issue_code(&code).await.unwrap();
    assert!(matches!(store.issue_code(&code).await, Err(StoreError::Refused(_))));
    let other = code_of(&session, "other");
    let of_nobody = CodeRecord {
        grant: GrantRecord {
            user: UserId::new("nobody"),
            ..other.grant
        },
        ..other
    };
    assert!(matches!(store.issue_code(&of_nobody).await, Err(StoreError::Refused(_))));
}

async fn keeps_a_code_without_nonce_challenge_and_resources(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let full = code_of(&session, "code");
    let code = CodeRecord {
        grant: GrantRecord {
            resources: vec![],
            amr: vec![],
            ..full.grant
        },
        redirect_uri_was_sent: false,
        nonce: None,
        code_challenge: None,
        ..full
    };
    store.issue_code(&code).await.unwrap();
    match store.redeem_code(&code.hash, &shop(), at(1), at(500)).await.unwrap() {
        CodeRedemption::First(redeemed) => assert_eq!(*redeemed, code),
        other => panic!("{other:?}"),
    }
}
