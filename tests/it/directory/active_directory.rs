//! People of a real Active Directory (Samba's domain controller), by LDAPS with an authority of its own.

use super::fixture::{LDAP, Session, client, login, with_directory};
use crate::support::platform::TestPlatform;
use crate::support::samba::{self, CROWD, PASSWORD, READER, SUFFIX, Samba, person_dn, unicode_password};
use crate::support::site::{Site, authorize};
use jiff::SignedDuration;
use ldap3::Mod;
use nauthera::actors::authenticator::LoginFault;
use nauthera::actors::ldap_connector::settings;
use nauthera::config::snapshot::{GroupsConfig, LdapConfig, NestedGroups, UserStoreConfig, UserStoreKind, UsersConfig};
use nauthera::directory::ldap::client::Who;
use nauthera::directory::ldap::connection::Search;
use nauthera::directory::ldap::examine::{Sight, examine};
use nauthera::directory::ldap::fault::LdapFault;
use nauthera::directory::ldap::identity::ExternalId;
use nauthera::directory::ldap::outcome::{Bind, Refusal};
use nauthera::oauth::ids::UserStoreId;
use std::sync::Arc;
use std::time::Duration;

/// As docs/directories.md says for Active Directory.
fn config(server: &Samba) -> LdapConfig {
    LdapConfig {
        servers: vec![server.url()],
        start_tls: false,
        authorities: Some(server.authority()),
        bind_dn: READER.to_owned(),
        bind_password: PASSWORD.into(),
        users: UsersConfig {
            base_dn: SUFFIX.to_owned(),
            filter: "(&(objectCategory=person)(objectClass=user))".to_owned(),
            username_attribute: "sAMAccountName".to_owned(),
        },
        groups: Some(GroupsConfig {
            base_dn: format!("OU=groups,{SUFFIX}"),
            filter: "(objectClass=group)".to_owned(),
            name_attribute: "cn".to_owned(),
            member_attribute: "member".to_owned(),
            nested: NestedGroups::InChain,
        }),
        attributes: Default::default(),
        connect_timeout: Duration::from_secs(10),
        operation_timeout: Duration::from_secs(10),
        page_size: 500,
        pool_max: 4,
        cache_ttl: Duration::from_secs(60),
    }
}

fn store(server: &Samba) -> Arc<UserStoreConfig> {
    Arc::new(UserStoreConfig {
        id: UserStoreId::new(LDAP),
        kind: UserStoreKind::Ldap(Box::new(config(server))),
    })
}

async fn platform(server: &Samba) -> TestPlatform {
    let test = TestPlatform::start().await;
    test.apply(with_directory("1", store(server))).await;
    test
}

async fn replace(server: &Samba, dn: &str, attribute: &str, value: &[u8]) {
    let change = vec![Mod::Replace(attribute.as_bytes().to_vec(), [value.to_vec()].into())];
    server.admin().await.modify(dn, change).await.unwrap().success().unwrap();
}

async fn add_person(server: &Samba, name: &str) {
    let attributes: Vec<(Vec<u8>, Vec<u8>)> = vec![
        (b"objectClass".to_vec(), b"user".to_vec()),
        (b"sAMAccountName".to_vec(), name.as_bytes().to_vec()),
        (b"userAccountControl".to_vec(), b"66048".to_vec()),
        (b"unicodePwd".to_vec(), unicode_password(PASSWORD)),
    ];
    let attributes = attributes.into_iter().map(|(name, value)| (name, [value].into())).collect();
    server
        .admin()
        .await
        .add(&person_dn(name), attributes)
        .await
        .unwrap()
        .success()
        .unwrap();
}

#[actix_rt::test]
async fn people_log_in_with_their_account_name_and_have_the_groups_of_their_groups() {
    let Some(server) = samba::server() else { return };
    let test = platform(server).await;
    let alice = login(&test, "ALICE", PASSWORD).await.unwrap();
    let profile = &alice.profile;
    assert_eq!(
        (profile.username.as_str(), profile.email.as_deref()),
        ("alice", Some("alice@example.org"))
    );
    assert_eq!(
        (profile.display_name.as_deref(), profile.given_name.as_deref()),
        (Some("Alice Ångström"), Some("Alice"))
    );
    assert_eq!(
        profile.groups,
        ["engineering", "platform, core", "staff"],
        "Active Directory follows them itself"
    );
    assert!(alice.origin.as_ref().unwrap().external_id.starts_with("objectGUID:"));
    let odd = login(&test, "jörg", PASSWORD).await.unwrap();
    assert_eq!(odd.profile.display_name.as_deref(), Some("Müller, Jörg \"JM\" + Söhne; <x> #1\\2"));
    assert_eq!(odd.profile.groups, profile.groups, "with a name that has everything to escape");
    test.stop().await;
}

