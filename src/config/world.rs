//! What every client's evaluation looks at: the servers and policies that are in force, and who owns which secret.

use super::client::{Facts, generated_secret};
use super::governing::{Governing, Roster};
use super::input::{Accepted, Key, Kind, Labels, Object, Objects, Options, Resources, Seniority};
use super::memory::{Memory, Rules};
use super::refusal::{Aspect, Refusal};
use super::snapshot::PasswordRules;
use super::{policy, server};
use crate::resources::auth_client::AuthClientSpec;
use crate::resources::common::ResourceRef;
use crate::resources::{AuthPolicySpec, AuthServerSpec, ClaimMapperSpec};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// A resource's form that is in force, and what is wrong with its latest one.
#[derive(Clone, Debug)]
pub struct Standing<S> {
    /// The latest form if it is acceptable, else the last accepted one, else nothing
    pub in_force: Option<Arc<Object<S>>>,
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
    /// The policies that each server selects
    rosters: BTreeMap<Key, Roster>,
    /// Labels of the namespaces that have clients
    namespaces: HashMap<&'a str, Labels>,
    secret_owners: HashMap<Key, &'a Key>,
    memory: &'a Memory,
}

impl<'a> World<'a> {
    /// Judges servers and policies.
    pub fn new(resources: &'a Resources, options: &'a Options, previous: &'a Accepted) -> Self {
        let servers = servers(resources, previous);
        let policies = judged(&resources.policies, &previous.policies, &previous.memory);
        let cluster_policies = judged(&resources.cluster_policies, &previous.cluster_policies, &previous.memory);
        let rosters = servers
            .iter()
            .filter_map(|(key, standing)| standing.in_force.as_ref().map(|object| (key, object)))
            .map(|(key, object)| {
                let roster = Roster::new(resources, key, object.spec.policy_selector.as_ref(), &policies, &cluster_policies);
                (key.clone(), roster)
            })
            .collect();
        let with_clients: BTreeSet<&str> = resources.clients.keys().map(|key| key.namespace.as_str()).collect();
        Self {
            resources,
            options,
            servers,
            policies,
            cluster_policies,
            rosters,
            namespaces: with_clients
                .into_iter()
                .map(|name| (name, resources.namespace_labels(name)))
                .collect(),
            secret_owners: secret_owners(resources, previous),
            memory: &previous.memory,
        }
    }

    /// The issuer that a server's tokens carry.
    pub fn issuer(&self, server: &Key) -> &str {
        let meant = self.options.server.as_ref().is_none_or(|name| *name == server.to_string());
        match &self.options.issuer_override {
            Some(issuer) if meant => issuer,
            _ => self
                .servers
                .get(server)
                .and_then(|standing| standing.in_force.as_ref())
                .map_or("", |object| &object.spec.issuer_url),
        }
    }

    fn labels_of(&self, namespace: &str) -> &Labels {
        static NONE: Labels = Labels::new();
        self.namespaces.get(namespace).unwrap_or(&NONE)
    }

    /// The AuthServer that a client names, if it may.
    ///
    /// # Errors
    /// `RefNotPermitted`, in the same words whether the server is not there or does not let this namespace in. `NamespaceNotSeen`, if the
    /// labels are not known by which servers let clients in and policies choose whom they limit.
    pub fn server_for(&self, client: &Key, reference: &ResourceRef) -> Result<Key, Refusal> {
        if self.options.namespaces_are_watched && !self.resources.namespaces.contains_key(&client.namespace) {
            let message = format!(
                "the labels of namespace {} are not known to the operator (yet), and policies may go by them",
                client.namespace
            );
            return Err(Refusal::new(Aspect::References, "NamespaceNotSeen", message));
        }
        let key = reference.key(&client.namespace);
        let labels = self.labels_of(&client.namespace);
        let admitted = self
            .servers
            .get(&key)
            .and_then(|standing| standing.in_force.as_ref())
            .is_some_and(|object| server::admits(&object.spec.allowed_clients, &key.namespace, &client.namespace, labels));
        if admitted {
            return Ok(key);
        }
        let mut message = format!(
            "AuthServer {key} is not there, was refused, or its allowedClients does not let clients of namespace {} in",
            client.namespace
        );
        if reference.namespace.is_none() {
            message.push_str("; authServerRef.namespace says where it is, if not here");
        }
        Err(Refusal::new(Aspect::References, "RefNotPermitted", message))
    }

