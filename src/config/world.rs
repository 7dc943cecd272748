//! What every client's evaluation looks at: the servers and policies that are in force, and who owns which secret.

use super::client::generated_secret;
use super::input::{Accepted, Key, Kind, Object, Options, Resources};
use super::policy::{self, NamedPolicy};
use super::refusal::{Aspect, Refusal};
use super::{selector, server};
use crate::resources::auth_client::AuthClientSpec;
use crate::resources::auth_policy::PolicyMode;
use crate::resources::common::ResourceRef;
use crate::resources::{AuthPolicySpec, AuthServerSpec};
use std::collections::BTreeMap;

/// A resource's form that is in force, and what is wrong with its latest one.
#[derive(Clone, Debug)]
pub struct Standing<S> {
    /// The latest form if it is acceptable, else the last accepted one, else nothing
    pub in_force: Option<Object<S>>,
    /// Why the latest form is refused
    pub refusal: Option<Refusal>,
}

/// Servers and policies as they stand.
#[derive(Debug)]
pub struct World<'a> {
    /// What people wrote
    pub resources: &'a Resources,
    /// What the caller decides
    pub options: &'a Options,
    /// AuthServers
    pub servers: BTreeMap<Key, Standing<AuthServerSpec>>,
    /// AuthPolicies
    pub policies: BTreeMap<Key, Standing<AuthPolicySpec>>,
    /// ClusterAuthPolicies
    pub cluster_policies: BTreeMap<Key, Standing<AuthPolicySpec>>,
    secret_owners: BTreeMap<Key, Key>,
}

impl<'a> World<'a> {
    /// Judges servers and policies.
    pub fn new(resources: &'a Resources, options: &'a Options, previous: &Accepted) -> Self {
        Self {
            resources,
            options,
            servers: servers(resources, previous),
            policies: policies(&resources.policies, &previous.policies),
            cluster_policies: policies(&resources.cluster_policies, &previous.cluster_policies),
            secret_owners: secret_owners(resources, previous),
        }
    }

    /// The issuer that a server's tokens carry.
    pub fn issuer(&self, server: &Key) -> String {
        let meant = self.options.server.as_ref().is_none_or(|name| *name == server.to_string());
        match &self.options.issuer_override {
            Some(issuer) if meant => issuer.clone(),
            _ => self
                .servers
                .get(server)
                .and_then(|standing| standing.in_force.as_ref())
                .map(|object| object.spec.issuer_url.clone())
                .unwrap_or_default(),
        }
    }

    /// The AuthServer that a client names, if it may.
    ///
    /// # Errors
    /// `RefNotPermitted`, in the same words whether the server is not there or does not let this namespace in.
    pub fn server_for(&self, client: &Key, reference: &ResourceRef) -> Result<Key, Refusal> {
        let key = Key::new(
            reference.namespace.clone().unwrap_or_else(|| client.namespace.clone()),
            reference.name.clone(),
        );
        let labels = self.resources.namespace_labels(&client.namespace);
        let admitted = self
            .servers
            .get(&key)
            .and_then(|standing| standing.in_force.as_ref())
            .is_some_and(|object| server::admits(&object.spec.allowed_clients, &key.namespace, &client.namespace, &labels));
        if admitted {
            return Ok(key);
        }
        let message = format!(
            "AuthServer {key} is not there, was refused, or its allowedClients does not let clients of namespace {} in",
            client.namespace
        );
        Err(Refusal::new(Aspect::References, "RefNotPermitted", message))
    }

