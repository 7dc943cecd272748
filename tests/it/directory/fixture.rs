//! A directory, and a client of it.

use crate::support::platform::{TestPlatform, snapshot, user};
use crate::support::slapd::{PASSWORD, READER, READER_PASSWORD, SUFFIX, Slapd, Tree};
use nauthera::actors::authenticator::LoginFault;
use nauthera::actors::gate::{Gate, GateLimits};
use nauthera::actors::session_keeper::messages::{Open, Opened, Resume, SessionView};
use nauthera::actors::session_keeper::{Changes, SessionKeeper};
use nauthera::config::snapshot::{GroupsConfig, LdapConfig, NestedGroups, Snapshot, UserStoreConfig, UserStoreKind, UsersConfig};
use nauthera::directory::ldap::client::{LdapClient, Who};
use nauthera::directory::ldap::entry::Entry;
use nauthera::directory::ldap::fault::LdapFault;
use nauthera::directory::ldap::servers::Servers;
use nauthera::directory::ldap::settings::{GroupSearch, LdapSettings, Membership, Nested, Target, UserSearch};
use nauthera::oauth::ids::UserStoreId;
use nauthera::store::records::UserRecord;
use std::sync::Arc;
use std::time::Duration;

/// A person whose name has everything that a distinguished name has to escape.
pub const ODD: &str = "Müller, Jörg \"JM\" + Söhne; <x> #1\\2";

/// Alice is in `staff` and (by it) in `engineering`, `platform` and `loop`, of which the last two are members of each other; Jörg is in `staff`.
pub fn tree() -> Tree {
    let mut tree = Tree::default();
    let more = [
        ("givenName", "Alice"),
        ("displayName", "Alice Ångström"),
        ("title", "TRUE"),
        ("employeeType", "ally"),
        ("departmentNumber", "Sales"),
        ("telephoneNumber", "+1 2"),
        ("telephoneNumber", "+1 1"),
        ("audio", "\u{ff}\u{1}\u{0}"),
    ];
    let alice = tree.person("alice", None, &more);
    let odd = tree.person("jörg", Some(ODD), &[]);
    tree.person("bob", None, &[]);
    tree.person("bob2", None, &[("uid", "bob")]);
    tree.person("locked", None, &[("pwdAccountLockedTime", "000001010000Z")]);
    let staff = tree.group("staff", &[&alice, &odd]);
    let engineering = tree.group("engineering", &[&staff]);
    let (platform, circle) = (
        crate::support::slapd::group_dn("platform, \"core\""),
        crate::support::slapd::group_dn("loop"),
    );
    tree.group("platform, \"core\"", &[&engineering, &circle]);
    tree.group("loop", &[&platform]);
    tree.entry(
        &format!("cn=posix,ou=groups,{SUFFIX}"),
        &[
            ("objectClass", "posixGroup"),
            ("cn", "posix"),
            ("gidNumber", "1"),
            ("memberUid", "alice"),
        ],
    );
    tree
}

/// By LDAPS, with the server's own authority, groups by `member` without nesting.
pub fn settings(servers: &[&Slapd]) -> LdapSettings {
    LdapSettings {
        servers: servers
            .iter()
            .map(|server| Target::parse(&server.tls_url(), false).unwrap())
            .collect(),
        authorities: Some(servers.iter().map(|server| server.authority()).collect()),
        bind_dn: READER.to_owned(),
        bind_password: READER_PASSWORD.into(),
        users: UserSearch {
            base_dn: format!("ou=people,{SUFFIX}"),
            filter: "(objectClass=inetOrgPerson)".to_owned(),
            username_attribute: "uid".to_owned(),
        },
        groups: Some(GroupSearch {
            base_dn: format!("ou=groups,{SUFFIX}"),
            filter: "(objectClass=groupOfNames)".to_owned(),
            name_attribute: "cn".to_owned(),
            membership: Membership::of("member"),
            nested: Nested::No,
        }),
        attributes: Default::default(),
        connect_timeout: Duration::from_secs(3),
        operation_timeout: Duration::from_secs(5),
        page_size: 500,
        pool_max: 4,
        cache_ttl: Duration::from_secs(60),
    }
}