    /// The enforced policies that govern a client.
    ///
    /// # Errors
    /// `NoPolicyMatched` or `PolicyNotAccepted`.
    pub fn governing(&self, server: &Key, client: &Key, object: &Object<AuthClientSpec>) -> Result<Rc<Governing>, Refusal> {
        if let Some(place) = &self.resources.policies_unreadable {
            let message =
                format!("the document at {place} cannot be read and may be a policy, so what clients may do is not known: mend it first");
            return Err(Refusal::new(Aspect::Policy, "PolicyNotAccepted", message));
        }
        let Some(roster) = self.rosters.get(server) else {
            return Ok(Rc::default());
        };
        match &roster.refusal {
            Some(refusal) => Err(refusal.clone()),
            None => Ok(roster.governing(|spec| self.applies(spec, client, object))),
        }
    }

    /// Every policy in force that is for a client, audited ones too.
    pub fn audited_for(&self, server: &Key, client: &Key, object: &Object<AuthClientSpec>) -> Rc<Governing> {
        let roster = self.rosters.get(server);
        roster.map_or_else(Rc::default, |roster| roster.audited(|spec| self.applies(spec, client, object)))
    }

    fn applies(&self, spec: &AuthPolicySpec, client: &Key, object: &Object<AuthClientSpec>) -> bool {
        let labels = self.labels_of(&client.namespace);
        policy::applies(spec.applies_to.as_ref(), &object.labels, labels, object.spec.client_type)
    }

    /// The policies in force that a server selects.
    pub fn selected_by(&self, server: &Key) -> impl Iterator<Item = (Kind, &Key)> {
        let members = self.rosters.get(server).into_iter().flat_map(|roster| &roster.members);
        members.map(|member| (member.kind, &member.key))
    }

    /// What a server asks of passwords: the greatest minimum of all enforced policies that it selects, and of the cluster-wide ones. A password is
    /// a person's and opens their account for every client, so it does not matter which clients a policy is for.
    pub fn password_rules(&self, server: &Key) -> PasswordRules {
        let members = self.rosters.get(server).into_iter().flat_map(|roster| &roster.members);
        let min_length = members.filter_map(|member| member.password_min_length()).max();
        min_length.map_or_else(PasswordRules::default, |min_length| PasswordRules { min_length })
    }

    /// Whether any server selects this policy.
    pub fn is_selected(&self, kind: Kind, policy: &Key) -> bool {
        self.rosters
            .values()
            .flat_map(|roster| &roster.members)
            .any(|member| member.kind == kind && member.key == *policy)
    }

    /// Every set of policies that some client was found to have.
    pub fn governing_sets(&self) -> Vec<Rc<Governing>> {
        self.rosters.values().flat_map(Roster::sets).collect()
    }

    /// What a client's spec says by itself; known already if the compilation before had the same one.
    pub fn facts(&self, object: &Arc<Object<AuthClientSpec>>) -> Arc<Facts> {
        self.memory.facts(object).unwrap_or_else(|| Arc::new(Facts::of(&object.spec)))
    }

    /// What a mapper's spec comes to, if the compilation before had the same one.
    pub fn known_rules(&self, object: &Arc<Object<ClaimMapperSpec>>) -> Option<Rules> {
        self.memory.rules(object)
    }

    /// Every policy, and whether it is acceptable.
    pub fn judged(&self) -> impl Iterator<Item = (Arc<Object<AuthPolicySpec>>, Result<(), Refusal>)> {
        // Both maps of a pair have the same keys.
        let own = self.resources.policies.values().zip(self.policies.values());
        let cluster_wide = self.resources.cluster_policies.values().zip(self.cluster_policies.values());
        let outcome = |standing: &Standing<AuthPolicySpec>| standing.refusal.clone().map_or(Ok(()), Err);
        own.chain(cluster_wide)
            .map(move |(object, standing)| (Arc::clone(object), outcome(standing)))
    }

