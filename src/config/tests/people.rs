//! People.

use super::*;

#[test]
fn a_user_takes_name_groups_and_password_from_manifests() {
    let mut world = people()
        .secret("identity", "passwords", false, &[("alice", "correct horse\n")])
        .user(
            "alice",
            json!({"groups": ["staff"], "credentialSecretRef": {"name": "passwords", "key": "alice"}}),
        );
    world.resources.groups.insert(
        Key::new("identity", "managers"),
        Arc::new(Object::new(spec(json!({"members": ["Alice"]})))),
    );
    let compiled = world.compile();
    let [user] = main_snapshot(&compiled).users.as_slice() else {
        panic!()
    };
    assert_eq!((user.username.as_str(), user.store.as_str()), ("alice", "identity/people"));
    assert_eq!(user.groups, ["managers", "staff"]);
    use secrecy::ExposeSecret;
    assert_eq!(user.password.as_ref().unwrap().expose_secret(), "correct horse");
    assert!(!format!("{compiled:?}").contains("correct horse"), "no password in Debug");
    assert!(compiled.all_accepted());
}

#[test]
fn a_missing_password_is_said_and_the_user_stays() {
    let compiled = people()
        .user("alice", json!({"credentialSecretRef": {"name": "passwords"}}))
        .compile();
    assert_eq!(ready(&compiled, Kind::User, "identity", "alice").0, "SecretNotFound");
    assert_eq!(
        main_snapshot(&compiled).users.len(),
        1,
        "so that a typo in a Secret does not disable a person"
    );
}

#[test]
fn usernames_are_unique_whatever_their_case_and_stay_with_who_had_them() {
    let mut world = people().user("bob", json!({"username": "Root"}));
    world.compile();
    let compiled = world.user("alice", json!({"username": "root"})).compile();
    assert_eq!(ready(&compiled, Kind::User, "identity", "alice").0, "UsernameTaken");
    assert_eq!(main_snapshot(&compiled).users[0].username, "Root");
}

#[test]
fn a_user_names_its_store_where_there_are_several() {
    let mut world = people().store("more").user("alice", json!({}));
    assert_eq!(ready(&world.compile(), Kind::User, "identity", "alice").0, "UserStoreNotReady");
    let compiled = world.user("alice", json!({"userStoreRef": {"name": "more"}})).compile();
    assert!(compiled.all_accepted());
    assert!(main_snapshot(&compiled).users.is_empty(), "the server does not use that store");
}

#[test]
fn a_refused_edit_of_a_user_leaves_the_person_as_they_were() {
    let mut world = people().user("alice", json!({"email": "alice@example.org"}));
    world.compile();
    let compiled = world.user("alice", json!({"email": "nowhere"})).compile();
    assert_eq!(ready(&compiled, Kind::User, "identity", "alice").0, "InvalidSpec");
    assert_eq!(main_snapshot(&compiled).users[0].email.as_deref(), Some("alice@example.org"));
}

#[test]
fn a_group_names_members_that_are_not_there() {
    let mut world = people().user("alice", json!({}));
    world.resources.groups.insert(
        Key::new("identity", "g"),
        Arc::new(Object::new(spec(json!({"members": ["alice", "carol"]})))),
    );
    let compiled = world.compile();
    let (reason, message) = ready(&compiled, Kind::Group, "identity", "g");
    assert_eq!(reason, "MemberNotFound");
    assert!(message.contains("carol") && !message.contains("alice"), "{message}");
    assert_eq!(main_snapshot(&compiled).users[0].groups, ["g"]);
}

#[test]
fn a_password_for_one_login_is_a_declared_one() {
    let mut world = people()
        .secret("identity", "passwords", false, &[("alice", "correct horse")])
        .user(
            "alice",
            json!({"credentialSecretRef": {"name": "passwords", "key": "alice"}, "mustChangePassword": true}),
        )
        .user("bob", json!({}));
    let compiled = world.compile();
    let due: Vec<_> = main_snapshot(&compiled)
        .users
        .iter()
        .map(|user| user.must_change_password)
        .collect();
    assert_eq!(due, [true, false]);
    let before = main_snapshot(&compiled).revision.clone();
    let mut world = world.user("bob", json!({"mustChangePassword": true}));
    let (reason, message) = ready(&world.compile(), Kind::User, "identity", "bob");
    assert_eq!(reason, "InvalidSpec");
    assert!(message.contains("goes with a credentialSecretRef"), "{message}");
    let credential = json!({"credentialSecretRef": {"name": "passwords", "key": "alice"}});
    let after = world.user("alice", credential).compile();
    assert_ne!(main_snapshot(&after).revision, before, "a replica is told of it");
}
