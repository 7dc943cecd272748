//! From what a configuration says to what the directory's room needs.

use crate::config::snapshot::{GroupsConfig, LdapConfig, NestedGroups};
use crate::directory::ldap::settings::{GroupSearch, LdapSettings, Membership, Nested, Target, UserSearch};

/// `None` if it names a server that is none: `config::compile` refuses that.
pub fn of(config: &LdapConfig) -> Option<LdapSettings> {
    let targets: Option<Vec<Target>> = config
        .servers
        .iter()
        .map(|server| Target::parse(server, config.start_tls))
        .collect();
    Some(LdapSettings {
        servers: targets.filter(|targets| !targets.is_empty())?,
        authorities: config.authorities.clone(),
        bind_dn: config.bind_dn.clone(),
        bind_password: config.bind_password.clone(),
        users: UserSearch {
            base_dn: config.users.base_dn.clone(),
            filter: config.users.filter.clone(),
            username_attribute: config.users.username_attribute.clone(),
        },
        groups: config.groups.as_ref().map(groups),
        attributes: config.attributes.clone(),
        connect_timeout: config.connect_timeout,
        operation_timeout: config.operation_timeout,
        page_size: config.page_size.max(1),
        pool_max: usize::try_from(config.pool_max).unwrap_or(1).max(1),
        cache_ttl: config.cache_ttl,
    })
}

fn groups(config: &GroupsConfig) -> GroupSearch {
    GroupSearch {
        base_dn: config.base_dn.clone(),
        filter: config.filter.clone(),
        name_attribute: config.name_attribute.clone(),
        membership: Membership::of(&config.member_attribute),
        nested: match config.nested {
            NestedGroups::No => Nested::No,
            NestedGroups::InChain => Nested::InChain,
            NestedGroups::Walk(depth) => Nested::Walk { depth },
        },
    }
}
