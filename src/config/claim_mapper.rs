//! ClaimMappers: whose tokens get which further claims.

use super::input::{Accepted, Key, Kind, Object, Objects, Resources};
use super::refusal::{Aspect, Refusal};
use super::verdict::{Status, Verdict};
use super::world::World;
use crate::oauth::claim_rules::{ClaimPlace, ClaimRule, ClaimSource, PersonAttribute, is_protocol_claim};
use crate::oauth::claims::{PersonClaims, Profile};
use crate::resources::claim_mapper::{self, ClaimExample, ClaimOrigin, MappedClaim};
use crate::resources::condition::Condition;
use crate::resources::{ClaimMapperSpec, ClaimMapperStatus};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A claim may take this much room in a token (as JSON), in bytes.
const LONGEST_VALUE: usize = 4096;

/// What was decided about one mapper.
#[derive(Clone, Debug)]
struct Decision {
    refusal: Option<Refusal>,
    /// What its form in force comes to
    rules: Vec<Arc<ClaimRule>>,
    servers: BTreeSet<Key>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Mappers {
    decisions: BTreeMap<Key, Decision>,
    /// What was accepted
    pub accepted: Objects<ClaimMapperSpec>,
}

impl Mappers {
    /// The further claims of a server's tokens.
    pub fn rules_for(&self, server: &Key) -> Vec<Arc<ClaimRule>> {
        let mappers = self.decisions.values().filter(|decision| decision.servers.contains(server));
        mappers.flat_map(|decision| decision.rules.iter().cloned()).collect()
    }

