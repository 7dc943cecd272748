use super::{Place, STORE, on_each_database};
use nauthera::oauth::ids::UserStoreId;
use nauthera::store::records::UserProfile;

on_each_database!(lists_who_there_is_in_a_table, lists_a_json_object_a_line, lists_more_than_a_page);

async fn lists_who_there_is_in_a_table(place: Place) {
    assert!(place.does(&["list"]).contains("nauthera user add"), "nobody yet, and what to do");
    place.declare("alice").await;
    place.does(&["add", "carol", "--email", "carol@example.org"]);
    place.does(&["add", "bob"]);
    place.does(&["disable", "bob"]);
    let evil = UserProfile {
        username: "ann\u{1b}[2J".to_owned(),
        ..UserProfile::default()
    };
    let ldap = UserStoreId::new("identity/ldap");
    let now = jiff::Timestamp::now();
    place.store.put_directory_user(&ldap, "entryUUID:1", &evil, now).await.unwrap();
    let said = place.does(&["list"]);
    let lines: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(lines[0], ["USERNAME", "STORE", "SUBJECT", "STATE", "ORIGIN", "EMAIL"]);
    let without_subject: Vec<Vec<&str>> = lines[1..].iter().map(|line| [&line[..2], &line[3..]].concat()).collect();
    assert_eq!(
        without_subject,
        [
            ["ann\u{fffd}[2J", "identity/ldap", "enabled", "directory", "-"],
            ["alice", STORE, "enabled", "declared", "-"],
            ["bob", STORE, "disabled", "own", "-"],
            ["carol", STORE, "new password due", "own", "carol@example.org"],
        ]
    );
    let said = place.does(&["list", "--store", "identity/ldap"]);
    assert_eq!(said.lines().count(), 2, "{said}");
}

async fn lists_a_json_object_a_line(place: Place) {
    place.does(&["add", "carol", "--store", STORE, "--group", "staff"]);
    let said = place.does(&["list", "--json"]);
    let row: serde_json::Value = serde_json::from_str(&said).unwrap();
    let carol = place.person("carol").await.user;
    assert_eq!(
        row,
        serde_json::json!({
            "username": "carol", "store": STORE, "subject": carol.id.as_str(), "state": "new password due", "origin": "own",
            "email": null, "name": null, "groups": ["staff"],
        })
    );
}

async fn lists_more_than_a_page(place: Place) {
    let profiles: Vec<UserProfile> = (0..450)
        .map(|number| UserProfile {
            username: format!("user-{number:04}"),
            ..UserProfile::default()
        })
        .collect();
    let now = jiff::Timestamp::now();
    place.store.put_declared_users(&super::people(), &profiles, now).await.unwrap();
    let said = place.does(&["list", "--json"]);
    let names: Vec<String> = said
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["username"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let meant: Vec<String> = profiles.into_iter().map(|profile| profile.username).collect();
    assert_eq!(names, meant);
    assert_eq!(place.does(&["list"]).lines().filter(|line| line.starts_with("USERNAME")).count(), 1);
}
