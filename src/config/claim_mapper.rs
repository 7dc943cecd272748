//! ClaimMappers: whose tokens get which further claims.

use super::input::{Accepted, Key, Kind, Object, Objects, Resources};
use super::memory::Rules;
use super::refusal::{Aspect, Refusal};
use super::snapshot::{Snapshot, UserStoreKind};
use super::verdict::{Status, Verdict};
use super::world::World;
use crate::oauth::attributes::{self, Attributes};
use crate::oauth::cel::Expression;
use crate::oauth::claim_rules::{
    ClaimPlace, ClaimRule, ClaimSource, PersonAttribute, StandardType, Subject, is_protocol_claim, standard_type,
};
use crate::oauth::claims::Profile;
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
    /// What each spec comes to by itself, for the next compilation
    pub(super) parsed: Vec<(Arc<Object<ClaimMapperSpec>>, Rules)>,
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
    let mut parsed = Vec::new();
    let mut taken: BTreeMap<(Key, String, ClaimPlace), Key> = BTreeMap::new();
    let mut order: Vec<(&Key, &Arc<Object<ClaimMapperSpec>>)> = world.resources.claim_mappers.iter().collect();
    // Who had a claim keeps it.
    order.sort_by_key(|(key, object)| object.seniority(previous.claim_mappers.contains_key(*key), key));
    for (key, object) in order {
        let mut judge = |object: &Arc<Object<ClaimMapperSpec>>| {
            let parse = || Ok(rules(key, &object.spec)?.into_iter().map(Arc::new).collect());
            let rules: Rules = world.known_rules(object).unwrap_or_else(parse);
            parsed.push((Arc::clone(object), rules.clone()));
            evaluate(world, key, &object.spec, rules?, &taken)
        };
        let latest = judge(object);
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
                let earlier = before.and_then(|before| judge(before).ok());
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
    mappers.parsed = parsed;
    mappers
}

type Outcome = (Vec<Arc<ClaimRule>>, BTreeSet<Key>);

fn evaluate(
    world: &World<'_>,
    key: &Key,
    spec: &ClaimMapperSpec,
    rules: Vec<Arc<ClaimRule>>,
    taken: &BTreeMap<(Key, String, ClaimPlace), Key>,
) -> Result<Outcome, Refusal> {
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
    Ok((rules, servers))
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
/// `InvalidSpec`, `ExampleFailed`.
fn rules(key: &Key, spec: &ClaimMapperSpec) -> Result<Vec<ClaimRule>, Refusal> {
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
        match rule(key, claim) {
            Ok(rule) => rules.push(rule),
            Err(fault) => faults.push(format!("claims: {}: {fault}", claim.name)),
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::spec(&faults));
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

fn rule(key: &Key, claim: &MappedClaim) -> Result<ClaimRule, String> {
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
        ClaimOrigin::Attribute => attribute(claim.attribute.as_deref().unwrap_or_default())?,
        ClaimOrigin::Static => {
            let value = claim.value.clone().unwrap_or_default();
            if value.is_null() || value.to_string().len() > LONGEST_VALUE {
                return Err(format!("value is null, or longer than {LONGEST_VALUE} bytes"));
            }
            ClaimSource::Static(value)
        }
        ClaimOrigin::Cel => {
            let text = claim.expression.as_deref().unwrap_or_default();
            let expression = Expression::compile(text).map_err(|fault| format!("expression: {fault}"))?;
            ClaimSource::Cel(expression)
        }
    };
    if let Some(wanted) = other_type(&claim.name, &source) {
        return Err(format!("this claim is {wanted} wherever it is read"));
    }
    let can_fail = matches!(source, ClaimSource::Cel(_) | ClaimSource::Further(_));
    Ok(ClaimRule {
        name: claim.name.clone(),
        source,
        places: claim.in_.iter().map(|place| place_of(*place)).collect(),
        mapper: if can_fail { key.to_string() } else { String::new() },
    })
}

fn place_of(place: claim_mapper::ClaimPlace) -> ClaimPlace {
    match place {
        claim_mapper::ClaimPlace::IdToken => ClaimPlace::IdToken,
        claim_mapper::ClaimPlace::AccessToken => ClaimPlace::AccessToken,
        claim_mapper::ClaimPlace::Userinfo => ClaimPlace::Userinfo,
    }
}

fn attribute(name: &str) -> Result<ClaimSource, String> {
    if let Some(attribute) = PersonAttribute::named(name) {
        return Ok(ClaimSource::Attribute(attribute));
    }
    match attributes::name_fault(name) {
        Some(fault) => Err(format!("attribute: {name:?} {fault}")),
        None => Ok(ClaimSource::Further(name.to_owned())),
    }
}

/// The claims of the standard (OpenID Connect Core §5.1) keep their types, for whoever reads them. What an expression comes to is seen when it does.
fn other_type(name: &str, source: &ClaimSource) -> Option<&'static str> {
    let wanted = standard_type(name)?;
    let fits = match source {
        ClaimSource::Static(value) => wanted.fits(value),
        ClaimSource::Groups | ClaimSource::Roles => wanted == StandardType::Names,
        ClaimSource::Attribute(_) | ClaimSource::Further(_) => wanted == StandardType::Text,
        ClaimSource::Cel(_) => true,
    };
    (!fits).then(|| wanted.as_str())
}

