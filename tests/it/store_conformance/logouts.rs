use super::fixtures::{alice, alice_logged_in, at, code_of, hash, open_grant, people, profile, session_of, set_password, shop, together};
use super::on_every_store;
use jiff::Timestamp;
use nauthera::oauth::ids::{ClientId, SessionId};
use nauthera::oauth::scope::Scopes;
use nauthera::store::Store;
use nauthera::store::records::{LogoutRecord, PasswordRecord, SessionRecord, UserProfile};
use std::sync::Arc;

on_every_store!(
    whoever_joined_a_session_has_to_be_told_that_it_ended,
    joining_twice_is_joining_once,
    nobody_joins_a_session_that_is_not_live,
    what_was_taken_up_comes_back_until_it_is_finished,
    what_was_postponed_comes_back_later_unless_somebody_has_it_again,
    what_is_due_longest_comes_first_and_busy_clients_are_left_out,
    each_is_taken_up_by_one_of_parallel_calls,
    everything_that_ends_a_session_tells_of_it,
    a_session_that_expired_is_told_to_nobody,
    what_nobody_could_be_told_is_forgotten_in_the_end,
    a_client_whose_consent_is_withdrawn_is_told_of_it_and_others_are_not,
    a_client_that_is_deleted_is_told_nothing_and_its_successor_nothing_of_it,
    ending_in_every_way_at_once_does_not_lock,
    joining_and_ending_at_once_loses_nothing,
    withdrawing_and_ending_at_once_tells_once,
);

fn cafe() -> ClientId {
    ClientId::new("demo.cafe")
}

async fn claim(store: &Arc<dyn Store>, now: i64) -> Vec<LogoutRecord> {
    store.claim_logouts(at(now), at(now + 60), 100, &[]).await.unwrap()
}

/// Who is told, of which session; sorted.
fn told(claimed: &[LogoutRecord]) -> Vec<(&str, &str)> {
    let mut told: Vec<_> = claimed
        .iter()
        .map(|logout| (logout.client.as_str(), logout.session.as_str()))
        .collect();
    told.sort_unstable();
    told
}

/// Alice, logged in, at the shop and the cafe.
async fn alice_out_and_about(store: &Arc<dyn Store>) -> SessionRecord {
    let session = alice_logged_in(store).await;
    assert!(store.join_session(&session.id, &shop(), at(1)).await.unwrap());
    assert!(store.join_session(&session.id, &cafe(), at(1)).await.unwrap());
    session
}

async fn whoever_joined_a_session_has_to_be_told_that_it_ended(store: Arc<dyn Store>) {
    let session = alice_out_and_about(&store).await;
    let elsewhere = session_of(&session.user, "elsewhere");
    assert!(store.open_session(&elsewhere, None).await.unwrap());
    assert!(store.join_session(&elsewhere.id, &shop(), at(1)).await.unwrap());
    assert_eq!(claim(&store, 2).await, [], "all are live");
    store.end_session(&session.id, at(3)).await.unwrap();
    let claimed = claim(&store, 3).await;
    assert_eq!(told(&claimed), [("demo.cafe", "s"), ("demo.shop", "s")]);
    assert!(claimed.iter().all(|logout| logout.user == session.user && logout.attempts == 1));
    assert!(claimed[0].id.len() >= 32 && claimed[0].id != claimed[1].id, "{claimed:?}");
    store.end_session(&session.id, at(4)).await.unwrap();
    assert_eq!(claim(&store, 5).await, [], "it ended once");
}

async fn joining_twice_is_joining_once(store: Arc<dyn Store>) {
    let session = alice_out_and_about(&store).await;
    assert!(store.join_session(&session.id, &shop(), at(2)).await.unwrap());
    store.end_session(&session.id, at(3)).await.unwrap();
    assert_eq!(claim(&store, 3).await.len(), 2);
}

async fn nobody_joins_a_session_that_is_not_live(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    assert!(!store.join_session(&session.id, &shop(), at(1000)).await.unwrap(), "expired");
    assert!(!store.join_session(&SessionId::new("invented"), &shop(), at(1)).await.unwrap());
    store.end_session(&session.id, at(1001)).await.unwrap();
    assert!(!store.join_session(&session.id, &shop(), at(2)).await.unwrap(), "ended");
    assert_eq!(claim(&store, 1002).await, []);
}

