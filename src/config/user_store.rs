//! What makes a UserStore acceptable, and which servers may use it.

use super::input::{Key, Resources};
use super::refusal::{Aspect, Refusal};
use super::snapshot::UserStoreKind;
use super::{directory, selector};
use crate::oauth::attributes;
use crate::resources::auth_server::From;
use crate::resources::ldap::{GroupSearch, Ldap, NestedMode, Referrals};
use crate::resources::user_store::{AllowedServers, UserStoreSpec, UserStoreType};
use std::time::Duration;
use url::Url;

/// Attributes that are not text (lower case).
const BINARY: [&str; 15] = [
    "audio",
    "authorityrevocationlist",
    "cacertificate",
    "certificaterevocationlist",
    "jpegphoto",
    "msexchmailboxguid",
    "objectguid",
    "objectsid",
    "personalsignature",
    "photo",
    "thumbnaillogo",
    "thumbnailphoto",
    "usercertificate",
    "userpkcs12",
    "usersmimecertificate",
];

/// Attributes that hold what people or machines prove themselves with, as text too (lower case).
const SECRET: [&str; 14] = [
    "authpassword",
    "dbcspwd",
    "ipanthash",
    "krbprincipalkey",
    "lmpwdhistory",
    "ms-mcs-admpwd",
    "mslaps-password",
    "ntpwdhistory",
    "pwdhistory",
    "sambalmpassword",
    "sambantpassword",
    "supplementalcredentials",
    "unicodepwd",
    "userpassword",
];

/// Claims that a directory's attributes can be read into.
const CLAIMS: [&str; 6] = ["preferred_username", "name", "given_name", "family_name", "email", "email_verified"];

/// What a store is to servers.
///
/// # Errors
/// Why it is refused.
pub fn decide(resources: &Resources, key: &Key, spec: &UserStoreSpec) -> Result<UserStoreKind, Refusal> {
    if let Some(refusal) = refusal(spec) {
        return Err(refusal);
    }
    match &spec.ldap {
        None => Ok(UserStoreKind::Local),
        Some(ldap) => Ok(UserStoreKind::Ldap(Box::new(directory::resolve(resources, key, ldap)?))),
    }
}

/// Nobody waits longer for a login.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Why its fields are refused, if they are.
fn refusal(spec: &UserStoreSpec) -> Option<Refusal> {
    let mut faults = allowed_servers_faults(&spec.allowed_servers);
    match (spec.type_, &spec.ldap) {
        (UserStoreType::Local, None) => {}
        (UserStoreType::Local, Some(_)) => faults.push("ldap goes with type: ldap only".to_owned()),
        (UserStoreType::Ldap, None) => faults.push("type: ldap needs the field ldap".to_owned()),
        (UserStoreType::Ldap, Some(ldap)) => faults.extend(ldap_faults(ldap)),
    }
    if !faults.is_empty() {
        return Some(Refusal::spec(&faults));
    }
    let follows = spec.ldap.as_ref().is_some_and(|ldap| ldap.referrals == Referrals::Follow);
    follows.then(|| {
        let message = "ldap.referrals: Follow is not served by this release: the reader's password would go to whichever server a referral \
                       names. Leave it out, and name in servers those that hold the entries";
        Refusal::new(Aspect::Spec, "NotServedYet", message)
    })
}

/// Whether a server may use a store.
pub fn admits(resources: &Resources, allowed: &AllowedServers, store: &Key, server: &Key) -> bool {
    match allowed.from {
        From::All => true,
        From::Same => store.namespace == server.namespace,
        From::Selector => allowed
            .selector
            .as_ref()
            .is_some_and(|selector| selector::matches(selector, &resources.namespace_labels(&server.namespace))),
    }
}

fn allowed_servers_faults(allowed: &AllowedServers) -> Vec<String> {
    match (allowed.from, &allowed.selector) {
        (From::Selector, None) => vec!["allowedServers: from: Selector needs a selector".to_owned()],
        (From::All | From::Same, Some(_)) => vec!["allowedServers: selector goes with from: Selector only".to_owned()],
        (_, Some(selector)) => {
            let fault = selector::fault(selector).map(|fault| format!("allowedServers.selector: {fault}"));
            fault.into_iter().collect()
        }
        (_, None) => Vec::new(),
    }
}

