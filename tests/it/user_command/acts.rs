use super::{Place, STORE, on_each_database, people, told};
use nauthera::accounts::password;
use nauthera::oauth::ids::{FactorId, SessionId, UserId};
use nauthera::oauth::opaque::TokenHash;
use nauthera::store::records::{FactorKind, FactorRecord, Keeper, PasswordRecord, SessionRecord};

on_each_database!(
    makes_somebody_with_a_password_that_is_told_once,
    the_password_may_come_from_standard_input_and_must_be_a_good_one,
    the_store_is_taken_if_there_is_just_one,
    who_is_disabled_has_no_session_left_and_can_come_back,
    a_password_is_reset_and_what_the_old_one_opened_ends,
    what_a_manifest_or_a_directory_decides_is_left_to_them,
    who_was_released_is_a_manifests,
    second_factors_are_taken_away_and_that_is_written_down,
);

async fn session(place: &Place, user: &UserId) -> SessionRecord {
    let now = jiff::Timestamp::now();
    let session = SessionRecord {
        id: SessionId::new("hers"),
        token: TokenHash::of("cookie"),
        user: user.clone(),
        auth_time: now,
        amr: vec!["pwd".to_owned()],
        created_at: now,
        expires_at: now + jiff::SignedDuration::from_hours(1),
    };
    assert!(place.store.open_session(&session, None).await.unwrap());
    session
}

async fn is_live(place: &Place, session: &SessionRecord) -> bool {
    let found = place.store.session_by_token(&session.token, jiff::Timestamp::now()).await;
    found.unwrap().is_some()
}

async fn password_of(place: &Place, user: &UserId) -> PasswordRecord {
    place.store.password(user).await.unwrap().unwrap()
}

async fn kinds(place: &Place) -> Vec<String> {
    let trail = place.store.recent_audit(20).await.unwrap();
    trail.into_iter().rev().map(|event| event.kind).collect()
}

async fn makes_somebody_with_a_password_that_is_told_once(place: Place) {
    let said = place.does(&[
        "add",
        "Carol",
        "--store",
        STORE,
        "--email",
        "carol@example.org",
        "--name",
        "Carol C",
        "--group",
        "staff",
        "--group",
        "admins",
    ]);
    let carol = place.person("carol").await;
    assert!(said.starts_with("Added Carol to identity/people.\n"), "{said}");
    assert!(
        said.contains(carol.user.id.as_str()) && said.contains("It is not shown again"),
        "{said}"
    );
    assert_eq!((carol.keeper, carol.must_change), (Keeper::Hand, true));
    assert_eq!(carol.user.profile.email.as_deref(), Some("carol@example.org"));
    assert_eq!(carol.user.profile.groups, ["admins", "staff"]);
    let stored = password_of(&place, &carol.user.id).await;
    assert!(stored.must_change);
    assert!(password::verify(&told(&said), Some(&stored.hash)).is_correct());
    assert_eq!(kinds(&place).await, ["user.added"]);

    let said = place.refuses(&["add", "CAROL", "--store", STORE]);
    assert!(said.contains("already"), "{said}");
    assert_eq!(place.person("carol").await, carol);
    for wrong in [["--email", "nowhere"], ["--name", " "], ["--store", "people"], ["--group", "a\nb"]] {
        assert_eq!(place.user(&[&["add", "dave"], &wrong[..]].concat()).0, Some(2), "{wrong:?}");
    }
}

