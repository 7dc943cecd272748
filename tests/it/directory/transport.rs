//! How a directory is reached, and which servers are not believed to be it.

use super::fixture::{client, named, settings, tree};
use crate::support::slapd;
use nauthera::directory::ldap::fault::LdapFault;
use nauthera::directory::ldap::settings::{LdapSettings, Target};

async fn unreachable(settings: LdapSettings) -> String {
    match named(&client(settings), "alice").await {
        Err(LdapFault::Unavailable(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn by_ldaps_by_start_tls_and_if_it_must_be_in_the_clear() {
    let server = slapd::start(&tree());
    for (url, start_tls) in [(server.tls_url(), false), (server.url(), true), (server.url(), false)] {
        let mut settings = settings(&[&server]);
        settings.servers = vec![Target::parse(&url, start_tls).unwrap()];
        assert!(named(&client(settings), "alice").await.unwrap().is_some(), "{url} {start_tls}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let server = slapd::start_as("elsewhere.example.org", &tree());
    for (url, start_tls) in [(server.tls_url(), false), (server.url(), true)] {
        let mut settings = settings(&[&server]);
        settings.servers = vec![Target::parse(&url, start_tls).unwrap()];
        let reason = unreachable(settings).await;
        assert!(reason.contains("certificate") && reason.contains("localhost"), "{reason}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let (server, other) = (slapd::start(&tree()), slapd::start(&tree()));
    let mut settings = settings(&[&server]);
    settings.authorities = Some(other.authority());
    let reason = unreachable(settings).await;
    assert!(reason.contains("certificate"), "{reason}");
}

#[tokio::test]
async fn a_reader_that_is_not_let_in_is_no_wrong_password_of_a_person() {
    let server = slapd::start(&tree());
    let mut settings = settings(&[&server]);
    settings.bind_password = "wrong".into();
    let reason = unreachable(settings).await;
    assert!(reason.contains("bindPasswordSecretRef"), "{reason}");
    assert!(!reason.contains("wrong\""), "and it is not told: {reason}");
}

#[tokio::test]
async fn a_base_that_is_not_there_is_told() {
    let server = slapd::start(&tree());
    let mut settings = settings(&[&server]);
    settings.users.base_dn = "ou=nowhere,dc=example,dc=org".to_owned();
    let Err(LdapFault::Refused(reason)) = named(&client(settings), "alice").await else {
        panic!();
    };
    assert!(reason.contains("baseDN"), "{reason}");
}
