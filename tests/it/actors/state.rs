//! What the ConfigHolder and the Janitor hold.

use crate::store_conformance::fixtures::set_password;
use crate::support::platform::{STAFF, START, TestPlatform, snapshot, user};
use argon2::password_hash::PasswordHasher;
use nauthera::accounts::password;
use nauthera::actors::config_holder::{Apply, Describe};
use nauthera::actors::janitor::{Janitor, Sweep};
use nauthera::config::snapshot::DeclaredUser;
use nauthera::oauth::ids::UserStoreId;
use nauthera::store::records::{PasswordRecord, UserProfile, UserRecord};
use std::sync::Arc;
use std::time::Duration;

async fn record(test: &TestPlatform, username: &str) -> UserRecord {
    let store = UserStoreId::new(STAFF);
    test.platform.store.user_by_name(&store, username).await.unwrap().unwrap()
}

async fn stored_password(test: &TestPlatform, username: &str) -> Option<PasswordRecord> {
    let user = record(test, username).await;
    test.platform.store.password(&user.id).await.unwrap()
}

#[actix_rt::test]
async fn a_refused_configuration_leaves_the_last_good_one_in_force() {
    let test = TestPlatform::start().await;
    let holder = &test.platform.config_holder;
    let mut followed = test.platform.config.subscribe();
    assert!(holder.ask(Apply(snapshot("good", Vec::new()))).await.unwrap().unwrap().changed);
    assert!(!holder.ask(Apply(snapshot("good", Vec::new()))).await.unwrap().unwrap().changed);
    followed.wait_for(Option::is_some).await.unwrap();

    let mut bad = snapshot("bad", Vec::new());
    bad.issuer = "https://elsewhere.example.org/?x".to_owned();
    bad.signing.algorithms.clear();
    let nack = holder.ask(Apply(bad)).await.unwrap().unwrap_err();
    assert_eq!(nack.reasons.len(), 3, "every fault is named: {nack}");
    assert_eq!(test.platform.config.current().unwrap().revision.0, "good");
    let description = holder.ask(Describe).await.unwrap();
    assert_eq!(description.refused, Some(nack));
    let metrics = test.platform.metrics.render().unwrap();
    for (outcome, count) in [("applied", 1), ("unchanged", 1), ("refused", 1)] {
        assert!(
            metrics.contains(&format!(r#"snapshot_applied_total{{outcome="{outcome}"}} {count}"#)),
            "{metrics}"
        );
    }
    assert!(metrics.contains(r#"snapshot_info{revision="good"} 1"#));
    test.stop().await;
}

#[actix_rt::test]
async fn a_refusal_for_very_many_reasons_is_one_line_that_can_be_read() {
    let test = TestPlatform::start().await;
    let mut bad = snapshot("bad", (0..10_000).map(|number| user(&format!("user-{number}"), None)).collect());
    bad.user_stores.clear();
    let nack = test.platform.config_holder.ask(Apply(bad)).await.unwrap().unwrap_err();
    let said = nack.to_string();
    assert!(said.len() < 4_000 && said.ends_with("; and 9980 more"), "{said}");
    test.stop().await;
}

#[actix_rt::test]
async fn readiness_names_what_is_missing_until_it_is_there() {
    let test = TestPlatform::start().await;
    let missing: Vec<_> = test.platform.readiness().into_iter().filter(|check| !check.ok).collect();
    assert!(
        missing.iter().any(|check| check.name == "configuration" && !check.why.is_empty()),
        "{missing:?}"
    );
    assert!(missing.iter().any(|check| check.name == "users"), "{missing:?}");
    test.apply(snapshot("1", vec![user("alice", Some("correct horse"))])).await;
    assert!(
        test.platform.readiness().iter().all(|check| check.ok),
        "{:?}",
        test.platform.readiness()
    );
    test.stop().await;
}

#[actix_rt::test]
async fn declared_users_follow_their_manifests() {
    let test = TestPlatform::start().await;
    test.apply(snapshot(
        "1",
        vec![user("Alice", Some("first password")), user("bob", Some("bobs password"))],
    ))
    .await;
    let (alice, first) = (record(&test, "alice").await, stored_password(&test, "alice").await.unwrap());
    assert!(password::verify("first password", Some(&first.hash)).is_correct());

    // Another configuration, the same users: nothing is hashed anew.
    test.apply(snapshot(
        "2",
        vec![user("Alice", Some("first password")), user("bob", Some("bobs password"))],
    ))
    .await;
    assert_eq!(stored_password(&test, "alice").await.unwrap(), first);

    // A new password and profile; bob is gone from the manifests.
    let changed = DeclaredUser {
        groups: vec!["admins".to_owned()],
        ..user("Alice", Some("second password"))
    };
    test.apply(snapshot("3", vec![changed])).await;
    let second = stored_password(&test, "alice").await.unwrap();
    assert!(password::verify("second password", Some(&second.hash)).is_correct());
    let alice_now = record(&test, "alice").await;
    assert_eq!(
        (&alice_now.id, &alice_now.profile.groups[..]),
        (&alice.id, &["admins".to_owned()][..])
    );
    assert!(record(&test, "bob").await.profile.disabled);

    // The declared password is taken away: none opens the account.
    test.apply(snapshot("4", vec![user("Alice", None)])).await;
    let locked = stored_password(&test, "alice").await.unwrap();
    assert!(!password::verify("second password", Some(&locked.hash)).is_correct());
    test.stop().await;
}

#[actix_rt::test]
async fn a_declared_phc_string_is_taken_as_it_is() {
    let test = TestPlatform::start().await;
    let phc = password::hash("from elsewhere", [9; 16]).unwrap();
    test.apply(snapshot("1", vec![user("alice", Some(&phc))])).await;
    assert_eq!(stored_password(&test, "alice").await.unwrap().hash, phc);
    test.stop().await;
}

#[actix_rt::test]
async fn a_password_of_the_persons_own_choice_stays_until_the_manifest_changes() {
    let test = TestPlatform::start().await;
    test.apply(snapshot("1", vec![user("alice", Some("declared"))])).await;
    let own = PasswordRecord {
        hash: password::hash("my own", [3; 16]).unwrap(),
        ..stored_password(&test, "alice").await.unwrap()
    };
    let id = record(&test, "alice").await.id;
    set_password(&*test.platform.store, &id, &own).await;
    // A restart makes the sync look at every password again.
    test.platform.config_holder.poison().await.unwrap_err();
    test.apply(snapshot("2", vec![user("alice", Some("declared"))])).await;
    assert_eq!(stored_password(&test, "alice").await.unwrap(), own);
    test.apply(snapshot("3", vec![user("alice", Some("declared anew"))])).await;
    let hash = stored_password(&test, "alice").await.unwrap().hash;
    assert!(password::verify("declared anew", Some(&hash)).is_correct());
    test.stop().await;
}

#[actix_rt::test]
async fn a_declared_password_may_be_good_for_one_login_and_a_later_one_of_the_persons_own_stays() {
    let test = TestPlatform::start().await;
    let declared = |must_change_password| DeclaredUser {
        must_change_password,
        ..user("alice", Some("declared"))
    };
    test.apply(snapshot("1", vec![declared(false)])).await;
    let first = stored_password(&test, "alice").await.unwrap();
    assert!(!first.must_change);
    test.apply(snapshot("2", vec![declared(true)])).await;
    let due = stored_password(&test, "alice").await.unwrap();
    assert_eq!((due.must_change, &due.hash, due.changed_at), (true, &first.hash, first.changed_at));

    let own = PasswordRecord {
        hash: password::hash("my own", [3; 16]).unwrap(),
        must_change: false,
        ..due
    };
    set_password(&*test.platform.store, &record(&test, "alice").await.id, &own).await;
    test.apply(snapshot("3", vec![declared(false)])).await;
    test.apply(snapshot("4", vec![declared(true)])).await;
    assert_eq!(
        stored_password(&test, "alice").await.unwrap(),
        own,
        "it was the declared one that was meant"
    );
    let anew = DeclaredUser {
        must_change_password: true,
        ..user("alice", Some("declared anew"))
    };
    test.apply(snapshot("5", vec![anew])).await;
    assert!(stored_password(&test, "alice").await.unwrap().must_change);
    test.stop().await;
}

#[actix_rt::test]
async fn an_outdated_hash_of_the_declared_password_is_made_anew_and_overwrites_no_choice() {
    let weak = argon2::Params::new(8 * 1024, 1, 1, None).unwrap();
    let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, weak)
        .hash_password_with_salt(b"declared", &[1; 16])
        .unwrap()
        .to_string();
    let own = password::hash("my own", [3; 16]).unwrap();
    for (hash, stays) in [(weak.clone(), false), (own, true)] {
        let test = TestPlatform::start().await;
        test.apply(snapshot("1", vec![user("alice", Some("declared"))])).await;
        let before = PasswordRecord {
            hash,
            declared_hash: Some(weak.clone()),
            ..stored_password(&test, "alice").await.unwrap()
        };
        set_password(&*test.platform.store, &record(&test, "alice").await.id, &before).await;
        // A restart makes the sync look at every password again.
        test.platform.config_holder.poison().await.unwrap_err();
        test.apply(snapshot("2", vec![user("alice", Some("declared"))])).await;
        let after = stored_password(&test, "alice").await.unwrap();
        assert_eq!(after == before, stays);
        let found = password::verify(if stays { "my own" } else { "declared" }, Some(&after.hash));
        assert_eq!(found, password::Verification::Correct { outdated: false });
        assert_eq!(after.changed_at, before.changed_at);
        test.stop().await;
    }
}

#[actix_rt::test]
async fn nobody_made_by_hand_is_taken_over_by_a_manifest_and_the_rest_is_brought_in() {
    let test = TestPlatform::start().await;
    let store = &test.platform.store;
    let one_time = PasswordRecord {
        hash: password::hash("hers alone", [3; 16]).unwrap(),
        declared_hash: None,
        changed_at: START,
        must_change: true,
    };
    let profile = UserProfile {
        username: "Carol".to_owned(),
        ..UserProfile::default()
    };
    let carol = store
        .add_user(&UserStoreId::new(STAFF), &profile, &one_time, START)
        .await
        .unwrap()
        .unwrap();
    let users = vec![user("carol", Some("the manifest's")), user("dave", Some("declared"))];
    test.apply(snapshot("1", users)).await;
    assert_eq!(record(&test, "carol").await, carol);
    assert_eq!(stored_password(&test, "carol").await, Some(one_time));
    assert!(stored_password(&test, "dave").await.is_some());
    let checks = test.platform.readiness();
    assert!(checks.iter().all(|check| check.name != "users" || check.ok), "{checks:?}");

    assert!(store.release_user(&carol.id).await.unwrap());
    test.apply(snapshot("2", vec![user("carol", Some("the manifest's"))])).await;
    let taken = record(&test, "carol").await;
    assert_eq!((taken.id, taken.profile.email.as_deref()), (carol.id, Some("carol@example.org")));
    let hash = stored_password(&test, "carol").await.unwrap().hash;
    assert!(password::verify("the manifest's", Some(&hash)).is_correct());
    test.stop().await;
}

#[actix_rt::test]
async fn of_two_replicas_one_sweeps() {
    let test = TestPlatform::start().await;
    let platform = &test.platform;
    let other = Janitor::new(Arc::clone(&platform.store), Arc::clone(&platform.clock), Duration::from_secs(60));
    let other = platform.start_here("janitor", other, Default::default());
    assert!(platform.janitor.ask(Sweep).await.unwrap().unwrap().is_some());
    assert_eq!(other.ask(Sweep).await.unwrap().unwrap(), None, "the lease is held");
    test.clock.advance(jiff::SignedDuration::from_secs(181));
    assert!(
        other.ask(Sweep).await.unwrap().unwrap().is_some(),
        "and passes on when its holder is silent"
    );
    drop(other);
    test.stop().await;
}