    /// The enforced policies that govern a client.
    ///
    /// # Errors
    /// `NoPolicyMatched` or `PolicyNotAccepted`.
    pub fn policies_for(&self, server: &Key, client: &Key, object: &Object<AuthClientSpec>) -> Result<Vec<NamedPolicy<'_>>, Refusal> {
        if let Some(place) = &self.resources.policies_unreadable {
            let message =
                format!("the document at {place} cannot be read and may be a policy, so what clients may do is not known: mend it first");
            return Err(Refusal::new(Aspect::Policy, "PolicyNotAccepted", message));
        }
        let mut governing = Vec::new();
        for (kind, key, standing) in self.selected(server)? {
            let name = format!("{kind} {key}");
            let Some(policy) = &standing.in_force else {
                let message = format!("{name} was refused, so what it allows is not known: its owner has to mend it");
                return Err(Refusal::new(Aspect::Policy, "PolicyNotAccepted", message));
            };
            if policy.spec.mode == PolicyMode::Enforce && self.applies(&policy.spec, client, object) {
                governing.push(NamedPolicy { name, spec: &policy.spec });
            }
        }
        Ok(governing)
    }

    /// Every policy in force that governs a client, audited ones too.
    pub fn audited_for(&self, server: &Key, client: &Key, object: &Object<AuthClientSpec>) -> Vec<(Kind, &Key, &AuthPolicySpec)> {
        self.selected(server)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(kind, key, standing)| standing.in_force.as_ref().map(|policy| (kind, key, &policy.spec)))
            .filter(|(_, _, spec)| self.applies(spec, client, object))
            .collect()
    }

    fn applies(&self, spec: &AuthPolicySpec, client: &Key, object: &Object<AuthClientSpec>) -> bool {
        let namespace_labels = self.resources.namespace_labels(&client.namespace);
        policy::applies(spec.applies_to.as_ref(), &object.labels, &namespace_labels, object.spec.client_type)
    }

    /// The policies that a server selects, and every cluster-wide one.
    #[allow(clippy::type_complexity)]
    fn selected(&self, server: &Key) -> Result<Vec<(Kind, &Key, &Standing<AuthPolicySpec>)>, Refusal> {
        let wanted = self
            .servers
            .get(server)
            .and_then(|standing| standing.in_force.as_ref())
            .and_then(|object| object.spec.policy_selector.as_ref());
        let mut found = Vec::new();
        if let Some(wanted) = wanted {
            for (key, standing) in self.policies.iter().filter(|(key, _)| key.namespace == server.namespace) {
                let declared = self.resources.policies.get(key).map(|object| &object.labels);
                let labels = standing.in_force.as_ref().map(|object| &object.labels).or(declared);
                if labels.is_some_and(|labels| selector::matches(wanted, labels)) {
                    found.push((Kind::AuthPolicy, key, standing));
                }
            }
            if found.is_empty() {
                let message = format!(
                    "no AuthPolicy in namespace {} matches the policySelector of AuthServer {server}: an AuthPolicy there needs the label {}",
                    server.namespace,
                    selector::describe(wanted)
                );
                return Err(Refusal::new(Aspect::Policy, "NoPolicyMatched", message));
            }
        }
        let cluster_wide = self.cluster_policies.iter();
        found.extend(cluster_wide.map(|(key, standing)| (Kind::ClusterAuthPolicy, key, standing)));
        Ok(found)
    }

    /// Whether any server selects this policy.
    pub fn is_selected(&self, kind: Kind, policy: &Key) -> bool {
        self.servers.keys().any(|server| {
            self.selected(server)
                .is_ok_and(|found| found.iter().any(|(k, key, _)| *k == kind && *key == policy))
        })
    }

    /// The client that a Secret's name belongs to.
    pub fn secret_owner(&self, secret: &Key) -> Option<&Key> {
        self.secret_owners.get(secret)
    }
}

fn servers(resources: &Resources, previous: &Accepted) -> BTreeMap<Key, Standing<AuthServerSpec>> {
    let mut issuers: BTreeMap<&str, &Key> = BTreeMap::new();
    let known = |key: &Key, issuer: &str| previous.servers.get(key).is_some_and(|object| object.spec.issuer_url == issuer);
    for (key, object) in &resources.servers {
        let issuer = object.spec.issuer_url.as_str();
        match issuers.get(issuer) {
            Some(first) if known(first, issuer) || !known(key, issuer) => {}
            _ => {
                issuers.insert(issuer, key);
            }
        }
    }
    resources
        .servers
        .iter()
        .map(|(key, object)| {
            let mut faults = server::faults(&object.spec);
            let before = previous.servers.get(key);
            if let Some(before) = before
                && before.spec.issuer_url != object.spec.issuer_url
            {
                faults.push(format!(
                    "issuerUrl cannot be changed (it is {}): clients have it in their configuration; make another AuthServer",
                    before.spec.issuer_url
                ));
            }
            let standing = if !faults.is_empty() {
                Standing {
                    in_force: before.cloned(),
                    refusal: Some(Refusal::spec(&faults)),
                }
            } else if issuers.get(object.spec.issuer_url.as_str()) != Some(&key) {
                let message = format!("issuerUrl: another AuthServer already is {}", object.spec.issuer_url);
                Standing {
                    in_force: None,
                    refusal: Some(Refusal::new(Aspect::Spec, "IssuerTaken", message)),
                }
            } else {
                Standing {
                    in_force: Some(object.clone()),
                    refusal: None,
                }
            };
            (key.clone(), standing)
        })
        .collect()
}

fn policies(
    declared: &BTreeMap<Key, Object<AuthPolicySpec>>,
    previous: &BTreeMap<Key, Object<AuthPolicySpec>>,
) -> BTreeMap<Key, Standing<AuthPolicySpec>> {
    declared
        .iter()
        .map(|(key, object)| {
            let faults = policy::faults(&object.spec);
            let standing = if faults.is_empty() {
                Standing {
                    in_force: Some(object.clone()),
                    refusal: None,
                }
            } else {
                Standing {
                    in_force: previous.get(key).cloned(),
                    refusal: Some(Refusal::spec(&faults)),
                }
            };
            (key.clone(), standing)
        })
        .collect()
}

/// Whom a Secret's name belongs to: the client that it was made for, else the first that wants it.
fn secret_owners(resources: &Resources, previous: &Accepted) -> BTreeMap<Key, Key> {
    let mut owners: BTreeMap<Key, Key> = BTreeMap::new();
    for (key, object) in &resources.clients {
        let before = previous.clients.get(key).map(|object| &object.spec);
        for secret in std::iter::once(&object.spec)
            .chain(before)
            .filter_map(|spec| generated_secret(key, spec))
        {
            let made_for = resources.generated.get(&secret).map(|made| &made.client);
            if !owners.contains_key(&secret) || made_for == Some(key) {
                owners.insert(secret, key.clone());
            }
        }
    }
    owners
}
