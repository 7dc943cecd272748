//! The groups of a person, and the groups that those are in.

use super::client::LdapClient;
use super::connection::Search;
use super::entry::Entry;
use super::fault::LdapFault;
use super::filter;
use super::settings::{GroupSearch, Membership, Nested};
use std::collections::{BTreeSet, HashSet};
use std::time::Instant;

/// A person is in no more groups than this; a directory that says otherwise is not believed. (All of them would be in each token.)
pub const MOST: usize = 2000;
/// Members that one search asks about.
const AT_ONCE: usize = 40;

/// What has been seen of the groups, and what is to be asked next: pure.
#[derive(Debug, Default)]
struct Walk {
    seen: HashSet<String>,
    names: BTreeSet<String>,
    next: Vec<String>,
}

impl Walk {
    /// A group was found. One that was seen before leads nowhere new: groups may be members of each other.
    fn found(&mut self, entry: &Entry, groups: &GroupSearch) {
        if !self.seen.insert(entry.dn().to_lowercase()) {
            return;
        }
        self.names.extend(entry.text(&groups.name_attribute).map(str::to_owned));
        match &groups.membership {
            Membership::OfMember(attribute) => self.next.extend(entry.texts(attribute).map(str::to_owned)),
            Membership::OfGroup(_) | Membership::ByUsername(_) => self.next.push(entry.dn().to_owned()),
        }
    }

    /// Whom to ask about in the next round.
    fn round(&mut self) -> Vec<String> {
        std::mem::take(&mut self.next)
    }

    fn check(&self) -> Result<(), LdapFault> {
        if self.seen.len() > MOST || self.next.len() > MOST {
            return Err(LdapFault::Nonsense(format!(
                "the directory says that a person is in more than {MOST} groups"
            )));
        }
        Ok(())
    }
}

impl LdapClient {
    /// Names of the groups that a person is in, sorted.
    ///
    /// # Errors
    /// [`LdapFault`].
    pub async fn groups(&self, person: &Entry) -> Result<Vec<String>, LdapFault> {
        let Some(groups) = &self.settings().groups else {
            return Ok(Vec::new());
        };
        let mut rounds = match groups.nested {
            Nested::No | Nested::InChain => 1,
            Nested::Walk { depth } => depth.saturating_add(1),
        };
        let mut walk = Walk::default();
        // Of all searches together. They are not cut short in the middle: an answer that comes late is nobody else's.
        let until = Instant::now() + self.settings().operation_timeout * 2;
        match &groups.membership {
            Membership::OfGroup(_) => walk.next.push(person.dn().to_owned()),
            Membership::OfMember(attribute) => walk.next.extend(person.texts(attribute).map(str::to_owned)),
            Membership::ByUsername(attribute) => {
                let names = person.texts(&self.settings().users.username_attribute);
                self.members(groups, attribute, &names.collect::<Vec<_>>(), &mut walk).await?;
                // Such groups have no groups as members.
                rounds = 0;
            }
        }
        while rounds > 0 {
            rounds -= 1;
            walk.check()?;
            let round = walk.round();
            if round.is_empty() {
                break;
            }
            match &groups.membership {
                Membership::OfMember(attribute) => {
                    for dn in &round {
                        in_time(until)?;
                        self.named(groups, attribute, dn, &mut walk).await?;
                    }
                }
                Membership::OfGroup(attribute) | Membership::ByUsername(attribute) => {
                    for some in round.chunks(AT_ONCE) {
                        in_time(until)?;
                        let some: Vec<&str> = some.iter().map(String::as_str).collect();
                        self.members(groups, attribute, &some, &mut walk).await?;
                    }
                }
            }
        }
        walk.check()?;
        Ok(walk.names.into_iter().collect())
    }

