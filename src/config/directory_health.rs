//! How the servers of directories stand, as the processes see it that use them, and what the UserStore's status says of that. Pure.

use super::snapshot::{LdapConfig, Snapshot, UserStoreConfig, UserStoreKind};
use crate::oauth::ids::UserStoreId;
use crate::resources::condition::{Condition, ConditionStatus};
use crate::resources::user_store::DirectoryServerStatus;
use url::Url;

/// The condition of a UserStore that is a directory.
pub const CONDITION: &str = "DirectoryReachable";

/// Servers that a condition's message names.
const NAMED: usize = 4;

/// Why a server of a directory cannot be used: a stable name, and what a status says of it. No times and no counts are in it, so that a status
/// changes only when something has.
#[derive(Debug, PartialEq, Eq)]
pub struct Ailment {
    /// A stable name
    pub name: &'static str,
    /// What it is, and where to look
    pub says: &'static str,
}

/// What replicas of this release tell of.
static AILMENTS: [Ailment; 11] = [
    Ailment {
        name: "unresolved",
        says: "its name leads to no address: look at how it is written in servers, and at DNS",
    },
    Ailment {
        name: "unreachable",
        says: "no connection, or it was cut: does it run, does it listen on that port, and does a network policy or a firewall let pods out to it?",
    },
    Ailment {
        name: "silent",
        says: "it gives no answer in time",
    },
    Ailment {
        name: "no_start_tls",
        says: "it does not begin TLS (StartTLS): give it a certificate, or write ldaps://",
    },
    Ailment {
        name: "unknown_authority",
        says: "its certificate was signed by an authority that is not trusted: caRef names the authorities",
    },
    Ailment {
        name: "wrong_name",
        says: "its certificate is for another name than the one in servers: write the name that is in the certificate, or have one made for this name",
    },
    Ailment {
        name: "not_valid_now",
        says: "its certificate has expired, or is not valid yet: renew it, or look at the clocks",
    },
    Ailment {
        name: "tls",
        says: "TLS with it fails: the server's log says how",
    },
    Ailment {
        name: "reader_refused",
        says: "it does not let the reader in: are bindDN and the password in bindPasswordSecretRef right, and is the account neither locked nor expired?",
    },
    Ailment {
        name: "unavailable",
        says: "it says that it cannot answer now",
    },
    Ailment {
        name: "nonsense",
        says: "what it sends is not LDAP: is that its port?",
    },
];

/// What a replica of another release may tell of.
static OTHER: Ailment = Ailment {
    name: "other",
    says: "it cannot be used: the server's log says why",
};

impl Ailment {
    /// By its name.
    pub fn named(name: &str) -> &'static Self {
        AILMENTS.iter().find(|ailment| ailment.name == name).unwrap_or(&OTHER)
    }
}

/// How the servers of one directory stand, as one process sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryHealth {
    /// The UserStore
    pub store: UserStoreId,
    /// For each server, in the order in which the configuration names them: why it cannot be used, or that it can
    pub servers: Vec<Option<&'static Ailment>>,
}

impl DirectoryHealth {
    /// From names of ailments; an empty one is a server that can be used.
    pub fn named<'a>(store: impl Into<String>, ailments: impl IntoIterator<Item = &'a str>) -> Self {
        let ailments = ailments.into_iter();
        Self {
            store: UserStoreId::new(store),
            servers: ailments.map(|name| (!name.is_empty()).then(|| Ailment::named(name))).collect(),
        }
    }
}

/// What a status says of a directory.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Each server
    pub servers: Vec<DirectoryServerStatus>,
    /// [`CONDITION`]
    pub condition: Condition,
}

/// The directories of a snapshot.
pub fn directories(snapshot: &Snapshot) -> impl Iterator<Item = (&UserStoreConfig, &LdapConfig)> {
    snapshot.user_stores.iter().filter_map(|store| match &store.kind {
        UserStoreKind::Ldap(ldap) => Some((store.as_ref(), ldap.as_ref())),
        UserStoreKind::Local => None,
    })
}

