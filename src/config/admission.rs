//! What would be said of one resource if it were there as somebody is about to write it: the same words as its status would have, before it
//! is written. Only what bears on it is compiled, so that one client among thousands costs what one client costs.

use super::client::{client_id, generated_secret};
use super::compile::compile;
use super::input::{Accepted, Key, Kind, Objects, Options, Resources};
use super::refusal::EARLIER_FORM_LIVES;
use super::verdict::{Compiled, Status, Verdict};
use crate::oauth::ids::ClientId;
use crate::resources::AuthClientSpec;
use crate::resources::auth_policy::PolicyMode;
use std::sync::Arc;

/// Reasons that lie in the resource itself, or in a name that somebody else holds. Whatever else keeps a resource from working (a
/// reference to what is not there yet, another team's policy) can come right without an edit, so it is told and not refused: manifests may
/// be applied in any order.
const REFUSED: [&str; 7] = [
    "InvalidSpec",
    "PolicyViolation",
    "ClientIdTaken",
    "IssuerTaken",
    "UsernameTaken",
    "ClaimTaken",
    "ExampleFailed",
];

/// At most so many clients are named in a warning.
const NAMED: usize = 5;

/// What is said of a resource that somebody is about to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Why it may not be written: one word for machines, a sentence for people
    pub refused: Option<(String, String)>,
    /// What its author should know
    pub warnings: Vec<String>,
}

/// Judges the resource `kind` `key`, which alone is in `candidate` as it would be; `resources` is everything as it is.
pub fn judge(resources: &Resources, options: &Options, accepted: &Accepted, kind: Kind, key: &Key, candidate: Resources) -> Judgement {
    let resources = what_bears_on(resources, kind, key, candidate);
    let compiled = compile(&resources, options, accepted);
    let Some(verdict) = compiled.verdict(kind, key) else {
        return Judgement::default();
    };
    let mut judgement = Judgement::default();
    if let Some(ready) = verdict.condition("Ready").filter(|ready| !ready.holds()) {
        let message = ready.message.strip_suffix(EARLIER_FORM_LIVES).unwrap_or(&ready.message);
        if REFUSED.contains(&ready.reason.as_str()) {
            judgement.refused = Some((ready.reason.clone(), message.to_owned()));
            return judgement;
        }
        // A new client waits for its secret: that is how it begins.
        if ready.reason != "SecretPending" {
            judgement.warnings.push(format!("{}: {message}", ready.reason));
        }
    }
    judgement.warnings.extend(unselected(verdict));
    judgement.warnings.extend(audited(&resources, &compiled, kind, key));
    judgement.warnings.extend(exceeded(verdict));
    judgement
}

/// A policy that nobody obeys.
fn unselected(verdict: &Verdict) -> Option<String> {
    let selected = verdict.condition("Selected").filter(|selected| !selected.holds())?;
    Some(format!("{}: {}", selected.reason, selected.message))
}

/// What policies in Audit mode would say of a client.
fn audited(resources: &Resources, compiled: &Compiled, kind: Kind, key: &Key) -> Vec<String> {
    if kind != Kind::AuthClient {
        return Vec::new();
    }
    let name = key.to_string();
    let audits = |verdict: &&Arc<Verdict>| {
        let policies = match verdict.kind {
            Kind::AuthPolicy => &resources.policies,
            Kind::ClusterAuthPolicy => &resources.cluster_policies,
            _ => return false,
        };
        policies
            .get(&verdict.key)
            .is_some_and(|policy| policy.spec.mode == PolicyMode::Audit)
    };
    let mut warnings = Vec::new();
    for verdict in compiled.verdicts.iter().filter(audits) {
        if let Status::AuthPolicy(status) = &verdict.status {
            let of_this_client = status.violations.iter().filter(|violation| violation.client == name);
            warnings.extend(of_this_client.map(|violation| {
                let (kind, key) = (verdict.kind, &verdict.key);
                format!("{kind} {key} is in Audit mode and would refuse this: {}", violation.message)
            }));
        }
    }
    warnings
}