async fn what_was_taken_up_comes_back_until_it_is_finished(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    assert!(store.join_session(&session.id, &shop(), at(1)).await.unwrap());
    store.end_session(&session.id, at(3)).await.unwrap();
    let first = claim(&store, 10).await.remove(0);
    assert_eq!(claim(&store, 69).await, [], "somebody has it");
    let again = claim(&store, 70).await.remove(0);
    assert_eq!(
        again,
        LogoutRecord {
            attempts: 2,
            ..first.clone()
        },
        "the same, once more"
    );
    store.finish_logout(&again).await.unwrap();
    store.finish_logout(&first).await.unwrap();
    assert_eq!(claim(&store, 1000).await, []);
}

async fn what_was_postponed_comes_back_later_unless_somebody_has_it_again(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    assert!(store.join_session(&session.id, &shop(), at(1)).await.unwrap());
    store.end_session(&session.id, at(3)).await.unwrap();
    let first = claim(&store, 10).await.remove(0);
    store.postpone_logout(&first, at(15)).await.unwrap();
    assert_eq!(claim(&store, 14).await, []);
    let second = claim(&store, 15).await.remove(0);
    store.postpone_logout(&first, at(16)).await.unwrap();
    assert_eq!(claim(&store, 74).await, [], "the first try has nothing to say any more");
    assert_eq!(claim(&store, 75).await.remove(0).attempts, second.attempts + 1);
}

async fn what_is_due_longest_comes_first_and_busy_clients_are_left_out(store: Arc<dyn Store>) {
    let session = alice_out_and_about(&store).await;
    store.end_session(&session.id, at(3)).await.unwrap();
    for logout in claim(&store, 4).await {
        let due = if logout.client == shop() { 10 } else { 9 };
        store.postpone_logout(&logout, at(due)).await.unwrap();
    }
    let busy = [cafe(), ClientId::new("another")];
    let without = store.claim_logouts(at(20), at(21), 100, &busy).await.unwrap();
    assert_eq!(told(&without), [("demo.shop", "s")]);
    assert_eq!(
        told(&store.claim_logouts(at(30), at(90), 1, &[]).await.unwrap()),
        [("demo.cafe", "s")]
    );
    assert_eq!(
        told(&store.claim_logouts(at(30), at(90), 1, &[]).await.unwrap()),
        [("demo.shop", "s")]
    );
    assert_eq!(claim(&store, 30).await, []);
}

async fn each_is_taken_up_by_one_of_parallel_calls(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    for number in 0..40 {
        let session = session_of(&user, &number.to_string());
        assert!(store.open_session(&session, None).await.unwrap());
        assert!(store.join_session(&session.id, &shop(), at(1)).await.unwrap());
        store.end_session(&session.id, at(2)).await.unwrap();
    }
    let calls = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            async move { store.claim_logouts(at(3), at(60), 10, &[]).await.unwrap() }
        })
        .collect();
    let mut ids: Vec<String> = together(calls).await.into_iter().flatten().map(|logout| logout.id).collect();
    // A call may find rows that another one is just taking, and come back with fewer.
    ids.extend(claim(&store, 3).await.into_iter().map(|logout| logout.id));
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!((all, ids.len()), (40, 40));
}