fn ldap_faults(ldap: &Ldap) -> Vec<String> {
    let mut found = Vec::new();
    if ldap.server.is_some() != ldap.servers.is_empty() {
        found.push("ldap: give either server or servers".to_owned());
    }
    for server in ldap.server.iter().chain(&ldap.servers) {
        if let Some(fault) = server_fault(ldap, server) {
            found.push(format!("ldap.servers: {server:?} {fault}"));
        }
    }
    if ldap.start_tls && ldap.server.iter().chain(&ldap.servers).any(|server| server.starts_with("ldaps://")) {
        found.push("ldap.startTLS goes with ldap:// servers; ldaps:// has TLS from the start".to_owned());
    }
    for (field, filter) in std::iter::once(("userSearch", &ldap.user_search.filter))
        .chain(ldap.group_search.iter().map(|search| ("groupSearch", &search.filter)))
    {
        if let Some(fault) = filter_fault(filter) {
            found.push(format!("ldap.{field}.filter: {filter:?} {fault}"));
        }
    }
    for (field, name) in std::iter::once(("userSearch.usernameAttribute", &ldap.user_search.username_attribute))
        .chain(ldap.group_search.iter().flat_map(|search| {
            [
                ("groupSearch.nameAttribute", &search.name_attribute),
                ("groupSearch.memberAttribute", &search.member_attribute),
            ]
        }))
        .chain(ldap.attributes.values().map(|name| ("attributes", name)))
    {
        if !is_attribute(name) {
            found.push(format!("ldap.{field}: {name:?} is not the name of an attribute (RFC 4512 §2.5)"));
        }
    }
    let further = ldap.attributes.keys().filter(|claim| !CLAIMS.contains(&claim.as_str()));
    if further.clone().count() > attributes::MOST {
        found.push(format!(
            "ldap.attributes: there are more than {} besides the standard claims",
            attributes::MOST
        ));
    }
    for name in further {
        if let Some(fault) = attributes::name_fault(name) {
            found.push(format!(
                "ldap.attributes: {name:?} {fault}; the standard claims are {}",
                CLAIMS.join(", ")
            ));
        }
    }
    for (name, attribute) in &ldap.attributes {
        let base = attribute.split(';').next().unwrap_or_default().to_ascii_lowercase();
        if attribute.to_ascii_lowercase().ends_with(";binary") || BINARY.contains(&base.as_str()) {
            found.push(format!("ldap.attributes: {name}: {attribute} is binary, and no claim"));
        }
        if SECRET.contains(&base.as_str()) {
            found.push(format!(
                "ldap.attributes: {name}: {attribute} holds passwords or keys, and does not leave the directory"
            ));
        }
    }
    for (field, dn) in [("bindDN", &ldap.bind_dn), ("userSearch.baseDN", &ldap.user_search.base_dn)]
        .into_iter()
        .chain(ldap.group_search.iter().map(|search| ("groupSearch.baseDN", &search.base_dn)))
    {
        if !looks_like_dn(dn) {
            found.push(format!(
                "ldap.{field}: {dn:?} is not a distinguished name such as dc=example,dc=org (RFC 4514)"
            ));
        }
    }
    for (field, number, most) in [
        ("pageSize", ldap.page_size, 10_000),
        ("pool.max", ldap.pool.max, 1000),
        ("groupSearch.nested.maxDepth", depth(ldap.group_search.as_ref()), 32),
    ] {
        if !(1..=most).contains(&number) {
            found.push(format!("ldap.{field}: {number} is not between 1 and {most}"));
        }
    }
    if let Some(search) = ldap.group_search.as_ref().filter(|search| search.nested.mode != NestedMode::None) {
        let attribute = search.member_attribute.to_ascii_lowercase();
        if attribute == "memberuid"
            || (search.nested.mode == NestedMode::InChain && matches!(attribute.as_str(), "memberof" | "ismemberof"))
        {
            found.push(format!(
                "ldap.groupSearch.nested.mode: {:?} does not go with memberAttribute {:?}",
                search.nested.mode, search.member_attribute
            ));
        }
    }
    for (field, span) in [
        ("connectTimeout", ldap.connect_timeout),
        ("operationTimeout", ldap.operation_timeout),
    ] {
        if span.duration().is_zero() || span.duration() > LONGEST_WAIT {
            found.push(format!(
                "ldap.{field}: a login waits for it; between 1s and {}s",
                LONGEST_WAIT.as_secs()
            ));
        }
    }
    found
}

fn depth(search: Option<&GroupSearch>) -> i32 {
    search.map_or(1, |search| match search.nested.mode {
        NestedMode::Walk => search.nested.max_depth,
        NestedMode::None | NestedMode::InChain => 1,
    })
}

fn server_fault(ldap: &Ldap, server: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(server) else {
        return Some("is not a URL");
    };
    let plain = url.scheme() == "ldap";
    if !plain && url.scheme() != "ldaps" {
        return Some("is neither ldaps:// nor ldap://");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Some("names no host");
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Some("holds more than a host and a port");
    }
    if plain && !ldap.start_tls && !ldap.allow_plaintext {
        return Some("would carry passwords without TLS: write ldaps://, or startTLS: true, or allowPlaintext: true");
    }
    None
}

