//! All AuthClients together: who is served, in which form, and who holds which `client_id`.

use super::client::{self, Mode, Provisioned, client_id};
use super::input::{Accepted, Key, Object, Objects};
use super::refusal::{Aspect, Refusal};
use super::world::World;
use crate::oauth::ids::ClientId;
use crate::resources::AuthClientStatus;
use crate::resources::auth_client::AuthClientSpec;
use crate::resources::common::LocalRef;
use crate::resources::condition::{Condition, ConditionStatus};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was decided about one client.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Why its latest form is refused
    pub refusal: Option<Refusal>,
    /// The form that is served: the latest, or the last accepted one within today's policies
    pub served: Option<Provisioned>,
}

/// Decides on every client, and hands on what was accepted.
pub fn decide(world: &World<'_>, previous: &Accepted) -> (BTreeMap<Key, Decision>, Objects<AuthClientSpec>) {
    let mut decisions: BTreeMap<Key, Decision> = world
        .resources
        .clients
        .iter()
        .map(|(key, object)| {
            (
                key.clone(),
                decide_one(world, key, object, previous.clients.get(key).map(Arc::as_ref)),
            )
        })
        .collect();
    settle_ids(world, previous, &mut decisions);
    let accepted = world
        .resources
        .clients
        .iter()
        .filter_map(|(key, object)| {
            let is_accepted = decisions.get(key).is_some_and(|decision| decision.refusal.is_none());
            let kept = if is_accepted { Some(object) } else { previous.clients.get(key) };
            kept.map(|object| (key.clone(), Arc::clone(object)))
        })
        .collect();
    (decisions, accepted)
}

fn decide_one(world: &World<'_>, key: &Key, object: &Object<AuthClientSpec>, before: Option<&Object<AuthClientSpec>>) -> Decision {
    let id = client_id(key, &object.spec);
    let changed_id = before.map(|before| client_id(key, &before.spec)).filter(|known| *known != id);
    let outcome = match changed_id {
        Some(known) => Err(Refusal::spec(&[format!(
            "clientId cannot be changed (it is {known}); make another AuthClient"
        )])),
        None => client::evaluate(world, key, object, Mode::Strict),
    };
    match outcome {
        Ok(provisioned) => Decision {
            refusal: None,
            served: Some(provisioned),
        },
        Err(refusal) => Decision {
            refusal: Some(refusal),
            served: before.and_then(|before| client::evaluate(world, key, before, Mode::Clamped).ok()),
        },
    }
}

/// One `client_id`, one client of a server. The owner of the default id `<namespace>.<name>` comes first, so that nobody can take it by
/// naming it; then who had it before; then the older; then the first by name.
///
/// These two hold their id even while they are refused and not served: a client whose Secret is gone for a minute must not find another one
/// under its name, with the consents that people gave and the trust that services have in it.
fn settle_ids(world: &World<'_>, previous: &Accepted, decisions: &mut BTreeMap<Key, Decision>) {
    let is_default = |key: &Key, id: &ClientId| id.as_str() == format!("{}.{}", key.namespace, key.name);
    let had_it = |key: &Key, id: &ClientId| previous.clients.get(key).is_some_and(|before| client_id(key, &before.spec) == *id);
    let mut holders: BTreeMap<(Key, ClientId), Vec<Key>> = BTreeMap::new();
    for (key, decision) in decisions.iter() {
        let Some(object) = world.resources.clients.get(key) else {
            continue;
        };
        let id = client_id(key, &object.spec);
        let server = match &decision.served {
            Some(served) => Some(served.server.clone()),
            None if is_default(key, &id) || had_it(key, &id) => world.server_for(key, &object.spec.auth_server_ref).ok(),
            None => None,
        };
        if let Some(server) = server {
            holders.entry((server, id)).or_default().push(key.clone());
        }
    }
    for ((_, id), mut keys) in holders.into_iter().filter(|(_, keys)| keys.len() > 1) {
        keys.sort_by_key(|key| {
            let created = world.resources.clients.get(key).and_then(|object| object.created);
            (!is_default(key, &id), !had_it(key, &id), created.is_none(), created, key.clone())
        });
        for loser in keys.iter().skip(1) {
            if let Some(decision) = decisions.get_mut(loser).filter(|decision| decision.served.is_some()) {
                let message = format!("clientId {id} is taken by another AuthClient of this AuthServer; choose another one");
                *decision = Decision {
                    refusal: Some(Refusal::new(Aspect::References, "ClientIdTaken", message)),
                    served: None,
                };
            }
        }
    }
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