async fn everything_that_ends_a_session_tells_of_it(store: Arc<dyn Store>) {
    let session = alice_out_and_about(&store).await;
    let password = |hash: &str| PasswordRecord {
        hash: hash.to_owned(),
        declared_hash: None,
        changed_at: at(0),
        must_change: false,
    };
    set_password(store.as_ref(), &session.user, &password("one")).await;
    let changed = store
        .replace_password(&session.user, Some(&password("one")), &password("two"), Some(at(5)))
        .await
        .unwrap();
    assert!(changed);
    assert_eq!(claim(&store, 5).await.len(), 2, "the password changed");

    let again = SessionRecord {
        token: hash("again"),
        ..session
    };
    assert!(store.open_session(&again, None).await.unwrap());
    assert!(store.join_session(&again.id, &shop(), at(6)).await.unwrap());
    store.put_declared_users(&people(), &[], at(7)).await.unwrap();
    assert_eq!(claim(&store, 7).await.len(), 1, "nobody declares her any more");

    let by_hand = store
        .add_user(&people(), &profile("carol"), &password("p"), at(7))
        .await
        .unwrap()
        .unwrap();
    let hers = session_of(&by_hand.id, "hers");
    assert!(store.open_session(&hers, None).await.unwrap());
    assert!(store.join_session(&hers.id, &shop(), at(8)).await.unwrap());
    store.set_disabled(&by_hand.id, true, at(9)).await.unwrap();
    assert_eq!(claim(&store, 9).await.len(), 1, "she was disabled");

    let directory = profile("dora");
    let dora = store.put_directory_user(&people(), "7", &directory, at(9)).await.unwrap();
    let hers = session_of(&dora.id, "dora's");
    assert!(store.open_session(&hers, None).await.unwrap());
    assert!(store.join_session(&hers.id, &shop(), at(10)).await.unwrap());
    let disabled = UserProfile {
        disabled: true,
        ..directory
    };
    store.put_directory_user(&people(), "7", &disabled, at(11)).await.unwrap();
    assert_eq!(claim(&store, 11).await.len(), 1, "her directory disabled her");
}

async fn a_session_that_expired_is_told_to_nobody(store: Arc<dyn Store>) {
    let session = alice_out_and_about(&store).await;
    let later = SessionRecord {
        expires_at: at(2000),
        ..session_of(&session.user, "later")
    };
    assert!(store.open_session(&later, None).await.unwrap());
    assert!(store.join_session(&later.id, &shop(), at(1)).await.unwrap());
    store.sweep(at(1500), 100).await.unwrap();
    assert_eq!(claim(&store, 1500).await, []);
    store.end_session(&later.id, at(1600)).await.unwrap();
    assert_eq!(told(&claim(&store, 1600).await), [("demo.shop", "later")], "what lives is told of");
}

async fn what_nobody_could_be_told_is_forgotten_in_the_end(store: Arc<dyn Store>) {
    let session = alice_out_and_about(&store).await;
    store.end_session(&session.id, at(3)).await.unwrap();
    let day = 24 * 60 * 60;
    store.sweep(at(999 + day), 100).await.unwrap();
    assert_eq!(claim(&store, 1000).await.len(), 2);
    store.sweep(at(1000 + day), 100).await.unwrap();
    assert_eq!(claim(&store, 10_000 + day).await, []);
}

async fn a_client_whose_consent_is_withdrawn_is_told_of_it_and_others_are_not(store: Arc<dyn Store>) {
    let session = alice_out_and_about(&store).await;
    let bob = store
        .add_user(&people(), &profile("bob"), &someone(), at(0))
        .await
        .unwrap()
        .unwrap();
    let his = session_of(&bob.id, "his");
    assert!(store.open_session(&his, None).await.unwrap());
    assert!(store.join_session(&his.id, &shop(), at(1)).await.unwrap());
    let scopes = Scopes::parse("openid").unwrap();
    store.give_consent(&session.user, &shop(), &scopes, at(1)).await.unwrap();
    store.withdraw_consent(&session.user, &shop(), at(2)).await.unwrap();
    let claimed = claim(&store, 2).await;
    assert_eq!(told(&claimed), [("demo.shop", "s")]);
    assert_eq!(claimed[0].user, session.user);
    store.end_session(&session.id, at(3)).await.unwrap();
    assert_eq!(told(&claim(&store, 3).await), [("demo.cafe", "s")], "the shop knows already");
}

fn someone() -> PasswordRecord {
    PasswordRecord {
        hash: "h".to_owned(),
        declared_hash: None,
        changed_at: Timestamp::UNIX_EPOCH,
        must_change: false,
    }
}

