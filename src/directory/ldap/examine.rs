//! A look at a directory for whoever sets it up: at each of its servers, what a login would need. Nothing is kept, and nothing is tried twice: a
//! reader's wrong password tried again and again could lock the reader's account.

use super::ailment::Failure;
use super::connect;
use super::connection::{Connection, Search, Trouble};
use super::entry::Entry;
use super::fault::LdapFault;
use super::identity::ExternalId;
use super::pool::Manager;
use super::profile;
use super::servers::Servers;
use super::settings::{Encryption, LdapSettings};
use std::sync::Arc;

/// What was seen at one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// Host and port
    pub server: String,
    /// Whether it is spoken to by TLS
    pub encrypted: bool,
    /// What there is, as the reader sees it; or why the reader does not get that far
    pub seen: Result<Seen, Failure>,
}

/// What the reader sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where people should be
    pub people: Sight,
    /// Where groups should be; `None` if none are read
    pub groups: Option<Sight>,
}

/// What the reader sees below a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The base itself is not there, or is hidden from the reader
    NoBase,
    /// No entry below it fits the filter, or the reader may see none
    Nothing,
    /// An entry
    Some {
        /// Whether it has an id that stays (of a group none is needed)
        has_id: bool,
        /// Whether it has the attribute that holds its name
        has_name: bool,
    },
    /// The directory did not answer the search
    Failed(String),
}

/// Looks at every server.
///
/// # Errors
/// [`LdapFault`] if the authorities cannot be used.
pub async fn examine(settings: Arc<LdapSettings>) -> Result<Vec<Examination>, LdapFault> {
    let manager = Manager {
        tls: connect::tls(&settings)?,
        servers: Arc::new(Servers::new(settings.servers.clone())),
        settings,
    };
    let targets = manager.settings.servers.iter().enumerate();
    let looks = targets.map(|(number, target)| {
        let manager = &manager;
        async move {
            let seen = match manager.reach(number).await {
                Ok(mut connection) => Ok(look(&mut connection, &manager.settings).await),
                Err(failure) => Err(failure),
            };
            Examination {
                server: target.to_string(),
                encrypted: target.encryption != Encryption::None,
                seen,
            }
        }
    });
    Ok(futures::future::join_all(looks).await)
}

async fn look(connection: &mut Connection, settings: &LdapSettings) -> Seen {
    let users = &settings.users;
    let has_name = |entry: &Entry, attribute: &str| entry.text(attribute).is_some();
    let people = sight(connection, settings, &users.base_dn, &users.filter, profile::attributes(settings));
    let people = people.await.map(|entry| Sight::Some {
        has_id: ExternalId::of(&entry).is_some(),
        has_name: has_name(&entry, &users.username_attribute),
    });
    let groups = match &settings.groups {
        None => None,
        Some(groups) => {
            let attributes = vec![groups.name_attribute.clone()];
            let found = sight(connection, settings, &groups.base_dn, &groups.filter, attributes).await;
            Some(found.map(|entry| Sight::Some {
                has_id: true,
                has_name: has_name(&entry, &groups.name_attribute),
            }))
        }
    };
    let told = |outcome: Result<Sight, Sight>| outcome.unwrap_or_else(|nothing| nothing);
    Seen {
        people: told(people),
        groups: groups.map(told),
    }
}

/// Some entry below a base; or why there is none.
async fn sight(
    connection: &mut Connection,
    settings: &LdapSettings,
    base: &str,
    filter: &str,
    attributes: Vec<String>,
) -> Result<Entry, Sight> {
    let search = |is_base_only, filter: &str, attributes| Search {
        base: base.to_owned(),
        is_base_only,
        filter: filter.to_owned(),
        attributes,
        page: 1,
        most: 10,
        is_sample: true,
    };
    let limit = settings.operation_timeout;
    let failed = |trouble: Trouble| {
        Sight::Failed(match trouble {
            Trouble::Lost(why) => why,
            Trouble::Late => format!("no answer within {limit:?}"),
            Trouble::Fault(fault) => fault.to_string(),
        })
    };
    // "1.1": no attributes (RFC 4511 §4.5.1.8)
    let there = search(true, "(objectClass=*)", vec!["1.1".to_owned()]);
    if connection.search(&there, limit).await.map_err(failed)?.is_empty() {
        return Err(Sight::NoBase);
    }
    let found = connection.search(&search(false, filter, attributes), limit).await;
    found.map_err(failed)?.pop().ok_or(Sight::Nothing)
}
