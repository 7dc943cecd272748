use super::fixtures::{
    alice, alice_logged_in, at, code_of, grant_is_live, hash, offline, open_grant, people, profile, session_of, set_password, shop,
    together,
};
use super::on_every_store;
use nauthera::oauth::ids::{SessionId, UserId};
use nauthera::store::records::{CodeRedemption, PasswordRecord, SessionRecord};
use nauthera::store::{Store, StoreError};
use std::sync::Arc;

on_every_store!(
    keeps_a_session_until_it_expires,
    renewing_changes_cookie_time_methods_and_expiry,
    renews_nothing_that_is_not_live,
    ending_ends_the_grants_of_the_session_but_not_offline_ones,
    ending_makes_pending_codes_useless_but_not_offline_ones,
    ending_twice_or_something_unknown_is_fine,
    refuses_a_second_session_with_the_same_id_or_cookie,
    nobody_has_no_session_and_neither_has_who_is_disabled,
    disabling_somebody_and_opening_at_once_leaves_no_session,
    a_password_that_is_another_one_by_now_opens_no_session,
    resetting_a_password_and_opening_by_it_at_once_leaves_no_session,
    parallel_ends_and_grants_do_not_lock_each_other_out,
);

async fn keeps_a_session_until_it_expires(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    assert_eq!(store.session(&session.id, at(999)).await.unwrap().as_ref(), Some(&session));
    assert_eq!(
        store.session_by_token(&session.token, at(999)).await.unwrap().as_ref(),
        Some(&session)
    );
    assert_eq!(store.session(&session.id, at(1000)).await.unwrap(), None);
    assert_eq!(store.session_by_token(&session.token, at(1000)).await.unwrap(), None);
    assert_eq!(store.session_by_token(&hash("another cookie"), at(1)).await.unwrap(), None);
}

async fn renewing_changes_cookie_time_methods_and_expiry(store: Arc<dyn Store>) {
    let old = alice_logged_in(&store).await;
    let new = SessionRecord {
        token: hash("new cookie"),
        auth_time: at(50),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        expires_at: at(2000),
        ..old.clone()
    };
    assert!(store.renew_session(&new, at(50)).await.unwrap());
    assert_eq!(
        store.session_by_token(&old.token, at(51)).await.unwrap(),
        None,
        "the old cookie is worthless"
    );
    assert_eq!(store.session_by_token(&new.token, at(1999)).await.unwrap(), Some(new));
}

async fn renews_nothing_that_is_not_live(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    assert!(!store.renew_session(&session, at(1000)).await.unwrap(), "expired");
    let of_somebody_else = SessionRecord {
        user: UserId::new("mallory"),
        ..session.clone()
    };
    assert!(!store.renew_session(&of_somebody_else, at(1)).await.unwrap());
    store.end_session(&session.id, at(2)).await.unwrap();
    assert!(!store.renew_session(&session, at(3)).await.unwrap(), "ended");
    assert_eq!(store.session(&session.id, at(3)).await.unwrap(), None);
}

async fn ending_ends_the_grants_of_the_session_but_not_offline_ones(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let bound = open_grant(&store, code_of(&session, "bound")).await;
    let kept = open_grant(&store, offline(code_of(&session, "kept"))).await;
    let other = session_of(&session.user, "another device");
    assert!(store.open_session(&other, None).await.unwrap());
    let elsewhere = open_grant(&store, code_of(&other, "elsewhere")).await;
    store.end_session(&session.id, at(5)).await.unwrap();
    assert!(!grant_is_live(&store, &bound, 6).await);
    assert_eq!(store.grant(&bound).await.unwrap().unwrap().ended_at, Some(at(5)));
    assert!(grant_is_live(&store, &kept, 6).await);
    assert!(grant_is_live(&store, &elsewhere, 6).await);
    assert!(store.session(&other.id, at(6)).await.unwrap().is_some());
}

async fn ending_makes_pending_codes_useless_but_not_offline_ones(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let (bound, kept) = (code_of(&session, "bound"), offline(code_of(&session, "kept")));
    store.issue_code(&bound).await.unwrap();
    store.issue_code(&kept).await.unwrap();
    store.end_session(&session.id, at(5)).await.unwrap();
    assert_eq!(
        store.redeem_code(&bound.hash, &shop(), at(6), at(500)).await.unwrap(),
        CodeRedemption::Expired
    );
    let redeemed = store.redeem_code(&kept.hash, &shop(), at(6), at(500)).await.unwrap();
    assert!(matches!(redeemed, CodeRedemption::First(_)), "{redeemed:?}");
}

async fn ending_twice_or_something_unknown_is_fine(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    let grant = open_grant(&store, code_of(&session, "code")).await;
    store.end_session(&session.id, at(5)).await.unwrap();
    store.end_session(&session.id, at(6)).await.unwrap();
    store.end_session(&SessionId::new("never was"), at(6)).await.unwrap();
    assert_eq!(
        store.grant(&grant).await.unwrap().unwrap().ended_at,
        Some(at(5)),
        "the first end counts"
    );
}

