//! One status from all that is known of a resource. Pure.

use super::programmed::{NO_REPLICAS, PROGRAMMING, Programmed, REFUSED, UNREACHABLE};
use crate::config::directory_health;
use crate::config::verdict::{Status, Verdict};
use crate::operator::overlay::Fact;
use crate::operator::world::Meta;
use crate::resources::condition::{Condition, ConditionStatus};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// A client whose secret is being made.
const SECRET_PENDING: &str = "SecretPending";
/// An AuthServer whose pods come up, or wait for what cert-manager is about to issue.
const STARTING: [&str; 4] = ["NotDeployed", "Starting", "CertificatesPending", "CertificatePending"];

/// What a status is made from.
pub struct Sources<'a> {
    /// What `compile` says of the form that it knows; `None` if it knows none
    pub verdict: Option<&'a Verdict>,
    /// How far it has come to the replicas that it concerns, if it concerns any
    pub programmed: Option<Programmed>,
    /// How many pods of an AuthServer are ready and run its whole configuration
    pub pods: Option<(usize, usize)>,
    /// What controllers found out
    pub facts: Vec<&'a Fact>,
    /// Its metadata, and its status as the cluster has it
    pub meta: &'a Meta,
    /// The spec that stays in force while the latest is refused
    pub last_accepted: Option<Value>,
}

/// A status as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// All of it
    pub status: Value,
    /// It says that something is not ready yet, and will say otherwise by itself in a moment
    pub pending: bool,
    /// Replicas have yet to be asked: nothing can be said of them
    pub unheard: bool,
}

/// The status that a resource should have. Times of conditions that stay as they are stay, too.
pub fn merge(sources: Sources<'_>, observed: &Value, now: Timestamp) -> Wanted {
    let mut status = match sources.verdict.map(|verdict| serde_json::to_value(&verdict.status)) {
        Some(Ok(Value::Object(status))) => status,
        _ => Map::new(),
    };
    let mut conditions = sources
        .verdict
        .map(|verdict| verdict.status.conditions().to_vec())
        .unwrap_or_default();
    let accepted = sources.verdict.is_some_and(Verdict::accepted);
    let waits_for_secret = ready(&conditions).is_some_and(|ready| ready.reason == SECRET_PENDING);
    let was_ready = condition_of(observed, "Ready").is_some_and(|ready| ready.get("status").and_then(Value::as_str) == Some("True"));
    // Nobody has looked at what was made for this AuthServer yet.
    let mut unheard = accepted && sources.pods.is_some() && sources.facts.is_empty();
    // Nor asked a replica how this directory stands: what was written of it stays for the moment.
    let is_store = matches!(sources.verdict.map(|verdict| &verdict.status), Some(Status::UserStore(_)));
    unheard |= is_store && sources.facts.is_empty() && condition_of(observed, directory_health::CONDITION).is_some();
    let mut pending = waits_for_secret || unheard;
    if let Some(undecodable) = &sources.meta.undecodable {
        let message = match sources.verdict {
            Some(_) => format!("{undecodable}. Its last good form stays in force."),
            None => undecodable.clone(),
        };
        upsert(&mut conditions, Condition::no("Ready", "Undecodable", message));
    } else {
        if let Some(programmed) = sources.programmed.filter(|_| accepted) {
            let condition = programmed.condition();
            if !condition.holds() {
                pending |= matches!(condition.reason.as_str(), PROGRAMMING | NO_REPLICAS | UNREACHABLE);
                unheard |= programmed.unheard;
                upsert(
                    &mut conditions,
                    Condition::no("Ready", &condition.reason, condition.message.clone()),
                );
            }
            upsert(&mut conditions, condition);
        } else if matches!(sources.verdict.map(|verdict| &verdict.status), Some(Status::AuthClient(_))) {
            let unknown = Condition::no("Programmed", "NotChecked", "an earlier condition has to hold first");
            conditions.push(Condition {
                status: ConditionStatus::Unknown,
                ..unknown
            });
        }
        for fact in &sources.facts {
            for condition in &fact.conditions {
                upsert(&mut conditions, condition.clone());
            }
            let refused = ready(&conditions).is_some_and(|ready| ready.reason == REFUSED);
            if (accepted || waits_for_secret)
                && let Some(held) = held_back(&conditions, fact)
                // Why pods do not get ready says more than that they are not.
                && !(refused && STARTING.contains(&held.reason.as_str()))
            {
                let starts = STARTING.contains(&held.reason.as_str()) && !was_ready;
                pending = starts || pending && held.reason == SECRET_PENDING;
                upsert(&mut conditions, Condition::no("Ready", &held.reason, held.message));
            }
        }
    }
    for fact in sources.facts {
        overlay(&mut status, &fact.fields);
    }
    if let Some((ready, programmed)) = sources.pods {
        let replicas = status.entry("replicas").or_insert_with(|| json!({}));
        if let Value::Object(replicas) = replicas {
            replicas.entry("desired").or_insert(json!(0));
            replicas.insert("ready".to_owned(), json!(ready));
            replicas.insert("programmed".to_owned(), json!(programmed));
        }
    }
    let generation = match &sources.meta.undecodable {
        Some(_) => Some(json!(sources.meta.generation)),
        None => status.get("observedGeneration").cloned(),
    };
    if let Some(generation) = &generation {
        status.insert("observedGeneration".to_owned(), generation.clone());
    }
    if let Some(spec) = sources.last_accepted {
        status.insert("lastAcceptedSpec".to_owned(), spec);
    }
    status.insert("conditions".to_owned(), dated(conditions, generation.as_ref(), observed, now));
    Wanted {
        status: Value::Object(status),
        pending,
        unheard,
    }
}

