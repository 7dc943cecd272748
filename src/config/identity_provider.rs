//! IdentityProviders: what makes one acceptable, which servers offer it, and what they get of it.

use super::directory;
use super::input::{Accepted, Key, Kind, Objects, Resources};
use super::refusal::{Aspect, Refusal};
use super::server::issuer_fault;
use super::snapshot::{IdentityProviderConfig, Linking};
use super::verdict::{Status, Verdict};
use super::world::World;
use crate::oauth::ids::UserStoreId;
use crate::oauth::scope::Scopes;
use crate::resources::condition::Condition;
use crate::resources::identity_provider::LinkingMode;
use crate::resources::{IdentityProviderSpec, IdentityProviderStatus};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a provider's claims can be read into.
const ATTRIBUTES: [&str; 6] = ["username", "email", "displayName", "givenName", "familyName", "groups"];

/// What was decided about one provider.
#[derive(Clone, Debug)]
struct Decision {
    refusal: Option<Refusal>,
    /// Its form in force, and the servers that offer it
    served: Option<(Arc<IdentityProviderConfig>, BTreeSet<Key>)>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Providers {
    decisions: BTreeMap<Key, Decision>,
    /// What was accepted
    pub accepted: Objects<IdentityProviderSpec>,
}

impl Providers {
    /// Those that a server offers, by name.
    pub fn of(&self, server: &Key) -> Vec<Arc<IdentityProviderConfig>> {
        let served = self.decisions.values().filter_map(|decision| decision.served.as_ref());
        let here = served.filter(|(_, servers)| servers.contains(server));
        here.map(|(config, _)| Arc::clone(config)).collect()
    }

    /// The servers that each provider reaches.
    pub fn reach(&self) -> impl Iterator<Item = (&Key, &BTreeSet<Key>)> {
        let all = self.decisions.iter();
        all.filter_map(|(key, decision)| decision.served.as_ref().map(|(_, servers)| (key, servers)))
            .filter(|(_, servers)| !servers.is_empty())
    }
}

/// Judges providers. A refused edit leaves the last accepted form in force.
pub fn decide(world: &World<'_>, previous: &Accepted) -> Providers {
    let mut providers = Providers::default();
    for (key, object) in &world.resources.identity_providers {
        let decision = match evaluate(world, key, &object.spec) {
            Ok(served) => {
                providers.accepted.insert(key.clone(), Arc::clone(object));
                Decision {
                    refusal: None,
                    served: Some(served),
                }
            }
            Err(refusal) => {
                let before = previous.identity_providers.get(key);
                providers.accepted.extend(before.map(|before| (key.clone(), Arc::clone(before))));
                Decision {
                    refusal: Some(refusal),
                    served: before.and_then(|before| evaluate(world, key, &before.spec).ok()),
                }
            }
        };
        providers.decisions.insert(key.clone(), decision);
    }
    providers
}

/// The verdict on each.
pub fn verdicts(resources: &Resources, providers: &Providers) -> Vec<Verdict> {
    let all = resources.identity_providers.iter();
    all.filter_map(|(key, object)| {
        let decision = providers.decisions.get(key)?;
        let ready = match &decision.refusal {
            Some(refusal) => refusal.ready(decision.served.is_some()),
            None => {
                let servers = decision.served.as_ref().map_or(0, |(_, servers)| servers.len());
                let plural = if servers == 1 { "" } else { "s" };
                let message = format!("offered by {servers} AuthServer{plural}; each pod says in its log whether it answers");
                Condition::yes("Ready", "ProviderReady", message)
            }
        };
        Some(Verdict {
            kind: Kind::IdentityProvider,
            key: key.clone(),
            status: Status::IdentityProvider(IdentityProviderStatus {
                conditions: vec![ready],
                observed_generation: object.generation,
            }),
        })
    })
    .collect()
}

/// The place where a provider's people live. No UserStore is called so: names have no colon.
pub fn people_of(key: &Key) -> UserStoreId {
    UserStoreId::new(format!("idp:{key}"))
}

type Served = (Arc<IdentityProviderConfig>, BTreeSet<Key>);

fn evaluate(world: &World<'_>, key: &Key, spec: &IdentityProviderSpec) -> Result<Served, Refusal> {
    let faults = faults(spec);
    if !faults.is_empty() {
        return Err(Refusal::spec(&faults));
    }
    let servers = servers(world, key, spec)?;
    let oidc = &spec.oidc;
    let config = IdentityProviderConfig {
        id: people_of(key),
        name: key.name.clone(),
        display_name: spec.display_name.clone().unwrap_or_else(|| key.name.clone()),
        issuer: oidc.issuer_url.clone(),
        client_id: oidc.client_id.clone(),
        client_secret: directory::password(world.resources, key, &oidc.client_secret_ref)?,
        authorities: directory::authorities(world.resources, key, oidc.ca_ref.as_ref())?,
        scopes: oidc.scopes.clone(),
        attributes: oidc.attributes.clone(),
        linking: match spec.linking.mode {
            LinkingMode::None => Linking::None,
            LinkingMode::VerifiedEmail => Linking::VerifiedEmail,
        },
        allowed_email_domains: spec
            .allowed_email_domains
            .iter()
            .map(|domain| domain.to_ascii_lowercase())
            .collect(),
        logout: spec.logout,
    };
    Ok((Arc::new(config), servers))
}

fn servers(world: &World<'_>, key: &Key, spec: &IdentityProviderSpec) -> Result<BTreeSet<Key>, Refusal> {
    let here = world
        .servers
        .iter()
        .filter(|(server, standing)| server.namespace == key.namespace && standing.in_force.is_some());
    let meant = here.filter(|(server, _)| spec.auth_server_ref.as_ref().is_none_or(|reference| reference.name == server.name));
    let servers: BTreeSet<Key> = meant.map(|(server, _)| server.clone()).collect();
    match &spec.auth_server_ref {
        Some(reference) if servers.is_empty() => {
            let message = format!("AuthServer {}/{} is not there, or was refused", key.namespace, reference.name);
            Err(Refusal::new(Aspect::References, "AuthServerNotFound", message))
        }
        _ => Ok(servers),
    }
}

/// Its issuer is compared as text with what it says itself, so that one which ends with a slash (some do) is written so here too.
fn upstream_issuer_fault(issuer: &str) -> Option<&'static str> {
    issuer_fault(issuer.strip_suffix('/').unwrap_or(issuer))
}

