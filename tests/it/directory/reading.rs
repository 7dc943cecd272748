//! Finding people, checking their passwords, following their groups.

use super::fixture::{ODD, client, named, settings, tree};
use crate::support::slapd::{self, PASSWORD, SUFFIX, Tree, group_dn};
use nauthera::directory::ldap::client::Who;
use nauthera::directory::ldap::identity::ExternalId;
use nauthera::directory::ldap::outcome::{Bind, Refusal};
use nauthera::directory::ldap::profile;
use nauthera::directory::ldap::settings::{GroupSearch, LdapSettings, Membership, Nested};

#[tokio::test]
async fn a_person_is_found_by_name_and_proved_by_password() {
    let server = slapd::start(&tree());
    let client = client(settings(&[&server]));
    for (name, wanted) in [("alice", format!("uid=alice,ou=people,{SUFFIX}")), ("jörg", String::new())] {
        let entry = named(&client, name).await.unwrap().unwrap();
        assert!(wanted.is_empty() || entry.dn() == wanted, "{}", entry.dn());
        for (password, outcome) in [
            (PASSWORD, Bind::Accepted),
            ("wrong", Bind::Refused(Refusal::Wrong)),
            ("", Bind::Refused(Refusal::Wrong)),
            ("correct horse ", Bind::Refused(Refusal::Wrong)),
        ] {
            assert_eq!(
                client.authenticate(entry.dn(), &password.into()).await,
                Ok(outcome),
                "{name} {password:?}"
            );
        }
        let id = ExternalId::of(&entry).unwrap();
        let again = client.find(&Who::Known(id)).await.unwrap().unwrap();
        assert_eq!(again.dn(), entry.dn(), "by its stable id, after the reader was bound anew");
    }
    let nobody = format!("uid=nobody,ou=people,{SUFFIX}");
    assert_eq!(
        client.authenticate(&nobody, &PASSWORD.into()).await,
        Ok(Bind::Refused(Refusal::Wrong))
    );
    assert_eq!(client.authenticate("", &PASSWORD.into()).await, Ok(Bind::Refused(Refusal::Wrong)));
}

#[tokio::test]
async fn what_was_typed_is_a_name_and_never_a_filter() {
    let server = slapd::start(&tree());
    let client = client(settings(&[&server]));
    for name in [
        "*",
        "a*",
        "alice)(uid=*",
        "*)(objectClass=*",
        "alice\\",
        "\\2a",
        "alice)(|(uid=*",
        "al  ice",
        "nobody",
        "(",
        "alice\u{0}",
        "&",
        "bob",
    ] {
        assert_eq!(named(&client, name).await, Ok(None), "{name:?}");
    }
}

#[tokio::test]
async fn an_entry_becomes_a_profile() {
    let server = slapd::start(&tree());
    let mut settings = settings(&[&server]);
    settings.attributes = [("email_verified", "title"), ("preferred_username", "employeeType")]
        .map(|(claim, attribute)| (claim.to_owned(), attribute.to_owned()))
        .into();
    let client = client(settings);
    let now = jiff::Timestamp::now();
    let alice = named(&client, "alice").await.unwrap().unwrap();
    let alice = profile::of(&alice, Vec::new(), client.settings(), now).unwrap();
    assert_eq!(
        (alice.username.as_str(), alice.email.as_deref(), alice.email_verified),
        ("ally", Some("alice@example.org"), true)
    );
    assert_eq!(
        (alice.display_name.as_deref(), alice.given_name.as_deref()),
        (Some("Alice Ångström"), Some("Alice"))
    );
    assert!(!alice.disabled);
    let odd = named(&client, "jörg").await.unwrap().unwrap();
    assert_eq!(
        profile::of(&odd, Vec::new(), client.settings(), now)
            .unwrap()
            .display_name
            .as_deref(),
        Some(ODD)
    );
    let locked = named(&client, "locked").await.unwrap().unwrap();
    assert!(profile::of(&locked, Vec::new(), client.settings(), now).unwrap().disabled);
}