/// The first condition that a fact holds `Ready` back by: the one that matters most.
fn held_back(conditions: &[Condition], fact: &Fact) -> Option<Condition> {
    let mut held = fact.holds_ready.iter().filter_map(|type_| {
        let condition = conditions.iter().find(|condition| condition.type_ == *type_)?;
        (!condition.holds()).then_some(condition)
    });
    held.next().cloned()
}

fn ready(conditions: &[Condition]) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == "Ready")
}

fn upsert(conditions: &mut Vec<Condition>, new: Condition) {
    match conditions.iter_mut().find(|known| known.type_ == new.type_) {
        Some(known) => *known = new,
        None => conditions.push(new),
    }
}

fn overlay(status: &mut Map<String, Value>, fields: &Map<String, Value>) {
    for (name, value) in fields {
        match (status.get_mut(name), value) {
            (Some(Value::Object(known)), Value::Object(more)) => overlay(known, more),
            _ => drop(status.insert(name.clone(), value.clone())),
        }
    }
}

/// The conditions as JSON, each with its generation and the time since when it has been so.
fn dated(conditions: Vec<Condition>, generation: Option<&Value>, observed: &Value, now: Timestamp) -> Value {
    let now = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let conditions = conditions.into_iter().map(|mut condition| {
        let before = condition_of(observed, &condition.type_);
        let same = before.filter(|before| before.get("status").and_then(Value::as_str) == Some(status_word(condition.status)));
        let since = same.and_then(|same| same.get("lastTransitionTime")).and_then(Value::as_str);
        condition.last_transition_time = Some(since.map_or_else(|| now.clone(), str::to_owned));
        condition.observed_generation = generation.and_then(Value::as_i64);
        serde_json::to_value(condition).unwrap_or_default()
    });
    Value::Array(conditions.collect())
}

fn status_word(status: ConditionStatus) -> &'static str {
    match status {
        ConditionStatus::True => "True",
        ConditionStatus::False => "False",
        ConditionStatus::Unknown => "Unknown",
    }
}

/// A condition of a status in JSON.
pub fn condition_of<'a>(status: &'a Value, type_: &str) -> Option<&'a Value> {
    let conditions = status.get("conditions")?.as_array()?;
    conditions
        .iter()
        .find(|condition| condition.get("type").and_then(Value::as_str) == Some(type_))
}