/// Who would ask for more than a policy allows.
fn exceeded(verdict: &Verdict) -> Option<String> {
    let Status::AuthPolicy(status) = &verdict.status else {
        return None;
    };
    let named = status
        .violations
        .iter()
        .take(NAMED)
        .map(|violation| format!("{} ({})", violation.client, violation.message));
    let named = named.collect::<Vec<_>>().join("; ");
    (status.violation_count > 0).then(|| {
        let (bound, count) = (status.bound_clients, status.violation_count);
        let more = if count as usize > NAMED { " and others" } else { "" };
        format!("of {bound} clients that it governs {count} ask for more than it allows: {named}{more}")
    })
}

fn what_bears_on(resources: &Resources, kind: Kind, key: &Key, candidate: Resources) -> Resources {
    let mut around = match kind {
        Kind::AuthClient => around_a_client(resources, key, &candidate),
        // Who it hits has to be looked for among all clients.
        Kind::AuthPolicy | Kind::ClusterAuthPolicy => Resources {
            secrets: Default::default(),
            generated: Default::default(),
            users: Default::default(),
            groups: Default::default(),
            roles: Default::default(),
            ..resources.clone()
        },
        _ => Resources {
            clients: Default::default(),
            departing: Default::default(),
            generated: Default::default(),
            ..resources.clone()
        },
    };
    around.servers.extend(candidate.servers);
    around.clients.extend(candidate.clients);
    around.policies.extend(candidate.policies);
    around.cluster_policies.extend(candidate.cluster_policies);
    around.user_stores.extend(candidate.user_stores);
    around.users.extend(candidate.users);
    around.groups.extend(candidate.groups);
    around.roles.extend(candidate.roles);
    around.claim_mappers.extend(candidate.claim_mappers);
    around.identity_providers.extend(candidate.identity_providers);
    around
}

/// The client, those who want its `client_id` or its Secret's name, and the servers and policies.
fn around_a_client(resources: &Resources, key: &Key, candidate: &Resources) -> Resources {
    let Some(object) = candidate.clients.get(key) else {
        return Resources::default();
    };
    let id = client_id(key, &object.spec);
    let secret = generated_secret(key, &object.spec);
    let existing = object.spec.secret.as_ref().and_then(|secret| secret.existing_ref.as_ref());
    let existing = existing.map(|reference| Key::new(key.namespace.clone(), reference.name.clone()));
    let wants_the_same = |other: &Key, spec: &AuthClientSpec| {
        is_id(other, spec, &id) || (other.namespace == key.namespace && secret.is_some() && generated_secret(other, spec) == secret)
    };
    let rivals = |all: &Objects<AuthClientSpec>| -> Objects<AuthClientSpec> {
        let rivals = all.iter().filter(|(other, object)| wants_the_same(other, &object.spec));
        rivals.map(|(other, object)| (other.clone(), Arc::clone(object))).collect()
    };
    let mut around = Resources {
        servers: resources.servers.clone(),
        policies: resources.policies.clone(),
        cluster_policies: resources.cluster_policies.clone(),
        policies_unreadable: resources.policies_unreadable.clone(),
        lost_policies: resources.lost_policies.clone(),
        namespaces: resources.namespaces.clone(),
        clients: rivals(&resources.clients),
        departing: rivals(&resources.departing),
        ..Resources::default()
    };
    let wanting = candidate.clients.iter().chain(&around.clients);
    let names: Vec<Key> = wanting
        .filter_map(|(rival, object)| generated_secret(rival, &object.spec))
        .collect();
    for name in names {
        if let Some(made) = resources.generated.get(&name) {
            around.generated.insert(name.clone(), Arc::clone(made));
        }
        if let Some(written) = resources.secrets.get(&name) {
            around.secrets.insert(name, Arc::clone(written));
        }
    }
    if let Some((name, written)) = existing.and_then(|name| resources.secrets.get_key_value(&name)) {
        around.secrets.insert(name.clone(), Arc::clone(written));
    }
    around
}

fn is_id(key: &Key, spec: &AuthClientSpec, id: &ClientId) -> bool {
    match &spec.client_id {
        Some(own) => own == id.as_str(),
        None => {
            let rest = id.as_str().strip_prefix(key.namespace.as_str());
            rest.and_then(|rest| rest.strip_prefix('.')) == Some(key.name.as_str())
        }
    }
}
