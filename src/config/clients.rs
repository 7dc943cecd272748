//! All AuthClients together: who is served, in which form, and who holds which `client_id`.

use super::client::{self, Facts, Mode, Provisioned, client_id};
use super::input::{Accepted, Key, Memory, Object, Objects};
use super::refusal::{Aspect, Refusal};
use super::world::World;
use crate::oauth::ids::ClientId;
use crate::resources::AuthClientStatus;
use crate::resources::auth_client::AuthClientSpec;
use crate::resources::common::LocalRef;
use crate::resources::condition::{Condition, ConditionStatus};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What was decided about one client.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Why its latest form is refused
    pub refusal: Option<Refusal>,
    /// The form that is served: the latest, or the last accepted one within today's policies
    pub served: Option<Provisioned>,
    /// What its latest form says by itself
    pub facts: Arc<Facts>,
}

/// Everything about clients.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    /// Those that are there
    pub decisions: BTreeMap<Key, Decision>,
    /// Those that are being deleted, with the server where what they were given ends, and their `client_id` there
    pub departing: BTreeMap<Key, (Key, ClientId)>,
    /// What was accepted
    pub accepted: Objects<AuthClientSpec>,
    /// What was worked out
    pub memory: Memory,
}

/// Decides on every client, and hands on what was accepted.
pub fn decide(world: &World<'_>, previous: &Accepted) -> Clients {
    let resources = world.resources;
    let mut decisions: BTreeMap<Key, Decision> = resources
        .clients
        .iter()
        .map(|(key, object)| (key.clone(), decide_one(world, key, object, previous.clients.get(key))))
        .collect();
    let departing = settle_ids(world, previous, &mut decisions);
    // One decision for each client, in the same order.
    let decided = || resources.clients.iter().zip(decisions.values());
    let mut accepted: Objects<AuthClientSpec> = decided()
        .filter_map(|((key, object), decision)| {
            let kept = match decision.refusal {
                None => Some(object),
                Some(_) => previous.clients.get(key),
            };
            kept.map(|object| (key.clone(), Arc::clone(object)))
        })
        .collect();
    // Until it is gone, it is known that it had its id.
    let leaving = resources.departing.keys().filter_map(|key| previous.clients.get_key_value(key));
    accepted.extend(leaving.map(|(key, object)| (key.clone(), Arc::clone(object))));
    let known = decided().map(|((_, object), decision)| (Arc::clone(object), Arc::clone(&decision.facts)));
    Clients {
        memory: Memory::new(known, world.judged()),
        decisions,
        departing,
        accepted,
    }
}

fn decide_one(
    world: &World<'_>,
    key: &Key,
    object: &Arc<Object<AuthClientSpec>>,
    before: Option<&Arc<Object<AuthClientSpec>>>,
) -> Decision {
    let facts = world.facts(object);
    let id = client_id(key, &object.spec);
    let edited = before.filter(|before| !Arc::ptr_eq(before, object));
    let changed_id = edited.map(|before| client_id(key, &before.spec)).filter(|known| *known != id);
    let outcome = match changed_id {
        Some(known) => Err(Refusal::spec(&[format!(
            "clientId cannot be changed (it is {known}); make another AuthClient"
        )])),
        None => client::evaluate(world, key, object, &facts, Mode::Strict),
    };
    match outcome {
        Ok(provisioned) => Decision {
            refusal: None,
            served: Some(provisioned),
            facts,
        },
        Err(refusal) => Decision {
            refusal: Some(refusal),
            served: before.and_then(|before| client::evaluate(world, key, before, &world.facts(before), Mode::Clamped).ok()),
            facts,
        },
    }
}

