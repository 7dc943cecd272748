//! How one directory is reached and read, as this room needs it.

use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// How a directory is reached and read.
#[derive(Clone, Debug)]
pub struct LdapSettings {
    /// Servers with the same content, in the order in which they are preferred; never empty
    pub servers: Vec<Target>,
    /// PEM of the authorities that sign the servers' certificates; `None`: the system's
    pub authorities: Option<String>,
    /// Who reads the directory
    pub bind_dn: String,
    /// The reader's password; never empty
    pub bind_password: SecretString,
    /// Where people are
    pub users: UserSearch,
    /// Where groups are
    pub groups: Option<GroupSearch>,
    /// Attribute of each claim, instead of the usual one; and of each further attribute of people
    pub attributes: BTreeMap<String, String>,
    /// How long a connection may take, with TLS and the reader's bind
    pub connect_timeout: Duration,
    /// How long an operation may take
    pub operation_timeout: Duration,
    /// Entries per page of a search (RFC 2696)
    pub page_size: u32,
    /// At most so many connections
    pub pool_max: usize,
    /// How long what was read of a person may be believed
    pub cache_ttl: Duration,
}

/// Where people are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSearch {
    /// Below this entry
    pub base_dn: String,
    /// Which entries are people
    pub filter: String,
    /// Holds the name that people log in with
    pub username_attribute: String,
}

/// Where groups are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSearch {
    /// Below this entry
    pub base_dn: String,
    /// Which entries are groups
    pub filter: String,
    /// Holds the group's name
    pub name_attribute: String,
    /// How membership is written down
    pub membership: Membership,
    /// Groups within groups
    pub nested: Nested,
}

/// How membership is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// This attribute of a group holds the names (DNs) of its members: `member`, `uniqueMember`
    OfGroup(String),
    /// `memberUid` of a group holds usernames (RFC 2307 §4.2)
    ByUsername(String),
    /// This attribute of a person, and of a group, holds the names of the groups that it is in: `memberOf`
    OfMember(String),
}

impl Membership {
    /// By the name of the attribute.
    pub fn of(attribute: &str) -> Self {
        match attribute.to_ascii_lowercase().as_str() {
            "memberof" | "ismemberof" => Self::OfMember(attribute.to_owned()),
            "memberuid" => Self::ByUsername(attribute.to_owned()),
            _ => Self::OfGroup(attribute.to_owned()),
        }
    }
}

/// How groups within groups are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nested {
    /// Only groups that the person is a direct member of
    No,
    /// The directory follows them (Active Directory's matching rule 1.2.840.113556.1.4.1941)
    InChain,
    /// We do, this deep
    Walk {
        /// 1 is a group within a group
        depth: u32,
    },
}

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// From the start (`ldaps://`)
    Direct,
    /// Before anything is said (RFC 4511 §4.14)
    StartTls,
    /// Never
    None,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A name or an address, without brackets; what its certificate must be for
    pub host: String,
    /// TCP port
    pub port: u16,
    /// When it is encrypted
    pub encryption: Encryption,
}

impl Target {
    /// From `ldaps://host:port` or `ldap://host:port`. `None` for anything else.
    pub fn parse(url: &str, start_tls: bool) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let (encryption, port) = match url.scheme() {
            "ldaps" => (Encryption::Direct, 636),
            "ldap" if start_tls => (Encryption::StartTls, 389),
            "ldap" => (Encryption::None, 389),
            _ => return None,
        };
        // Only the web's schemes have their hosts parsed: an address in brackets is text here.
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then(|| Self {
            host: host.to_ascii_lowercase(),
            port: url.port().unwrap_or(port),
            encryption,
        })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str, port: u16, encryption: Encryption) -> Option<Target> {
        Some(Target {
            host: host.to_owned(),
            port,
            encryption,
        })
    }

    #[test]
    fn a_server_has_the_port_of_its_scheme_unless_it_says_otherwise() {
        assert_eq!(
            Target::parse("ldaps://Ldap.example.org", false),
            target("ldap.example.org", 636, Encryption::Direct)
        );
        assert_eq!(Target::parse("ldap://a:1389/", true), target("a", 1389, Encryption::StartTls));
        assert_eq!(Target::parse("ldap://127.0.0.1", false), target("127.0.0.1", 389, Encryption::None));
        assert_eq!(Target::parse("ldaps://[::1]:1636", false), target("::1", 1636, Encryption::Direct));
        for bad in ["https://a", "ldap://", "a", ""] {
            assert_eq!(Target::parse(bad, true), None, "{bad}");
        }
    }

    #[test]
    fn membership_is_told_by_the_attribute() {
        assert_eq!(Membership::of("uniqueMember"), Membership::OfGroup("uniqueMember".to_owned()));
        assert_eq!(Membership::of("memberOf"), Membership::OfMember("memberOf".to_owned()));
        assert_eq!(Membership::of("memberUid"), Membership::ByUsername("memberUid".to_owned()));
    }
}
