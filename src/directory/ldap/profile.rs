//! What of an entry becomes claims.

use super::entry::Entry;
use super::identity;
use super::settings::LdapSettings;
use super::{account, settings::Membership};
use crate::oauth::attributes::{self, Attributes};
use crate::store::records::UserProfile;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Which attributes are read for a claim, the first that has a value, unless the UserStore names one.
const USUAL: [(&str, &[&str]); 5] = [
    ("name", &["displayName", "cn"]),
    ("given_name", &["givenName"]),
    ("family_name", &["sn"]),
    ("email", &["mail"]),
    // Nobody said that the directory has verified what it holds.
    ("email_verified", &[]),
];

/// The attributes of a person to ask for. Operational ones come only if they are named (RFC 4511 §4.5.1.8).
pub fn attributes(settings: &LdapSettings) -> Vec<String> {
    let mut names: Vec<&str> = identity::attributes().chain(account::ATTRIBUTES).collect();
    names.push(&settings.users.username_attribute);
    for (claim, usual) in USUAL {
        match settings.attributes.get(claim) {
            Some(own) => names.push(own),
            None => names.extend(usual),
        }
    }
    names.extend(settings.attributes.get("preferred_username").map(String::as_str));
    names.extend(further(settings).map(|(_, attribute)| attribute.as_str()));
    if let Some(Membership::OfMember(attribute)) = settings.groups.as_ref().map(|groups| &groups.membership) {
        names.push(attribute);
    }
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// A person's profile. `None` if the entry does not even tell their name.
pub fn of(entry: &Entry, groups: Vec<String>, settings: &LdapSettings, now: Timestamp) -> Option<UserProfile> {
    let own = &settings.attributes;
    let text = |claim: &str| claim_text(entry, own, claim).map(str::to_owned);
    let username = text("preferred_username").or_else(|| entry.text(&settings.users.username_attribute).map(str::to_owned))?;
    let email = text("email").filter(|address| is_address(address));
    Some(UserProfile {
        username,
        email_verified: email.is_some() && own.get("email_verified").is_some_and(|attribute| entry.is_true(attribute)),
        email,
        display_name: text("name"),
        given_name: text("given_name"),
        family_name: text("family_name"),
        attributes: further_of(entry, settings),
        groups,
        disabled: account::is_disabled(entry, now),
    })
}

/// What a UserStore reads besides the claims of the standard: names, and the directory's attributes.
fn further(settings: &LdapSettings) -> impl Iterator<Item = (&String, &String)> {
    let is_standard = |claim: &str| claim == "preferred_username" || USUAL.iter().any(|(usual, _)| *usual == claim);
    settings.attributes.iter().filter(move |(claim, _)| !is_standard(claim))
}

/// One that is not text throughout, or is too much, is left out as a whole: half of a list would be another list.
fn further_of(entry: &Entry, settings: &LdapSettings) -> Attributes {
    let mut found = Attributes::new();
    for (name, attribute) in further(settings) {
        let all = entry.all(attribute);
        let mut values: Vec<String> = entry.texts(attribute).map(str::to_owned).collect();
        // Directories keep no order, and it should not change from login to login.
        values.sort();
        values.dedup();
        if values.is_empty() && all.is_empty() {
            continue;
        }
        let is_whole = entry.texts(attribute).count() == all.len() && values.len() <= attributes::MOST_VALUES;
        let size = name.len() + values.iter().map(String::len).sum::<usize>();
        if is_whole && attributes::bytes(&found) + size <= attributes::MOST_BYTES {
            found.insert(name.clone(), values);
        } else {
            tracing::warn!(
                attribute,
                values = all.len(),
                "an attribute of somebody in a directory is binary, or more than is kept: it is left out"
            );
        }
    }
    found
}

fn claim_text<'a>(entry: &'a Entry, own: &BTreeMap<String, String>, claim: &str) -> Option<&'a str> {
    match own.get(claim) {
        Some(attribute) => entry.text(attribute),
        None => USUAL
            .iter()
            .find(|(name, _)| *name == claim)
            .and_then(|(_, usual)| usual.iter().find_map(|attribute| entry.text(attribute))),
    }
}

