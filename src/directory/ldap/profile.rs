//! What of an entry becomes claims.

use super::entry::Entry;
use super::identity;
use super::settings::LdapSettings;
use super::{account, settings::Membership};
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
        groups,
        disabled: account::is_disabled(entry, now),
    })
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