/// What the status of a directory says, after what those say that use it. One that speaks of another number of servers speaks of another
/// configuration, and is not heard.
pub fn judge<'a>(ldap: &LdapConfig, said: impl IntoIterator<Item = &'a DirectoryHealth>) -> Judged {
    let said = said.into_iter().filter(|health| health.servers.len() == ldap.servers.len());
    let said: Vec<&[Option<&'static Ailment>]> = said.map(|health| health.servers.as_slice()).collect();
    if said.is_empty() {
        return Judged {
            servers: Vec::new(),
            condition: unknown("NotTold", "no replica has told yet how the directory's servers stand"),
        };
    }
    let servers = ldap.servers.iter().enumerate().map(|(number, url)| {
        let ailments = said.iter().filter_map(|servers| *servers.get(number)?);
        let ailing: Vec<_> = ailments.collect();
        DirectoryServerStatus {
            server: place(url),
            healthy: ailing.is_empty(),
            message: most_said(&ailing).map(|ailment| ailment.says.to_owned()),
            replicas: format!("{}/{}", said.len() - ailing.len(), said.len()),
        }
    });
    let servers: Vec<DirectoryServerStatus> = servers.collect();
    let without = said.iter().filter(|servers| servers.iter().all(Option::is_some)).count();
    Judged {
        condition: condition(&servers, without, said.len()),
        servers,
    }
}

/// That nothing can be said.
pub fn unknown(reason: &str, message: &str) -> Condition {
    Condition {
        status: ConditionStatus::Unknown,
        ..Condition::no(CONDITION, reason, message)
    }
}

fn condition(servers: &[DirectoryServerStatus], without: usize, said: usize) -> Condition {
    let ailing: Vec<&DirectoryServerStatus> = servers.iter().filter(|server| !server.healthy).collect();
    let each = ailing.iter().take(NAMED);
    let each = each.map(|server| format!("{}: {}", server.server, server.message.as_deref().unwrap_or_default()));
    let mut each = each.collect::<Vec<_>>().join("; ");
    if ailing.len() > NAMED {
        each.push_str("; and others");
    }
    match (ailing.len(), without) {
        (0, _) => Condition::yes(CONDITION, "Reachable", "every server can be used"),
        (_, 0) => Condition::yes(
            CONDITION,
            "SomeServersGone",
            format!("people can log in, by the servers that can be used. {each}"),
        ),
        (_, without) if without == said => Condition::no(
            CONDITION,
            "ServersGone",
            format!("no server can be used: the people of this directory cannot log in, and nobody is logged out. {each}"),
        ),
        (_, without) => Condition::no(
            CONDITION,
            "ServersGoneForSome",
            format!("{without}/{said} replicas can use no server: people who reach those cannot log in. {each}"),
        ),
    }
}

/// What most say; of equally many the first.
fn most_said(ailing: &[&'static Ailment]) -> Option<&'static Ailment> {
    let times = |ailment: &Ailment| ailing.iter().filter(|other| other.name == ailment.name).count();
    let first = *ailing.first()?;
    let most = ailing
        .iter()
        .fold(first, |most, next| if times(next) > times(most) { *next } else { most });
    Some(most)
}

/// Host and port of a server's URL.
fn place(url: &str) -> String {
    let Ok(parsed) = Url::parse(url) else {
        return url.to_owned();
    };
    let port = parsed.port().unwrap_or(if parsed.scheme() == "ldaps" { 636 } else { 389 });
    format!("{}:{port}", parsed.host_str().unwrap_or_default().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::snapshot::UsersConfig;
    use std::time::Duration;

    fn ldap() -> LdapConfig {
        LdapConfig {
            servers: vec!["ldaps://LDAP-1.example.org".to_owned(), "ldap://[::1]:1389".to_owned()],
            start_tls: true,
            authorities: None,
            bind_dn: String::new(),
            bind_password: "x".into(),
            users: UsersConfig {
                base_dn: String::new(),
                filter: String::new(),
                username_attribute: String::new(),
            },
            groups: None,
            attributes: Default::default(),
            connect_timeout: Duration::ZERO,
            operation_timeout: Duration::ZERO,
            page_size: 1,
            pool_max: 1,
            cache_ttl: Duration::ZERO,
        }
    }

    fn says(servers: [&str; 2]) -> DirectoryHealth {
        DirectoryHealth::named("identity/ldap", servers)
    }

    fn gist(judged: &Judged) -> (bool, &str, Vec<(&str, bool, &str)>) {
        let servers = judged.servers.iter();
        let servers = servers.map(|server| (server.server.as_str(), server.healthy, server.replicas.as_str()));
        (judged.condition.holds(), &judged.condition.reason, servers.collect())
    }

    #[test]
    fn what_replicas_say_is_one_status() {
        let (well, second, none) = (says(["", ""]), says(["silent", ""]), says(["silent", "wrong_name"]));
        let of = |said: &[&DirectoryHealth]| judge(&ldap(), said.iter().copied());
        assert_eq!(
            gist(&of(&[&well, &well])),
            (
                true,
                "Reachable",
                vec![("ldap-1.example.org:636", true, "2/2"), ("[::1]:1389", true, "2/2")]
            )
        );
        let judged = of(&[&well, &second]);
        assert_eq!((gist(&judged).0, gist(&judged).1), (true, "SomeServersGone"));
        assert_eq!((judged.servers[0].healthy, judged.servers[0].replicas.as_str()), (false, "1/2"));
        let judged = of(&[&well, &none, &second]);
        assert_eq!((gist(&judged).0, gist(&judged).1), (false, "ServersGoneForSome"));
        assert!(judged.condition.message.contains("1/3 replicas"), "{}", judged.condition.message);
        let judged = of(&[&none]);
        assert_eq!((gist(&judged).0, gist(&judged).1), (false, "ServersGone"));
        assert!(judged.condition.message.contains("[::1]:1389: its certificate is for another name"));
    }

    #[test]
    fn what_most_replicas_say_of_a_server_is_what_its_status_says() {
        let said = [says(["tls", ""]), says(["silent", ""]), says(["silent", ""])];
        let judged = judge(&ldap(), &said);
        assert_eq!(judged.servers[0].message.as_deref(), Some(Ailment::named("silent").says));
    }

    #[test]
    fn who_speaks_of_other_servers_is_not_heard() {
        let mut other = says(["", ""]);
        other.servers.pop();
        let judged = judge(&ldap(), [&other]);
        assert_eq!(
            (judged.condition.status, judged.condition.reason.as_str()),
            (ConditionStatus::Unknown, "NotTold")
        );
    }

    #[test]
    fn a_name_of_another_release_is_shown_without_its_words() {
        assert_eq!(Ailment::named("\u{1b}[31m<script>").name, "other");
    }
}