    /// The servers that each mapper reaches.
    pub fn reach(&self) -> impl Iterator<Item = (&Key, &BTreeSet<Key>)> {
        let reaching = self.decisions.iter().filter(|(_, decision)| !decision.servers.is_empty());
        reaching.map(|(key, decision)| (key, &decision.servers))
    }
}

/// Judges mappers. A refused edit leaves the last accepted form in force.
pub fn decide(world: &World<'_>, previous: &Accepted) -> Mappers {
    let mut mappers = Mappers::default();
    let mut taken: BTreeMap<(Key, String, ClaimPlace), Key> = BTreeMap::new();
    let mut order: Vec<(&Key, &Arc<Object<ClaimMapperSpec>>)> = world.resources.claim_mappers.iter().collect();
    // Who had a claim keeps it.
    order.sort_by_key(|(key, object)| object.seniority(previous.claim_mappers.contains_key(*key), key));
    for (key, object) in order {
        let latest = evaluate(world, key, &object.spec, &taken);
        let before = previous.claim_mappers.get(key);
        let decision = match latest {
            Ok((rules, servers)) => {
                mappers.accepted.insert(key.clone(), Arc::clone(object));
                Decision {
                    refusal: None,
                    rules,
                    servers,
                }
            }
            Err(refusal) => {
                mappers.accepted.extend(before.map(|before| (key.clone(), Arc::clone(before))));
                let earlier = before.and_then(|before| evaluate(world, key, &before.spec, &taken).ok());
                let (rules, servers) = earlier.unwrap_or_default();
                Decision {
                    refusal: Some(refusal),
                    rules,
                    servers,
                }
            }
        };
        for server in &decision.servers {
            for rule in &decision.rules {
                for place in &rule.places {
                    taken.insert((server.clone(), rule.name.clone(), *place), key.clone());
                }
            }
        }
        mappers.decisions.insert(key.clone(), decision);
    }
    mappers
}

type Outcome = (Vec<Arc<ClaimRule>>, BTreeSet<Key>);

fn evaluate(
    world: &World<'_>,
    key: &Key,
    spec: &ClaimMapperSpec,
    taken: &BTreeMap<(Key, String, ClaimPlace), Key>,
) -> Result<Outcome, Refusal> {
    let rules = rules(spec)?;
    let servers = servers(world, key, spec)?;
    for server in &servers {
        for rule in &rules {
            let other = rule
                .places
                .iter()
                .find_map(|place| taken.get(&(server.clone(), rule.name.clone(), *place)));
            if let Some(other) = other {
                let message = format!("claims: {} is made by ClaimMapper {other} already", rule.name);
                return Err(Refusal::new(Aspect::References, "ClaimTaken", message));
            }
        }
    }
    Ok((rules.into_iter().map(Arc::new).collect(), servers))
}

fn servers(world: &World<'_>, key: &Key, spec: &ClaimMapperSpec) -> Result<BTreeSet<Key>, Refusal> {
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

/// The rules that a spec amounts to, examples checked.
///
/// # Errors
/// `InvalidSpec`, `NotServedYet` for CEL, `ExampleFailed`.
pub fn rules(spec: &ClaimMapperSpec) -> Result<Vec<ClaimRule>, Refusal> {
    let mut faults = Vec::new();
    if spec.claims.is_empty() {
        faults.push("claims is empty".to_owned());
    }
    let mut seen = BTreeSet::new();
    let mut rules = Vec::new();
    for claim in &spec.claims {
        for place in &claim.in_ {
            if !seen.insert((claim.name.as_str(), *place)) {
                faults.push(format!("claims: {} is made twice in the same place", claim.name));
            }
        }
        match rule(claim) {
            Ok(rule) => rules.extend(rule),
            Err(fault) => faults.push(format!("claims: {}: {fault}", claim.name)),
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::spec(&faults));
    }
    if let Some(claim) = spec.claims.iter().find(|claim| claim.from == ClaimOrigin::Cel) {
        let message = format!("claims: {}: from: cel is not served yet by this release", claim.name);
        return Err(Refusal::new(Aspect::Spec, "NotServedYet", message));
    }
    let failed: Vec<String> = (1..)
        .zip(&spec.examples)
        .flat_map(|(number, example)| check(&rules, number, example))
        .collect();
    if failed.is_empty() {
        Ok(rules)
    } else {
        Err(Refusal::new(Aspect::Spec, "ExampleFailed", failed.join("; ")))
    }
}

/// `None` for CEL, of which only the form can be checked.
fn rule(claim: &MappedClaim) -> Result<Option<ClaimRule>, String> {
    if claim.name.is_empty() || claim.name.len() > 128 || claim.name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("a name is 1 to 128 bytes without spaces".to_owned());
    }
    if is_protocol_claim(&claim.name) {
        return Err("the protocol has a meaning for this claim; choose another name".to_owned());
    }
    if claim.in_.is_empty() {
        return Err("in is empty: name id_token, access_token or userinfo".to_owned());
    }
    for (field, there, origin) in [
        ("attribute", claim.attribute.is_some(), ClaimOrigin::Attribute),
        ("value", claim.value.is_some(), ClaimOrigin::Static),
        ("expression", claim.expression.is_some(), ClaimOrigin::Cel),
    ] {
        if there != (claim.from == origin) {
            let name = serde_json::to_value(origin).unwrap_or_default();
            return Err(format!(
                "{field} goes with from: {}, and only with it",
                name.as_str().unwrap_or_default()
            ));
        }
    }
    let source = match claim.from {
        ClaimOrigin::Groups => ClaimSource::Groups,
        ClaimOrigin::Roles => ClaimSource::Roles,
        ClaimOrigin::Attribute => ClaimSource::Attribute(attribute(claim.attribute.as_deref().unwrap_or_default())?),
        ClaimOrigin::Static => {
            let value = claim.value.clone().unwrap_or_default();
            if value.is_null() || value.to_string().len() > LONGEST_VALUE {
                return Err(format!("value is null, or longer than {LONGEST_VALUE} bytes"));
            }
            ClaimSource::Static(value)
        }
        ClaimOrigin::Cel => return Ok(None),
    };
    if let Some(wanted) = other_type(&claim.name, &source) {
        return Err(format!("this claim is {wanted} wherever it is read"));
    }
    Ok(Some(ClaimRule {
        name: claim.name.clone(),
        source,
        places: claim.in_.iter().map(|place| place_of(*place)).collect(),
    }))
}

fn place_of(place: claim_mapper::ClaimPlace) -> ClaimPlace {
    match place {
        claim_mapper::ClaimPlace::IdToken => ClaimPlace::IdToken,
        claim_mapper::ClaimPlace::AccessToken => ClaimPlace::AccessToken,
        claim_mapper::ClaimPlace::Userinfo => ClaimPlace::Userinfo,
    }
}

fn attribute(name: &str) -> Result<PersonAttribute, String> {
    serde_json::from_value(Value::from(name))
        .map_err(|_| format!("attribute: {name:?} is not one of username, email, displayName, givenName, familyName"))
}

/// The claims of the standard (OpenID Connect Core §5.1) keep their types, for whoever reads them.
fn other_type(name: &str, source: &ClaimSource) -> Option<&'static str> {
    if !PersonClaims::NAMES.contains(&name) {
        return None;
    }
    let (wanted, fits) = match (name, source) {
        ("groups", ClaimSource::Static(Value::Array(list))) => ("a list of names", list.iter().all(Value::is_string)),
        ("groups", source) => ("a list of names", matches!(source, ClaimSource::Groups | ClaimSource::Roles)),
        ("email_verified", source) => ("true or false", matches!(source, ClaimSource::Static(Value::Bool(_)))),
        ("updated_at", ClaimSource::Static(Value::Number(number))) => ("a time in seconds", number.is_i64()),
        ("updated_at", _) => ("a time in seconds", false),
        (_, source) => (
            "text",
            matches!(source, ClaimSource::Attribute(_) | ClaimSource::Static(Value::String(_))),
        ),
    };
    (!fits).then_some(wanted)
}