/// A quick look at a filter (RFC 4515): the directory has the last word.
fn filter_fault(filter: &str) -> Option<&'static str> {
    if !filter.starts_with('(') || !filter.ends_with(')') {
        return Some("is not in parentheses");
    }
    let mut depth = 0_i32;
    for (position, character) in filter.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            '\0' => return Some("holds a NUL"),
            _ => {}
        }
        if depth < 0 || (depth == 0 && position + 1 < filter.len()) {
            return Some("has parentheses that do not match");
        }
    }
    (depth != 0).then_some("has parentheses that do not match")
}

/// A descriptor or an object identifier, with options.
fn is_attribute(name: &str) -> bool {
    let starts_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    starts_well
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';'))
}

fn looks_like_dn(dn: &str) -> bool {
    dn.split_once('=')
        .is_some_and(|(kind, value)| is_attribute(kind.trim()) && !value.is_empty())
        && !dn.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn reason(change: &Value) -> (&'static str, String) {
        let mut ldap = json!({
            "server": "ldaps://ldap.example.org:636",
            "bindDN": "cn=reader,dc=example,dc=org",
            "bindPasswordSecretRef": {"name": "ldap-bind"},
            "userSearch": {"baseDN": "ou=people,dc=example,dc=org", "filter": "(objectClass=inetOrgPerson)", "usernameAttribute": "uid"},
            "groupSearch": {"baseDN": "ou=groups,dc=example,dc=org", "filter": "(&(objectClass=groupOfNames)(cn=*))", "nameAttribute": "cn"}
        });
        for (field, value) in change.as_object().unwrap() {
            match value {
                Value::Null => drop(ldap.as_object_mut().unwrap().remove(field)),
                value => ldap[field] = value.clone(),
            }
        }
        let spec = serde_json::from_value(json!({"type": "ldap", "ldap": ldap})).unwrap();
        refusal(&spec).map_or(("Accepted", String::new()), |refusal| (refusal.reason, refusal.message))
    }

    #[test]
    fn a_good_directory_is_accepted() {
        for change in [
            json!({}),
            json!({"server": null, "servers": ["ldaps://a.example.org", "ldaps://b.example.org:1636"]}),
            json!({"server": "ldap://ldap.example.org", "startTLS": true}),
            json!({"server": "ldap://127.0.0.1:389", "allowPlaintext": true}),
            json!({"attributes": {"given_name": "givenName", "department": "departmentNumber", "cost-centre": "x-cc;lang-en"}, "cacheTTL": "10s"}),
        ] {
            assert_eq!(reason(&change).0, "Accepted", "{change}");
        }
        assert_eq!(reason(&json!({"referrals": "Follow"})).0, "NotServedYet");
    }

    #[test]
    fn faults_are_told() {
        let search = |field: &str, value: &str| {
            let mut search = json!({"baseDN": "dc=example", "filter": "(cn=*)", "usernameAttribute": "uid"});
            search[field] = json!(value);
            json!({"userSearch": search})
        };
        let groups = |attribute: &str, mode: &str| {
            json!({"groupSearch": {"baseDN": "dc=x", "filter": "(cn=*)", "nameAttribute": "cn", "memberAttribute": attribute,
                "nested": {"mode": mode}}})
        };
        for (change, words) in [
            (json!({"servers": ["ldaps://b.example.org"]}), "either server or servers"),
            (json!({"server": null}), "either server or servers"),
            (json!({"server": "ldap://ldap.example.org"}), "without TLS"),
            (json!({"server": "https://ldap.example.org"}), "neither ldaps:// nor ldap://"),
            (json!({"server": "ldaps://ldap.example.org/dc=org"}), "more than a host and a port"),
            (json!({"startTLS": true}), "TLS from the start"),
            (search("filter", "(cn=*"), "filter"),
            (search("filter", "cn=*"), "filter"),
            (search("filter", "(a=b)(c=d)"), "do not match"),
            (search("usernameAttribute", "a b"), "not the name of an attribute"),
            (search("baseDN", "people"), "distinguished name"),
            (json!({"attributes": {"shoe size": "size"}}), "shoe size"),
            (json!({"attributes": {"givenName": "gn"}}), "the standard claims are"),
            (
                json!({"attributes": (0..33).map(|n| (format!("a{n}"), json!("x"))).collect::<Value>()}),
                "more than 32",
            ),
            (json!({"attributes": {"face": "jpegPhoto"}}), "binary"),
            (json!({"attributes": {"key": "x509;binary"}}), "binary"),
            (json!({"attributes": {"name": "userPassword"}}), "does not leave the directory"),
            (json!({"attributes": {"hash": "UnicodePwd"}}), "does not leave the directory"),
            (json!({"pageSize": 0}), "pageSize"),
            (json!({"operationTimeout": "5m"}), "operationTimeout"),
            (groups("memberUid", "Walk"), "nested.mode"),
            (groups("memberOf", "InChain"), "nested.mode"),
        ] {
            let (reason, message) = reason(&change);
            assert_eq!(reason, "InvalidSpec", "{change}");
            assert!(message.contains(words), "{message}");
        }
    }
}
