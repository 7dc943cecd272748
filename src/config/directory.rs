//! What servers get of a UserStore of `type: ldap`: its settings, with the Secrets that it names.

use super::input::{Key, Resources};
use super::refusal::{Aspect, Refusal};
use super::snapshot::{GroupsConfig, LdapConfig, NestedGroups, UsersConfig};
use crate::resources::CREDENTIAL_LABEL;
use crate::resources::common::SecretKeyRef;
use crate::resources::ldap::{CaRef, GroupSearch, Ldap, NestedMode};
use secrecy::{ExposeSecret, SecretString};

/// A longer one is no file of certificates.
const LONGEST_CA: usize = 256 * 1024;

/// Resolves a directory's Secrets. Its fields were judged before.
///
/// # Errors
/// `SecretNotFound` or `SecretInvalid`.
pub fn resolve(resources: &Resources, key: &Key, ldap: &Ldap) -> Result<LdapConfig, Refusal> {
    let password = password(resources, key, &ldap.bind_password_secret_ref)?;
    let authorities = authorities(resources, key, ldap.ca_ref.as_ref())?;
    Ok(LdapConfig {
        servers: ldap.server.iter().chain(&ldap.servers).cloned().collect(),
        start_tls: ldap.start_tls,
        authorities,
        bind_dn: ldap.bind_dn.clone(),
        bind_password: password,
        users: UsersConfig {
            base_dn: ldap.user_search.base_dn.clone(),
            filter: ldap.user_search.filter.clone(),
            username_attribute: ldap.user_search.username_attribute.clone(),
        },
        groups: ldap.group_search.as_ref().map(groups),
        attributes: ldap.attributes.clone(),
        connect_timeout: ldap.connect_timeout.duration(),
        operation_timeout: ldap.operation_timeout.duration(),
        page_size: u32::try_from(ldap.page_size).unwrap_or(1),
        pool_max: u32::try_from(ldap.pool.max).unwrap_or(1),
        cache_ttl: ldap.cache_ttl.duration(),
    })
}

fn groups(search: &GroupSearch) -> GroupsConfig {
    GroupsConfig {
        base_dn: search.base_dn.clone(),
        filter: search.filter.clone(),
        name_attribute: search.name_attribute.clone(),
        member_attribute: search.member_attribute.clone(),
        nested: match search.nested.mode {
            NestedMode::None => NestedGroups::No,
            NestedMode::InChain => NestedGroups::InChain,
            NestedMode::Walk => NestedGroups::Walk(u32::try_from(search.nested.max_depth).unwrap_or(1)),
        },
    }
}

/// A password that a resource of the namespace of `key` names.
///
/// # Errors
/// `SecretNotFound` or `SecretInvalid`.
pub(super) fn password(resources: &Resources, key: &Key, reference: &SecretKeyRef) -> Result<SecretString, Refusal> {
    let name = Key::new(key.namespace.clone(), reference.name.clone());
    let password = secret(resources, &name, &reference.key)?;
    // As for declared passwords: nobody can type a line break.
    let password = password.expose_secret().trim_end_matches(['\n', '\r']);
    if password.is_empty() || password.len() > 1024 || password.contains(['\n', '\r', '\0']) {
        return Err(invalid(&name, &reference.key, "a password is one line of 1 to 1024 bytes"));
    }
    Ok(SecretString::from(password))
}

/// The certificates of authorities that a resource of the namespace of `key` names, as PEM.
///
/// # Errors
/// `SecretNotFound` or `SecretInvalid`.
pub(super) fn authorities(resources: &Resources, key: &Key, reference: Option<&CaRef>) -> Result<Option<String>, Refusal> {
    let Some(reference) = reference else {
        return Ok(None);
    };
    let name = Key::new(key.namespace.clone(), reference.name.clone());
    let pem = secret(resources, &name, &reference.key)?.expose_secret().to_owned();
    if pem.len() > LONGEST_CA || !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(invalid(&name, &reference.key, "certificates in PEM are wanted"));
    }
    Ok(Some(pem))
}

fn secret<'a>(resources: &'a Resources, name: &Key, field: &str) -> Result<&'a SecretString, Refusal> {
    let found = resources.secrets.get(name).and_then(|secret| secret.data.get(field));
    found.ok_or_else(|| {
        let message = format!(
            "Secret {name} is not there, has no key {field}, or (in a cluster) does not carry the label {CREDENTIAL_LABEL}: \"true\""
        );
        Refusal::new(Aspect::References, "SecretNotFound", message)
    })
}

fn invalid(name: &Key, field: &str, why: &str) -> Refusal {
    Refusal::new(Aspect::References, "SecretInvalid", format!("Secret {name}, key {field}: {why}"))
}