/// One `client_id`, one client of a server. The owner of the default id `<namespace>.<name>` comes first, so that nobody can take it by
/// naming it; then who had it before; then the older; then the first by name.
///
/// These two hold their id even while they are refused and not served: a client whose Secret is gone for a minute must not find another one
/// under its name, with the consents that people gave and the trust that services have in it. For the same reason they hold it while they
/// are being deleted, until what they were given has ended. Says who is being deleted and holds an id.
fn settle_ids(world: &World<'_>, previous: &Accepted, decisions: &mut BTreeMap<Key, Decision>) -> BTreeMap<Key, (Key, ClientId)> {
    let is_default = |key: &Key, id: &ClientId| {
        let rest = id.as_str().strip_prefix(key.namespace.as_str());
        rest.and_then(|rest| rest.strip_prefix('.')) == Some(key.name.as_str())
    };
    let had_it = |key: &Key, id: &ClientId| previous.clients.get(key).is_some_and(|before| client_id(key, &before.spec) == *id);
    let mut holders: HashMap<(Key, ClientId), Vec<Claim<'_>>> = HashMap::new();
    let contested = contested(world);
    for (key, object) in &world.resources.clients {
        if object.spec.client_id.is_none() && !contested.contains(key) {
            continue;
        }
        let Some(decision) = decisions.get(key) else {
            continue;
        };
        let id = client_id(key, &object.spec);
        let server = match &decision.served {
            Some(served) => Some(served.server.clone()),
            None if is_default(key, &id) || had_it(key, &id) => world.server_for(key, &object.spec.auth_server_ref).ok(),
            None => None,
        };
        if let Some(server) = server {
            let created = object.created;
            holders.entry((server, id)).or_default().push(Claim {
                key,
                created,
                leaves: false,
            });
        }
    }
    for (key, object) in &world.resources.departing {
        let server = object.spec.auth_server_ref.key(&key.namespace);
        let created = object.created;
        let claim = Claim {
            key,
            created,
            leaves: true,
        };
        holders.entry((server, client_id(key, &object.spec))).or_default().push(claim);
    }
    let mut departing = BTreeMap::new();
    for ((server, id), mut claims) in holders {
        if claims.len() > 1 {
            // Without either right to it, one that leaves does not stand in the way of one that is there.
            claims.sort_by_key(|claim| {
                let (key, created) = (claim.key, claim.created);
                (
                    !is_default(key, &id),
                    !had_it(key, &id),
                    claim.leaves,
                    created.is_none(),
                    created,
                    key,
                )
            });
        }
        let first_leaves = claims.first().is_some_and(|claim| claim.leaves);
        for loser in claims.iter().skip(1) {
            if let Some(decision) = decisions.get_mut(loser.key).filter(|decision| decision.served.is_some()) {
                let message = if first_leaves {
                    format!("clientId {id} is that of an AuthClient that is being deleted; wait until it is gone, or choose another one")
                } else {
                    format!("clientId {id} is taken by another AuthClient of this AuthServer; choose another one")
                };
                decision.refusal = Some(Refusal::new(Aspect::References, "ClientIdTaken", message));
                decision.served = None;
            }
        }
        if let Some(first) = claims.first().filter(|claim| claim.leaves) {
            departing.insert(first.key.clone(), (server, id));
        }
    }
    departing
}

/// Whose default id somebody else may want: a namespace has no dot in its name, so that two default ids never are the same.
fn contested(world: &World<'_>) -> HashSet<Key> {
    let named = world
        .resources
        .clients
        .values()
        .filter_map(|object| object.spec.client_id.as_deref());
    let named = named
        .filter_map(|id| id.split_once('.'))
        .map(|(namespace, name)| Key::new(namespace, name));
    let leaving = world.resources.departing.iter().flat_map(|(key, object)| {
        let named = object.spec.client_id.as_deref().and_then(|id| id.split_once('.'));
        let named = named.map(|(namespace, name)| Key::new(namespace, name));
        [Some(key.clone()), named].into_iter().flatten()
    });
    named.chain(leaving).collect()
}

/// Somebody who wants a `client_id`.
struct Claim<'a> {
    key: &'a Key,
    created: Option<Timestamp>,
    /// Whether it is being deleted
    leaves: bool,
}

/// The status of a client.
pub fn status(key: &Key, object: &Object<AuthClientSpec>, decision: &Decision) -> AuthClientStatus {
    let served = decision.served.as_ref();
    let mut conditions = Vec::new();
    let pending = served.is_some_and(|served| served.client.is_none());
    conditions.push(match &decision.refusal {
        Some(refusal) => refusal.ready(served.is_some_and(|served| served.client.is_some())),
        None if pending => Condition::no("Ready", "SecretPending", "its secret is being made"),
        None => {
            // Right where nobody wrote policies; where somebody did, most often a label that is missing or mistyped.
            let ungoverned = served.is_some_and(|served| served.effective.sources.is_empty());
            let under = if ungoverned {
                "; no policy governs it, so the baseline alone applies"
            } else {
                ""
            };
            let message = format!("served as {}{under}", client_id(key, &object.spec));
            Condition::yes("Ready", "ClientProvisioned", message)
        }
    });
    for (type_, aspect, reason, message) in [
        ("ReferencesResolved", Aspect::References, "Resolved", "its AuthServer serves it"),
        (
            "PolicyAccepted",
            Aspect::Policy,
            "WithinPolicies",
            "it asks for nothing that its policies do not allow",
        ),
        ("SecretSynced", Aspect::Secret, "Synced", "its secret is in force"),
    ] {
        conditions.push(match &decision.refusal {
            Some(refusal) if refusal.aspect == aspect => Condition::no(type_, refusal.reason, refusal.message.clone()),
            Some(refusal) if refusal.aspect < aspect => unknown(type_),
            _ if aspect == Aspect::Secret && pending => Condition::no(type_, "SecretPending", "its secret is being made"),
            _ => Condition::yes(type_, reason, message),
        });
    }
    let notes: Vec<String> = served.map(|served| served.notes.clone()).unwrap_or_default();
    if !notes.is_empty() {
        conditions.push(Condition::no("SecretStrong", "WeakSecret", notes.join("; ")));
    }
    let secret = served
        .filter(|served| served.client.is_some())
        .and_then(|served| served.secret.as_ref());
    AuthClientStatus {
        conditions,
        observed_generation: object.generation,
        client_id: served.map(|_| client_id(key, &object.spec).as_str().to_owned()),
        client_secret_ref: secret.map(|secret| LocalRef { name: secret.name.clone() }),
        last_accepted_spec: None,
        effective_policy: served.map(|served| served.effective.clone()),
    }
}

fn unknown(type_: &str) -> Condition {
    Condition {
        status: ConditionStatus::Unknown,
        ..Condition::no(type_, "NotChecked", "an earlier condition has to hold first")
    }
}