pub fn client(settings: LdapSettings) -> LdapClient {
    let servers = Arc::new(Servers::new(settings.servers.clone()));
    LdapClient::new(Arc::new(settings), servers).unwrap()
}

pub async fn named(client: &LdapClient, name: &str) -> Result<Option<Entry>, LdapFault> {
    client.find(&Who::Named(name.to_owned())).await
}

/// The UserStore of a directory, as a configuration has it; groups are followed.
pub fn store(id: &str, servers: &[&Slapd]) -> Arc<UserStoreConfig> {
    Arc::new(UserStoreConfig {
        id: UserStoreId::new(id),
        kind: UserStoreKind::Ldap(Box::new(config(servers))),
    })
}

pub fn config(servers: &[&Slapd]) -> LdapConfig {
    LdapConfig {
        servers: servers.iter().map(|server| server.tls_url()).collect(),
        start_tls: false,
        authorities: Some(servers.iter().map(|server| server.authority()).collect()),
        bind_dn: READER.to_owned(),
        bind_password: READER_PASSWORD.into(),
        users: UsersConfig {
            base_dn: format!("ou=people,{SUFFIX}"),
            filter: "(objectClass=inetOrgPerson)".to_owned(),
            username_attribute: "uid".to_owned(),
        },
        groups: Some(GroupsConfig {
            base_dn: format!("ou=groups,{SUFFIX}"),
            filter: "(objectClass=groupOfNames)".to_owned(),
            name_attribute: "cn".to_owned(),
            member_attribute: "member".to_owned(),
            nested: NestedGroups::Walk(8),
        }),
        attributes: Default::default(),
        connect_timeout: Duration::from_secs(1),
        operation_timeout: Duration::from_secs(1),
        page_size: 500,
        pool_max: 4,
        cache_ttl: Duration::from_secs(60),
    }
}

pub const LDAP: &str = "identity/ldap";

/// A platform whose people come from the directory first, and then from the server's own database (`carol`).
pub async fn platform(servers: &[&Slapd]) -> TestPlatform {
    let test = TestPlatform::start().await;
    test.apply(with_directory("1", store(LDAP, servers))).await;
    test
}

pub fn with_directory(revision: &str, directory: Arc<UserStoreConfig>) -> Snapshot {
    let mut snapshot = snapshot(revision, vec![user("carol", Some(PASSWORD))]);
    snapshot.user_stores.insert(0, directory);
    snapshot
}

pub async fn login(test: &TestPlatform, name: &str, password: &str) -> Result<UserRecord, LoginFault> {
    let proven = test.platform.authenticator.authenticate(name, &password.into(), None).await;
    proven.map(|proven| proven.user)
}

/// Somebody's session, and what holds a hot copy of it.
pub struct Session {
    sessions: Gate<SessionKeeper>,
    opened: Opened,
}

impl Session {
    pub async fn open(test: &TestPlatform, user: &UserRecord) -> Self {
        let platform = &test.platform;
        let changes = Changes::of(platform.store.as_ref());
        let keeper = SessionKeeper::new(platform, &changes);
        let sessions = platform.start_here("session_keeper", keeper, GateLimits::default());
        let open = Open {
            user: user.id.clone(),
            auth_time: platform.clock.now(),
            amr: vec!["pwd".to_owned()],
            password: None,
            instead_of: None,
        };
        let opened = sessions.ask(open).await.unwrap().unwrap().unwrap();
        Self { sessions, opened }
    }

    pub async fn resumed(&self) -> Option<SessionView> {
        let token = self.opened.token.expose().to_owned();
        self.sessions.ask(Resume { token }).await.unwrap().unwrap()
    }
}