#[tokio::test]
async fn groups_are_the_same_whoever_follows_them() {
    let Some(server) = samba::server() else { return };
    let wanted = ["engineering", "platform, core", "staff"];
    for (attribute, nested, wanted) in [
        ("member", NestedGroups::No, &wanted[2..]),
        ("member", NestedGroups::InChain, &wanted),
        ("member", NestedGroups::Walk(8), &wanted),
        ("memberOf", NestedGroups::Walk(8), &wanted),
    ] {
        let mut config = config(server);
        let groups = config.groups.as_mut().unwrap();
        (groups.member_attribute, groups.nested) = (attribute.to_owned(), nested);
        let client = client(settings::of(&config).unwrap());
        let alice = client.find(&Who::Named("alice".to_owned())).await.unwrap().unwrap();
        assert_eq!(client.groups(&alice).await.unwrap(), wanted, "{attribute} {nested:?}");
    }
}

#[actix_rt::test]
async fn a_wrong_password_an_empty_one_and_a_disabled_account_read_the_same() {
    let Some(server) = samba::server() else { return };
    let test = platform(server).await;
    for (name, password) in [
        ("alice", "wrong"),
        ("alice", ""),
        ("nobody", PASSWORD),
        ("disabled", PASSWORD),
        ("over", PASSWORD),
        ("mustchange", "wrong"),
        ("expired", "wrong"),
        ("ali*", PASSWORD),
        ("crowd0001", ""),
        ("alice@ad.example.org", PASSWORD),
    ] {
        let outcome = login(&test, name, password).await;
        assert_eq!(outcome, Err(LoginFault::BadCredentials), "{name:?} {password:?}");
    }
    test.stop().await;
}

#[tokio::test]
async fn active_directory_says_why_and_its_reasons_are_told_apart() {
    let Some(server) = samba::server() else { return };
    let client = client(settings::of(&config(server)).unwrap());
    let bind = async |name: &str, password: &str| client.authenticate(&person_dn(name), &password.into()).await;
    for (name, refusal) in [
        ("disabled", Refusal::AccountDisabled),
        ("over", Refusal::AccountDisabled),
        ("mustchange", Refusal::PasswordExpired),
        ("expired", Refusal::PasswordExpired),
        ("nobody", Refusal::Wrong),
    ] {
        assert_eq!(bind(name, PASSWORD).await, Ok(Bind::Refused(refusal)), "{name}");
        assert_eq!(bind(name, "").await, Ok(Bind::Refused(Refusal::Wrong)), "{name}");
        assert_eq!(
            bind(name, "wrong").await,
            Ok(Bind::Refused(Refusal::Wrong)),
            "{name}: nobody without the password learns more"
        );
    }
    while bind("locked", "wrong").await != Ok(Bind::Refused(Refusal::AccountLocked)) {}
    assert_eq!(bind("locked", PASSWORD).await, Ok(Bind::Refused(Refusal::AccountLocked)));
}

#[actix_rt::test]
async fn a_password_that_must_be_changed_is_not_called_wrong_and_counts_as_no_failure() {
    let Some(server) = samba::server() else { return };
    let test = platform(server).await;
    // More often than a wrong one may be tried.
    for name in ["mustchange", "expired"].into_iter().cycle().take(30) {
        assert_eq!(login(&test, name, PASSWORD).await, Err(LoginFault::PasswordExpired), "{name}");
    }
    test.stop().await;

    let directory = store(server);
    let site = Site::start_with(|snapshot| snapshot.user_stores.insert(0, directory)).await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[])).await;
    let answer = browser.log_in(&page, "mustchange", PASSWORD).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("Your password has to be changed"), "{}", answer.body);
    let answer = browser.log_in(&answer, "mustchange", "wrong").await;
    assert!(
        !answer.body.contains("has to be changed"),
        "whoever does not know it learns nothing"
    );
    site.stop().await;
}

