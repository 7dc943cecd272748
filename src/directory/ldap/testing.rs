//! What unit tests of this folder share.

use super::settings::{Encryption, LdapSettings, Target, UserSearch};
use std::time::Duration;

pub fn settings() -> LdapSettings {
    LdapSettings {
        servers: vec![Target {
            host: "localhost".to_owned(),
            port: 389,
            encryption: Encryption::None,
        }],
        authorities: None,
        bind_dn: "cn=reader,dc=x".to_owned(),
        bind_password: "secret".into(),
        users: UserSearch {
            base_dn: "dc=x".to_owned(),
            filter: "(objectClass=person)".to_owned(),
            username_attribute: "uid".to_owned(),
        },
        groups: None,
        attributes: std::collections::BTreeMap::new(),
        connect_timeout: Duration::from_secs(3),
        operation_timeout: Duration::from_secs(5),
        page_size: 500,
        pool_max: 4,
        cache_ttl: Duration::from_secs(60),
    }
}