fn faults(spec: &IdentityProviderSpec) -> Vec<String> {
    let mut found = Vec::new();
    let oidc = &spec.oidc;
    if let Some(fault) = upstream_issuer_fault(&oidc.issuer_url) {
        found.push(format!("oidc.issuerUrl: {:?} {fault}", oidc.issuer_url));
    }
    if oidc.client_id.is_empty() || oidc.client_id.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
        found.push("oidc.clientId is empty or holds characters that a client_id cannot have (RFC 6749 appendix A.1)".to_owned());
    }
    if !oidc.scopes.iter().any(|scope| scope == "openid") {
        found.push("oidc.scopes: openid is missing (OpenID Connect Core §3.1.2.1)".to_owned());
    }
    for scope in oidc.scopes.iter().filter(|scope| !Scopes::is_token(scope)) {
        found.push(format!(
            "oidc.scopes: {scope:?} is not a scope (RFC 6749 §3.3: no spaces, quotes or backslashes)"
        ));
    }
    for (name, claim) in &oidc.attributes {
        if !ATTRIBUTES.contains(&name.as_str()) {
            found.push(format!("oidc.attributes: {name:?} is not one of {}", ATTRIBUTES.join(", ")));
        }
        if claim.is_empty() || claim.len() > 255 || claim.chars().any(char::is_control) {
            found.push(format!("oidc.attributes: {name} names no claim"));
        }
    }
    for domain in &spec.allowed_email_domains {
        if !is_domain(domain) {
            found.push(format!("allowedEmailDomains: {domain:?} is not a domain such as example.org"));
        }
    }
    if let Some(name) = &spec.display_name
        && (name.trim().is_empty() || name.chars().any(char::is_control) || name.chars().count() > 80)
    {
        found.push("displayName is empty, longer than 80 characters or holds control characters".to_owned());
    }
    found
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn found(change: impl FnOnce(&mut Value)) -> String {
        let mut value = json!({"oidc": {"issuerUrl": "https://id.example.org", "clientId": "us", "clientSecretRef": {"name": "s"}}});
        change(&mut value);
        faults(&serde_json::from_value(value).unwrap()).join("; ")
    }

    #[test]
    fn a_provider_may_end_its_issuer_with_a_slash() {
        assert_eq!(found(|_| ()), "");
        assert_eq!(found(|value| value["oidc"]["issuerUrl"] = json!("https://id.example.org/")), "");
        assert_ne!(found(|value| value["oidc"]["issuerUrl"] = json!("https://id.example.org//")), "");
    }

    #[test]
    fn faults_are_told() {
        for (change, word) in [
            (json!({"issuerUrl": "http://id.example.org"}), "oidc.issuerUrl"),
            (json!({"clientId": ""}), "oidc.clientId"),
            (json!({"scopes": ["email"]}), "openid is missing"),
            (json!({"scopes": ["openid", "a b"]}), "is not a scope"),
            (json!({"attributes": {"shoeSize": "x"}}), "shoeSize"),
            (json!({"attributes": {"email": ""}}), "names no claim"),
        ] {
            let message = found(|value| {
                for (field, new) in change.as_object().unwrap() {
                    value["oidc"][field] = new.clone();
                }
            });
            assert!(message.contains(word), "{message}");
        }
        for domain in ["", "org", "@example.org", "example..org", "exämple.org"] {
            let message = found(|value| value["allowedEmailDomains"] = json!([domain]));
            assert!(message.contains("allowedEmailDomains"), "{domain}: {message}");
        }
    }
}