#[actix_rt::test]
async fn somebody_who_is_renamed_and_moved_stays_the_same() {
    let Some(server) = samba::server() else { return };
    let test = platform(server).await;
    let before = login(&test, "renamed", PASSWORD).await.unwrap();
    let moved = server
        .admin()
        .await
        .modifydn(&person_dn("renamed"), "CN=Another Name", true, Some(&format!("OU=crowd,{SUFFIX}")))
        .await;
    moved.unwrap().success().unwrap();
    replace(server, &format!("CN=Another Name,OU=crowd,{SUFFIX}"), "sAMAccountName", b"another").await;
    assert_eq!(login(&test, "renamed", PASSWORD).await, Err(LoginFault::BadCredentials));
    let after = login(&test, "another", PASSWORD).await.unwrap();
    assert_eq!((&after.id, after.profile.username.as_str()), (&before.id, "another"));
    add_person(server, "renamed").await;
    let other = login(&test, "renamed", PASSWORD).await.unwrap();
    assert_ne!(other.id, before.id, "whoever gets the name later is somebody else");
    test.stop().await;
}

#[actix_rt::test]
async fn whoever_is_deleted_or_disabled_has_no_session_when_the_copy_is_old() {
    let Some(server) = samba::server() else { return };
    let test = platform(server).await;
    let leaver = login(&test, "leaver", PASSWORD).await.unwrap();
    let suspended = login(&test, "suspended", PASSWORD).await.unwrap();
    let sessions = [Session::open(&test, &leaver).await, Session::open(&test, &suspended).await];
    server.admin().await.delete(&person_dn("leaver")).await.unwrap().success().unwrap();
    replace(server, &person_dn("suspended"), "userAccountControl", b"66050").await;
    for session in &sessions {
        assert!(session.resumed().await.is_some(), "the copy is fresh");
    }
    test.clock.advance(SignedDuration::from_secs(60));
    for session in &sessions {
        assert!(session.resumed().await.is_none());
    }
    replace(server, &person_dn("suspended"), "userAccountControl", b"66048").await;
    assert_eq!(login(&test, "suspended", PASSWORD).await.unwrap().id, suspended.id);
    test.stop().await;
}

#[tokio::test]
async fn more_people_are_found_than_a_domain_controller_tells_of_at_once() {
    let Some(server) = samba::server() else { return };
    let client = client(settings::of(&config(server)).unwrap());
    let search = Search {
        base: SUFFIX.to_owned(),
        is_base_only: false,
        filter: "(sAMAccountName=crowd*)".to_owned(),
        attributes: vec!["objectGUID".to_owned()],
        page: 500,
        most: CROWD,
        is_sample: false,
    };
    let found = client.search(&search).await.unwrap();
    assert_eq!(found.len(), CROWD);
    assert!(found.iter().all(|entry| ExternalId::of(entry).is_some()));
    let sample = Search { is_sample: true, ..search };
    assert_eq!(client.search(&sample).await.unwrap().len(), 500);
}

#[tokio::test]
async fn without_tls_or_under_another_authority_nobody_is_let_in_and_no_password_is_called_wrong() {
    let Some(server) = samba::server() else { return };
    let mut plain = config(server);
    plain.servers = vec![server.plain_url()];
    let mut other = config(server);
    other.authorities = Some(crate::support::postgres::authority().as_ref().pem());
    for (config, words) in [(plain, "wants TLS"), (other, "invalid peer certificate")] {
        let client = client(settings::of(&config).unwrap());
        let outcome = client.authenticate(&person_dn("alice"), &PASSWORD.into()).await;
        let Err(LdapFault::Unavailable(reason)) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(reason.contains(words), "{reason}");
    }
    let mut start_tls = config(server);
    (start_tls.servers, start_tls.start_tls) = (vec![server.plain_url()], true);
    let client = client(settings::of(&start_tls).unwrap());
    assert_eq!(client.authenticate(&person_dn("alice"), &PASSWORD.into()).await, Ok(Bind::Accepted));
}

#[tokio::test]
async fn doctor_sees_people_with_their_ids_and_groups() {
    let Some(server) = samba::server() else { return };
    let seen = examine(Arc::new(settings::of(&config(server)).unwrap())).await.unwrap();
    let there = Sight::Some {
        has_id: true,
        has_name: true,
    };
    let seen = seen[0].seen.as_ref().unwrap();
    assert_eq!((&seen.people, seen.groups.as_ref()), (&there, Some(&there)));
}