fn check(rules: &[ClaimRule], number: usize, example: &ClaimExample) -> Vec<String> {
    let user = &example.user;
    let further: Attributes = user.attributes.iter().map(|(name, texts)| (name.clone(), texts.to_vec())).collect();
    let mut failed: Vec<String> = attributes::faults(&further)
        .into_iter()
        .map(|fault| format!("examples: number {number}: user.{fault}"))
        .collect();
    let person = Profile {
        username: user.username.clone().unwrap_or_default(),
        name: user.display_name.clone(),
        given_name: user.given_name.clone(),
        family_name: user.family_name.clone(),
        email: user.email.clone(),
        email_verified: user.email_verified,
        attributes: further,
        groups: user.groups.clone(),
        roles: user.roles.clone(),
        ..Profile::default()
    };
    let client = example.client.as_ref().map_or("", |client| client.id.as_str());
    let subject = Subject::new(Some(&person), client);
    for (name, expected) in &example.claims {
        let made: Vec<&ClaimRule> = rules.iter().filter(|rule| rule.name == *name).collect();
        if made.is_empty() && !expected.is_null() {
            failed.push(format!("examples: number {number} expects {name}, which no claim makes"));
        }
        for rule in made {
            let outcome = match rule.value(&subject) {
                Ok(value) if value.as_ref().unwrap_or(&Value::Null) == expected => continue,
                Ok(value) => format!("it is {}", value.unwrap_or_default()),
                Err(failure) => format!("it is left out: {}", failure.in_full()),
            };
            failed.push(format!("examples: number {number} expects {name} to be {expected}, but {outcome}"));
        }
    }
    failed
}

/// Further attributes that nobody's directory or manifest names. They may come, so they are no fault; most likely they are slips.
fn unknown_attributes<'a>(decision: &'a Decision, snapshots: &BTreeMap<Key, Arc<Snapshot>>) -> Vec<&'a str> {
    let wanted = decision.rules.iter().filter_map(|rule| match &rule.source {
        ClaimSource::Further(name) => Some(name.as_str()),
        _ => None,
    });
    let mut wanted: BTreeSet<&str> = wanted.collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    for snapshot in decision.servers.iter().filter_map(|server| snapshots.get(server)) {
        for store in &snapshot.user_stores {
            if let UserStoreKind::Ldap(config) = &store.kind {
                wanted.retain(|name| !config.attributes.contains_key(*name));
            }
        }
        for user in snapshot.users.iter().filter(|user| !user.attributes.is_empty()) {
            wanted.retain(|name| !user.attributes.contains_key(*name));
        }
    }
    wanted.into_iter().collect()
}

/// The verdict on each.
pub fn verdicts(resources: &Resources, mappers: &Mappers, snapshots: &BTreeMap<Key, Arc<Snapshot>>) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (key, object) in &resources.claim_mappers {
        let Some(decision) = mappers.decisions.get(key) else {
            continue;
        };
        let servers: Vec<String> = decision.servers.iter().map(|server| server.name.clone()).collect();
        let ready = match &decision.refusal {
            Some(refusal) => refusal.ready(!decision.rules.is_empty()),
            None if servers.is_empty() => Condition::yes("Ready", "Accepted", "there is no AuthServer in its namespace yet"),
            None => {
                let unknown = unknown_attributes(decision, snapshots);
                let note = if unknown.is_empty() {
                    String::new()
                } else {
                    format!("; no UserStore and no User there has the attribute {} yet", unknown.join(", "))
                };
                Condition::yes("Ready", "Served", format!("in the tokens of {}{note}", servers.join(", ")))
            }
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