async fn the_password_may_come_from_standard_input_and_must_be_a_good_one(place: Place) {
    let add = ["add", "carol", "--store", STORE, "--password-stdin"];
    for (weak, said_of_it) in [
        ("tiny owl", "at least 12 characters"),
        ("1qaz2wsx3edc", "tried first"),
        ("carol-is-my-name", "holds the name"),
        ("", "is empty"),
    ] {
        let (code, said) = place.user_given(&add, weak);
        assert_eq!(code, Some(1), "{weak}: {said}");
        assert!(said.contains(said_of_it), "{weak}: {said}");
        assert!(weak.is_empty() || !said.contains(weak), "{said}");
    }
    let (code, said) = place.user_given(&add, "an owl in the attic\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("owl") && said.contains("good for one login"), "{said}");
    let carol = place.person("carol").await;
    let stored = password_of(&place, &carol.user.id).await;
    assert!(stored.must_change && password::verify("an owl in the attic", Some(&stored.hash)).is_correct());
}

async fn the_store_is_taken_if_there_is_just_one(place: Place) {
    let said = place.refuses(&["add", "carol"]);
    assert!(said.contains("--store NAMESPACE/NAME"), "{said}");
    place.declare("alice").await;
    place.does(&["add", "carol"]);
    assert_eq!(place.person("carol").await.keeper, Keeper::Hand);
    let said = place.does(&["add", "carol", "--store", "identity/poeple"]);
    assert!(said.contains("If it is misspelt"), "{said}");
    let said = place.refuses(&["add", "dave"]);
    assert!(said.contains("identity/people") && said.contains("identity/poeple"), "{said}");
}

async fn who_is_disabled_has_no_session_left_and_can_come_back(place: Place) {
    place.does(&["add", "carol", "--store", STORE]);
    let carol = place.person("carol").await.user;
    let hers = session(&place, &carol.id).await;
    let said = place.does(&["disable", "CAROL"]);
    assert_eq!(said, "carol of identity/people is disabled: sessions and tokens have ended.\n");
    assert!(!is_live(&place, &hers).await);
    assert!(place.person("carol").await.user.profile.disabled);
    assert!(place.does(&["disable", "carol"]).contains("already"));
    assert!(place.does(&["enable", carol.id.as_str()]).contains("is enabled"));
    assert!(!place.person("carol").await.user.profile.disabled);
    assert!(!is_live(&place, &hers).await);
    assert_eq!(kinds(&place).await, ["user.added", "user.disabled", "user.enabled"]);
    let said = place.refuses(&["disable", "nobody"]);
    assert!(
        said.contains("nobody in UserStore identity/people is called nobody") && said.contains("nauthera user list"),
        "{said}"
    );
}

async fn a_password_is_reset_and_what_the_old_one_opened_ends(place: Place) {
    let first = told(&place.does(&["add", "carol", "--store", STORE]));
    let carol = place.person("carol").await.user;
    let hers = session(&place, &carol.id).await;
    let said = place.does(&["reset-password", "carol"]);
    let second = told(&said);
    assert_ne!(first, second);
    let stored = password_of(&place, &carol.id).await;
    assert!(stored.must_change && password::verify(&second, Some(&stored.hash)).is_correct());
    assert!(!password::verify(&first, Some(&stored.hash)).is_correct());
    assert!(!is_live(&place, &hers).await);
    assert_eq!(kinds(&place).await, ["user.added", "password.reset"]);
    place.does(&["disable", "carol"]);
    let said = place.does(&["reset-password", "carol"]);
    assert!(said.contains("nauthera user enable carol"), "{said}");
    let trail = format!("{:?}", place.store.recent_audit(20).await.unwrap());
    assert!(!trail.contains(&second) && !trail.contains("argon2"), "{trail}");
}

async fn what_a_manifest_or_a_directory_decides_is_left_to_them(place: Place) {
    let alice = place.declare("alice").await.user;
    for (act, field) in [("disable", "`disabled: true`"), ("enable", "`disabled: false`")] {
        let said = place.refuses(&[act, "alice"]);
        assert!(said.contains("a manifest declares alice") && said.contains(field), "{said}");
    }
    assert!(place.refuses(&["release", "alice"]).contains("nothing to release"));
    assert!(place.refuses(&["add", "alice"]).contains("a manifest declares alice"));
    let declared = PasswordRecord {
        hash: "h".to_owned(),
        declared_hash: Some("h".to_owned()),
        changed_at: jiff::Timestamp::now(),
        must_change: false,
    };
    place.store.replace_password(&alice.id, None, &declared, None).await.unwrap();
    let said = place.does(&["reset-password", "alice"]);
    assert!(said.contains("until the Secret that holds it is changed"), "{said}");
    assert_eq!(password_of(&place, &alice.id).await.declared_hash.as_deref(), Some("h"));

    let ann = place
        .store
        .put_directory_user(
            &nauthera::oauth::ids::UserStoreId::new("identity/ldap"),
            "entryUUID:1",
            &alice.profile,
            jiff::Timestamp::now(),
        )
        .await
        .unwrap();
    for act in ["disable", "enable", "reset-password"] {
        let said = place.refuses(&[act, ann.id.as_str()]);
        assert!(said.contains("is of the directory"), "{said}");
    }
    assert!(
        place
            .refuses(&["add", "bea", "--store", "identity/ldap"])
            .contains("is a directory")
    );
}

async fn who_was_released_is_a_manifests(place: Place) {
    place.does(&["add", "carol", "--store", STORE]);
    let carol = place.declare("carol").await;
    assert_eq!(carol.keeper, Keeper::Hand, "not by itself");
    assert!(place.does(&["release", "carol"]).contains("goes to the manifest"));
    let taken = place.declare("carol").await;
    assert_eq!((taken.keeper, &taken.user.id), (Keeper::Manifest, &carol.user.id));
    // And no manifest declares her any more.
    place
        .store
        .put_declared_users(&people(), &[], jiff::Timestamp::now())
        .await
        .unwrap();
    assert!(place.refuses(&["add", "carol"]).contains("nauthera user enable carol"));
    place.does(&["enable", "carol"]);
    assert_eq!(place.person("carol").await.keeper, Keeper::Hand);
}

async fn second_factors_are_taken_away_and_that_is_written_down(place: Place) {
    let alice = place.declare("alice").await.user.id;
    assert!(place.does(&["reset-2fa", "alice"]).contains("has no second factor"));
    let now = jiff::Timestamp::now();
    let app = FactorRecord {
        id: FactorId::new("app"),
        user: alice.clone(),
        kind: FactorKind::Totp,
        name: "phone".to_owned(),
        material: vec![1],
        sealed_with: None,
        credential: None,
        position: 0,
        created_at: now,
        used_at: None,
    };
    assert!(place.store.add_factor(&app, 9).await.unwrap());
    place.store.put_recovery_codes(&alice, &[TokenHash::of("code")]).await.unwrap();
    let said = place.does(&["reset-2fa", "alice"]);
    assert!(
        said.contains("1 second factor of alice") && said.contains("password alone"),
        "{said}"
    );
    assert!(place.store.factors(&alice).await.unwrap().is_empty());
    assert_eq!(place.store.recovery_codes_left(&alice).await.unwrap(), 0);
    assert_eq!(kinds(&place).await, ["factors.reset"]);
}