    /// Whether a Secret's name, which this client wants, belongs to another one.
    pub fn is_secret_of_another(&self, secret: &Key, client: &Key) -> bool {
        self.secret_owners.get(secret).is_some_and(|owner| *owner != client)
    }
}

fn servers(resources: &Resources, previous: &Accepted) -> BTreeMap<Key, Standing<AuthServerSpec>> {
    // One issuer, one server.
    let mut issuers: BTreeMap<&str, Seniority<'_>> = BTreeMap::new();
    let known = |key: &Key, issuer: &str| previous.servers.get(key).is_some_and(|object| object.spec.issuer_url == issuer);
    for (key, object) in &resources.servers {
        let issuer = object.spec.issuer_url.as_str();
        let claim = object.seniority(known(key, issuer), key);
        let first = issuers.entry(issuer).or_insert(claim);
        *first = claim.min(*first);
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
            } else if issuers.get(object.spec.issuer_url.as_str()).is_none_or(|first| first.key != key) {
                let message = format!(
                    "issuerUrl: another AuthServer already is {}; make this one anew with an issuer of its own",
                    object.spec.issuer_url
                );
                Standing {
                    in_force: None,
                    refusal: Some(Refusal::new(Aspect::Spec, "IssuerTaken", message)),
                }
            } else {
                Standing {
                    in_force: Some(Arc::clone(object)),
                    refusal: None,
                }
            };
            (key.clone(), standing)
        })
        .collect()
}

fn judged(
    declared: &Objects<AuthPolicySpec>,
    previous: &Objects<AuthPolicySpec>,
    memory: &Memory,
) -> BTreeMap<Key, Standing<AuthPolicySpec>> {
    let judge = |object: &Object<AuthPolicySpec>| {
        let faults = policy::faults(&object.spec);
        if faults.is_empty() { Ok(()) } else { Err(Refusal::spec(&faults)) }
    };
    declared
        .iter()
        .map(|(key, object)| {
            let standing = match memory.policy(object).unwrap_or_else(|| judge(object)) {
                Ok(()) => Standing {
                    in_force: Some(Arc::clone(object)),
                    refusal: None,
                },
                Err(refusal) => Standing {
                    in_force: previous.get(key).cloned(),
                    refusal: Some(refusal),
                },
            };
            (key.clone(), standing)
        })
        .collect()
}

/// Whom a Secret's name belongs to, where several clients may want it: the client that it was made for, else the first that wants it.
/// Names that nobody chose are not here: each is its own client's.
fn secret_owners<'a>(resources: &'a Resources, previous: &'a Accepted) -> HashMap<Key, &'a Key> {
    let forms = |key: &Key, object: &'a Arc<Object<AuthClientSpec>>| {
        let before = previous.clients.get(key).filter(|before| !Arc::ptr_eq(before, object));
        std::iter::once(&object.spec).chain(before.map(|before| &before.spec))
    };
    let chosen = |spec: &AuthClientSpec| spec.secret.as_ref().is_some_and(|secret| secret.name.is_some());
    let mut contested: HashSet<Key> = HashSet::new();
    for (key, object) in &resources.clients {
        let specs = forms(key, object).filter(|spec| chosen(spec));
        contested.extend(specs.filter_map(|spec| generated_secret(key, spec)));
    }
    let mut owners: HashMap<Key, &Key> = HashMap::new();
    if contested.is_empty() {
        return owners;
    }
    for (key, object) in &resources.clients {
        let wanted = forms(key, object).filter_map(|spec| generated_secret(key, spec));
        for secret in wanted.filter(|secret| contested.contains(secret)) {
            let made_for = resources.generated.get(&secret).map(|made| &made.client);
            if !owners.contains_key(&secret) || made_for == Some(key) {
                owners.insert(secret, key);
            }
        }
    }
    owners
}