fn with_groups(mut settings: LdapSettings, change: impl FnOnce(&mut GroupSearch)) -> LdapSettings {
    change(settings.groups.as_mut().unwrap());
    settings
}

#[tokio::test]
async fn groups_are_followed_as_deep_as_the_store_says() {
    let server = slapd::start(&tree());
    let core = "platform, \"core\"";
    let all = ["engineering", "loop", core, "staff"];
    for (nested, wanted) in [
        (Nested::No, vec!["staff"]),
        (Nested::Walk { depth: 1 }, vec!["engineering", "staff"]),
        (Nested::Walk { depth: 2 }, vec!["engineering", core, "staff"]),
        (Nested::Walk { depth: 32 }, all.to_vec()),
    ] {
        for attribute in ["member", "memberOf"] {
            let client = client(with_groups(settings(&[&server]), |groups| {
                groups.nested = nested;
                groups.membership = Membership::of(attribute);
            }));
            let alice = if attribute == "memberOf" {
                // The overlay writes it when members change, not when a tree is loaded.
                let mut admin = server.admin().await;
                for (group, member) in [
                    ("staff", format!("uid=alice,ou=people,{SUFFIX}")),
                    ("engineering", group_dn("staff")),
                    (core, group_dn("engineering")),
                    (core, group_dn("loop")),
                    ("loop", group_dn(core)),
                ] {
                    let values = |value: &str| [value.to_owned()].into();
                    let other = format!("uid=bob,ou=people,{SUFFIX}");
                    let changes = vec![
                        ldap3::Mod::Add("member".to_owned(), values(&other)),
                        ldap3::Mod::Delete("member".to_owned(), values(&member)),
                    ];
                    admin.modify(&group_dn(group), changes).await.unwrap().success().unwrap();
                    let changes = vec![
                        ldap3::Mod::Add("member".to_owned(), values(&member)),
                        ldap3::Mod::Delete("member".to_owned(), values(&other)),
                    ];
                    admin.modify(&group_dn(group), changes).await.unwrap().success().unwrap();
                }
                named(&client, "alice").await.unwrap().unwrap()
            } else {
                named(&client, "alice").await.unwrap().unwrap()
            };
            assert_eq!(client.groups(&alice).await.unwrap(), wanted, "{nested:?} {attribute}");
        }
    }
}

#[tokio::test]
async fn posix_groups_hold_usernames() {
    let server = slapd::start(&tree());
    let client = client(with_groups(settings(&[&server]), |groups| {
        groups.membership = Membership::of("memberUid");
        groups.filter = "(objectClass=posixGroup)".to_owned();
    }));
    let alice = named(&client, "alice").await.unwrap().unwrap();
    assert_eq!(client.groups(&alice).await.unwrap(), ["posix"]);
}

#[tokio::test]
async fn among_ten_thousand_people_and_seven_hundred_groups_nobody_is_lost() {
    let mut tree = Tree::default();
    let mut last = String::new();
    for number in 0..10_000 {
        let cn = format!("Person, Nr. {number} ü");
        last = tree.person(&format!("person{number}"), Some(&cn), &[]);
    }
    for number in 0..700 {
        tree.group(&format!("group{number:03}"), &[&last]);
    }
    let server = slapd::start(&tree);
    let client = client(settings(&[&server]));
    let entry = named(&client, "person9999").await.unwrap().unwrap();
    assert_eq!(entry.dn().to_lowercase(), last.to_lowercase());
    assert_eq!(client.authenticate(entry.dn(), &PASSWORD.into()).await, Ok(Bind::Accepted));
    // The server gives at most 500 entries at once.
    let groups = client.groups(&entry).await.unwrap();
    assert_eq!((groups.len(), groups[699].as_str()), (700, "group699"));
}