async fn refuses_a_second_session_with_the_same_id_or_cookie(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    for twin in [
        SessionRecord {
            token: hash("other"),
            ..session.clone()
        },
        SessionRecord {
            id: SessionId::new("other"),
            ..session.clone()
        },
    ] {
        let error = store.open_session(&twin, None).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
    }
    assert_eq!(store.session(&session.id, at(1)).await.unwrap(), Some(session));
}

async fn nobody_has_no_session_and_neither_has_who_is_disabled(store: Arc<dyn Store>) {
    assert!(!store.open_session(&session_of(&UserId::new("nobody"), "s"), None).await.unwrap());
    let carol = store
        .add_user(&people(), &profile("carol"), &password("p", 0), at(0))
        .await
        .unwrap()
        .unwrap()
        .id;
    assert!(store.set_disabled(&carol, true, at(1)).await.unwrap());
    let session = session_of(&carol, "hers");
    assert!(!store.open_session(&session, None).await.unwrap());
    assert!(!store.open_session(&session, Some(&password("p", 0))).await.unwrap());
    assert!(store.set_disabled(&carol, false, at(2)).await.unwrap());
    assert_eq!(store.session(&session.id, at(3)).await.unwrap(), None, "nothing was kept for later");
    assert!(store.open_session(&session, Some(&password("p", 0))).await.unwrap());
}

async fn disabling_somebody_and_opening_at_once_leaves_no_session(store: Arc<dyn Store>) {
    let carol = store
        .add_user(&people(), &profile("carol"), &password("p", 0), at(0))
        .await
        .unwrap()
        .unwrap()
        .id;
    for round in 0..20 {
        let calls = (0..5)
            .map(|number| {
                let (store, carol) = (Arc::clone(&store), carol.clone());
                async move {
                    if number == 2 {
                        assert!(store.set_disabled(&carol, true, at(5)).await.unwrap());
                    } else {
                        let session = session_of(&carol, &format!("round {round}, {number}"));
                        let password = (number % 2 == 0).then(|| password("p", 0));
                        store.open_session(&session, password.as_ref()).await.unwrap();
                    }
                }
            })
            .collect();
        together(calls).await;
        assert!(store.set_disabled(&carol, false, at(6)).await.unwrap());
        assert_eq!(store.sessions_of(&carol, at(7), 10).await.unwrap().len(), 0, "round {round}");
    }
}

async fn parallel_ends_and_grants_do_not_lock_each_other_out(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let mut acts = Vec::new();
    for number in 0..6 {
        let session = session_of(&user, &format!("s{number}"));
        assert!(store.open_session(&session, None).await.unwrap());
        for code in 0..4 {
            open_grant(&store, code_of(&session, &format!("{number}/{code}"))).await;
        }
        for withdraws in [true, false] {
            let (store, session) = (Arc::clone(&store), session.clone());
            acts.push(async move {
                match withdraws {
                    true => store.withdraw_consent(&session.user, &shop(), at(9)).await,
                    false => store.end_session(&session.id, at(9)).await,
                }
            });
        }
    }
    for result in together(acts).await {
        result.unwrap();
    }
}

fn password(hash: &str, seconds: i64) -> PasswordRecord {
    PasswordRecord {
        hash: hash.to_owned(),
        declared_hash: None,
        changed_at: at(seconds),
        must_change: false,
    }
}

async fn a_password_that_is_another_one_by_now_opens_no_session(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let session = session_of(&user, "s");
    assert!(
        !store.open_session(&session, Some(&password("one", 1))).await.unwrap(),
        "she has none"
    );
    set_password(store.as_ref(), &user, &password("one", 1)).await;
    for other in [password("two", 1), password("one", 2)] {
        assert!(!store.open_session(&session, Some(&other)).await.unwrap());
        assert_eq!(store.session(&session.id, at(2)).await.unwrap(), None);
    }
    assert!(store.open_session(&session, Some(&password("one", 1))).await.unwrap());
    assert_eq!(store.session(&session.id, at(2)).await.unwrap(), Some(session));
}

async fn resetting_a_password_and_opening_by_it_at_once_leaves_no_session(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    set_password(store.as_ref(), &user, &password("0", 0)).await;
    for round in 0..20 {
        let (old, new) = (password(&round.to_string(), round), password(&(round + 1).to_string(), round + 1));
        let calls = (0..5)
            .map(|number| {
                let (store, user, old, new) = (Arc::clone(&store), user.clone(), old.clone(), new.clone());
                async move {
                    if number == 2 {
                        assert!(store.replace_password(&user, Some(&old), &new, Some(at(5))).await.unwrap());
                    } else {
                        let session = session_of(&user, &format!("round {round}, {number}"));
                        store.open_session(&session, Some(&old)).await.unwrap();
                    }
                }
            })
            .collect();
        together(calls).await;
        assert_eq!(store.sessions_of(&user, at(6), 10).await.unwrap().len(), 0, "round {round}");
    }
}