fn is_address(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

/// Whether this is really who was asked for: directories fold accents, spaces and more when they compare, and each way to write a name would
/// have its own count of failed logins.
pub fn has_name(entry: &Entry, settings: &LdapSettings, username: &str) -> bool {
    entry
        .texts(&settings.users.username_attribute)
        .any(|name| name.to_lowercase() == username)
}

#[cfg(test)]
mod tests {
    use super::super::testing::settings;
    use super::*;

    fn entry(attributes: &[(&str, &str)]) -> Entry {
        Entry::new(
            "uid=ann,dc=x",
            attributes.iter().map(|(name, value)| (*name, vec![value.as_bytes().to_vec()])),
        )
    }

    fn ann() -> Entry {
        entry(&[
            ("uid", "Ann"),
            ("cn", "Ann Åberg"),
            ("displayName", "Ann"),
            ("sn", "Åberg"),
            ("givenName", "Ann"),
            ("mail", "ann@example.org"),
            ("verified", "TRUE"),
            ("nick", "annie"),
        ])
    }

    #[test]
    fn the_usual_attributes_become_claims() {
        let profile = of(&ann(), vec!["staff".to_owned()], &settings(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(
            profile,
            UserProfile {
                username: "Ann".to_owned(),
                email: Some("ann@example.org".to_owned()),
                email_verified: false,
                display_name: Some("Ann".to_owned()),
                given_name: Some("Ann".to_owned()),
                family_name: Some("Åberg".to_owned()),
                attributes: Attributes::new(),
                groups: vec!["staff".to_owned()],
                disabled: false,
            }
        );
    }

    #[test]
    fn a_user_store_names_other_attributes() {
        let mut settings = settings();
        settings.attributes = [
            ("name", "cn"),
            ("preferred_username", "nick"),
            ("email_verified", "verified"),
            ("given_name", "none"),
        ]
        .map(|(claim, attribute)| (claim.to_owned(), attribute.to_owned()))
        .into();
        let profile = of(&ann(), Vec::new(), &settings, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(profile.username, "annie");
        assert_eq!(profile.display_name.as_deref(), Some("Ann Åberg"));
        assert_eq!(profile.given_name, None);
        assert!(profile.email_verified);
    }

    fn with_further(pairs: &[(&str, &str)]) -> LdapSettings {
        let mut settings = settings();
        settings.attributes = pairs
            .iter()
            .map(|(name, attribute)| ((*name).to_owned(), (*attribute).to_owned()))
            .collect();
        settings
    }

    #[test]
    fn a_user_store_names_further_attributes() {
        let settings = with_further(&[
            ("department", "departmentNumber"),
            ("phones", "telephoneNumber"),
            ("room", "roomNumber"),
        ]);
        let asked = attributes(&settings);
        assert!(asked.contains(&"departmentNumber".to_owned()) && asked.contains(&"telephoneNumber".to_owned()));
        let values = |values: &[&str]| values.iter().map(|value| value.as_bytes().to_vec()).collect();
        let entry = Entry::new(
            "uid=ann,dc=x",
            [
                ("uid", values(&["ann"])),
                ("departmentnumber", values(&["Sales"])),
                ("telephoneNumber", values(&["2", "1"])),
            ],
        );
        let profile = of(&entry, Vec::new(), &settings, Timestamp::UNIX_EPOCH).unwrap();
        let expected = [("department", vec!["Sales"]), ("phones", vec!["1", "2"])];
        let expected: Attributes = expected
            .map(|(name, values)| (name.to_owned(), values.into_iter().map(str::to_owned).collect()))
            .into();
        assert_eq!(profile.attributes, expected);
    }

    #[test]
    fn what_is_binary_or_too_much_is_left_out_as_a_whole() {
        let settings = with_further(&[("a", "photo"), ("b", "many"), ("c", "long"), ("d", "mixed"), ("e", "fine")]);
        let entry = Entry::new(
            "uid=ann,dc=x",
            [
                ("uid", vec![b"ann".to_vec()]),
                ("photo", vec![vec![0xff, 0xd8, 0xff]]),
                ("many", (0..=attributes::MOST_VALUES).map(|n| n.to_string().into_bytes()).collect()),
                ("long", (0..60).map(|n| format!("{n:0>1000}").into_bytes()).collect()),
                ("mixed", vec![b"text".to_vec(), vec![0xff]]),
                ("fine", vec![b"text".to_vec()]),
            ],
        );
        let profile = of(&entry, Vec::new(), &settings, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(profile.attributes.keys().collect::<Vec<_>>(), ["e"]);
        assert!(attributes::faults(&profile.attributes).is_empty());
    }

    #[test]
    fn what_is_no_address_is_no_email_and_not_verified() {
        let mut settings = settings();
        settings.attributes = [("email_verified".to_owned(), "verified".to_owned())].into();
        let profile = of(
            &entry(&[("uid", "a"), ("mail", "nobody"), ("verified", "TRUE")]),
            Vec::new(),
            &settings,
            Timestamp::UNIX_EPOCH,
        );
        let profile = profile.unwrap();
        assert_eq!((profile.email, profile.email_verified), (None, false));
    }

    #[test]
    fn an_entry_without_a_name_is_nobody() {
        assert_eq!(of(&entry(&[("cn", "x")]), Vec::new(), &settings(), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn only_case_may_differ_from_what_was_typed() {
        let settings = settings();
        assert!(has_name(&ann(), &settings, "ann"));
        assert!(!has_name(&entry(&[("uid", "muller")]), &settings, "müller"));
        assert!(!has_name(&entry(&[("uid", "a b")]), &settings, "a  b"));
    }
}