fn check(rules: &[ClaimRule], number: usize, example: &ClaimExample) -> Vec<String> {
    let user = &example.user;
    let person = Profile {
        username: user.username.clone().unwrap_or_default(),
        name: user.display_name.clone(),
        given_name: user.given_name.clone(),
        family_name: user.family_name.clone(),
        email: user.email.clone(),
        groups: user.groups.clone(),
        roles: user.roles.clone(),
        ..Profile::default()
    };
    let mut failed = Vec::new();
    for (name, expected) in &example.claims {
        let made: Vec<&ClaimRule> = rules.iter().filter(|rule| rule.name == *name).collect();
        if made.is_empty() && !expected.is_null() {
            failed.push(format!("examples: number {number} expects {name}, which no claim makes"));
        }
        for rule in made {
            let value = rule.value(Some(&person)).unwrap_or_default();
            if value != *expected {
                failed.push(format!(
                    "examples: number {number} expects {name} to be {expected}, but it is {value}"
                ));
            }
        }
    }
    failed
}

/// The verdict on each.
pub fn verdicts(resources: &Resources, mappers: &Mappers) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (key, object) in &resources.claim_mappers {
        let Some(decision) = mappers.decisions.get(key) else {
            continue;
        };
        let servers: Vec<String> = decision.servers.iter().map(|server| server.name.clone()).collect();
        let ready = match &decision.refusal {
            Some(refusal) => refusal.ready(!decision.rules.is_empty()),
            None if servers.is_empty() => Condition::yes("Ready", "Accepted", "there is no AuthServer in its namespace yet"),
            None => Condition::yes("Ready", "Served", format!("in the tokens of {}", servers.join(", "))),
        };
        verdicts.push(Verdict {
            kind: Kind::ClaimMapper,
            key: key.clone(),
            status: Status::ClaimMapper(ClaimMapperStatus {
                conditions: vec![ready],
                observed_generation: object.generation,
                servers,
                last_accepted_spec: None,
            }),
        });
    }
    verdicts
}