    /// Groups that have one of these as a member.
    async fn members(&self, groups: &GroupSearch, attribute: &str, members: &[&str], walk: &mut Walk) -> Result<(), LdapFault> {
        if members.is_empty() {
            return Ok(());
        }
        let search = Search {
            base: groups.base_dn.clone(),
            is_base_only: false,
            filter: filter::groups_of(groups, attribute, members.iter().copied()),
            attributes: vec![groups.name_attribute.clone()],
            page: self.settings().page_size,
            most: MOST,
            is_sample: false,
        };
        for entry in self.search(&search).await? {
            walk.found(&entry, groups);
        }
        Ok(())
    }

    /// The group with this name, if it is one and is where groups are.
    async fn named(&self, groups: &GroupSearch, attribute: &str, dn: &str, walk: &mut Walk) -> Result<(), LdapFault> {
        if walk.seen.contains(&dn.to_lowercase()) || !is_below(dn, &groups.base_dn) {
            return Ok(());
        }
        let search = Search {
            base: dn.to_owned(),
            is_base_only: true,
            filter: groups.filter.clone(),
            attributes: vec![groups.name_attribute.clone(), attribute.to_owned()],
            page: 1,
            most: 1,
            is_sample: false,
        };
        for entry in self.search(&search).await? {
            walk.found(&entry, groups);
        }
        Ok(())
    }
}

fn in_time(until: Instant) -> Result<(), LdapFault> {
    if Instant::now() < until {
        return Ok(());
    }
    Err(LdapFault::Unavailable(
        "the directory takes too long to tell a person's groups".to_owned(),
    ))
}

/// Whether a name ends with the name of a base, whatever the case and the spaces around commas.
fn is_below(dn: &str, base: &str) -> bool {
    let plain = |text: &str| -> String { text.to_lowercase().split(',').map(str::trim).collect::<Vec<_>>().join(",") };
    let (dn, base) = (plain(dn), plain(base));
    dn == base || dn.ends_with(&format!(",{base}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(membership: &str) -> GroupSearch {
        GroupSearch {
            base_dn: "ou=groups,dc=x".to_owned(),
            filter: "(objectClass=group)".to_owned(),
            name_attribute: "cn".to_owned(),
            membership: Membership::of(membership),
            nested: Nested::Walk { depth: 8 },
        }
    }

    fn entry(name: &str, member_of: &[&str]) -> Entry {
        let values = member_of.iter().map(|dn| dn.as_bytes().to_vec()).collect();
        Entry::new(
            &format!("cn={name},ou=groups,dc=x"),
            [("cn", vec![name.as_bytes().to_vec()]), ("memberOf", values)],
        )
    }

    #[test]
    fn groups_that_are_members_of_each_other_are_asked_about_once() {
        let (groups, mut walk) = (group("member"), Walk::default());
        walk.found(&entry("a", &[]), &groups);
        assert_eq!(walk.round(), ["cn=a,ou=groups,dc=x"]);
        walk.found(&entry("b", &[]), &groups);
        walk.found(&Entry::new("CN=A,ou=groups,dc=x", []), &groups);
        assert_eq!(walk.round(), ["cn=b,ou=groups,dc=x"]);
        walk.found(&entry("a", &[]), &groups);
        assert!(walk.round().is_empty());
        assert_eq!(walk.names.into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn by_member_of_the_groups_of_a_group_are_asked_about() {
        let (groups, mut walk) = (group("memberOf"), Walk::default());
        walk.found(&entry("a", &["cn=b,ou=groups,dc=x"]), &groups);
        assert_eq!(walk.round(), ["cn=b,ou=groups,dc=x"]);
    }

    #[test]
    fn a_directory_that_never_ends_is_not_believed() {
        let (groups, mut walk) = (group("member"), Walk::default());
        for number in 0..=MOST {
            assert_eq!(walk.check(), Ok(()));
            walk.found(&entry(&number.to_string(), &[]), &groups);
        }
        assert!(walk.check().is_err());
    }

    #[test]
    fn a_group_elsewhere_is_no_group_of_ours() {
        assert!(is_below("CN=a, OU=Groups,dc=x", "ou=groups, DC=x"));
        assert!(!is_below("cn=a,ou=people,dc=x", "ou=groups,dc=x"));
        assert!(!is_below("cn=a,xou=groups,dc=x", "ou=groups,dc=x"));
    }
}