async fn joining_and_ending_at_once_loses_nothing(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    for round in 0..20 {
        let session = session_of(&user, &format!("round {round}"));
        assert!(store.open_session(&session, None).await.unwrap());
        let calls = (0..4)
            .map(|number| {
                let (store, session) = (Arc::clone(&store), session.clone());
                async move {
                    if number == 2 {
                        store.end_session(&session.id, at(2)).await.unwrap();
                    } else {
                        let client = ClientId::new(number.to_string());
                        return store.join_session(&session.id, &client, at(1)).await.unwrap();
                    }
                    false
                }
            })
            .collect();
        let joined = together(calls).await.into_iter().filter(|joined| *joined).count();
        assert_eq!(claim(&store, 3).await.len(), joined, "who was let in is told, round {round}");
        // Who came too late has nothing to be told, now or ever: a session of the same name that ends tells of nobody.
        assert!(store.open_session(&session, None).await.unwrap());
        store.end_session(&session.id, at(4)).await.unwrap();
        assert_eq!(claim(&store, 5).await, [], "round {round}");
    }
}

async fn withdrawing_and_ending_at_once_tells_once(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    for round in 0..20 {
        let session = session_of(&user, &format!("round {round}"));
        assert!(store.open_session(&session, None).await.unwrap());
        assert!(store.join_session(&session.id, &shop(), at(1)).await.unwrap());
        let calls = (0..2)
            .map(|number| {
                let (store, session) = (Arc::clone(&store), session.clone());
                async move {
                    if number == 0 {
                        store.end_session(&session.id, at(2)).await.unwrap();
                    } else {
                        store.withdraw_consent(&session.user, &shop(), at(2)).await.unwrap();
                    }
                }
            })
            .collect();
        together(calls).await;
        assert_eq!(claim(&store, 3).await.len(), 1, "round {round}");
    }
}

async fn a_client_that_is_deleted_is_told_nothing_and_its_successor_nothing_of_it(store: Arc<dyn Store>) {
    let session = alice_out_and_about(&store).await;
    let (over, later) = (session_of(&session.user, "over"), session_of(&session.user, "later"));
    for session in [&over, &later] {
        assert!(store.open_session(session, None).await.unwrap());
    }
    assert!(store.join_session(&over.id, &shop(), at(1)).await.unwrap());
    store.end_session(&over.id, at(2)).await.unwrap();
    assert!(store.join_session(&later.id, &shop(), at(11)).await.unwrap());
    while store.end_grants_of_client(&shop(), at(10), 1).await.unwrap() > 0 {}
    assert_eq!(claim(&store, 12).await, [], "what was to be told before");
    store.end_session(&session.id, at(13)).await.unwrap();
    store.end_session(&later.id, at(13)).await.unwrap();
    let claimed = claim(&store, 13).await;
    assert_eq!(told(&claimed), [("demo.cafe", "s"), ("demo.shop", "later")]);
}

/// A logout, a new password and a withdrawn consent, each of which locks the same rows.
async fn ending_in_every_way_at_once_does_not_lock(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let password = |round: i64| PasswordRecord {
        changed_at: at(round),
        ..someone()
    };
    set_password(store.as_ref(), &user, &password(0)).await;
    for round in 0..20 {
        let session = session_of(&user, &format!("round {round}"));
        assert!(store.open_session(&session, None).await.unwrap());
        assert!(store.join_session(&session.id, &shop(), at(1)).await.unwrap());
        for code in 0..4 {
            open_grant(&store, code_of(&session, &format!("{round}/{code}"))).await;
        }
        let calls = (0..3)
            .map(|number| {
                let (store, session) = (Arc::clone(&store), session.clone());
                async move {
                    match number {
                        0 => store.end_session(&session.id, at(2)).await.unwrap(),
                        1 => store.withdraw_consent(&session.user, &shop(), at(2)).await.unwrap(),
                        _ => {
                            let (old, new) = (password(round), password(round + 1));
                            let replaced = store.replace_password(&session.user, Some(&old), &new, Some(at(2))).await;
                            assert!(replaced.unwrap());
                        }
                    }
                }
            })
            .collect();
        together(calls).await;
        assert_eq!(claim(&store, 3).await.len(), 1, "round {round}");
    }
}
