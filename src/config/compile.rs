//! Resources in; snapshots, verdicts and wanted secrets out. Pure: the same input gives the same output.

use super::claim_mapper::Mappers;
use super::clients::{self, Clients, Decision};
use super::identity_provider::{self, Providers};
use super::input::{Accepted, Key, Kind, Objects, Options, Resources, Runtime};
use super::people::{self, People, store_id};
use super::snapshot::{DeclaredUser, Revision, Snapshot, UserStoreConfig, UserStoreKind};
use super::verdict::{Compiled, Status, Verdict};
use super::world::{Standing, World};
use super::{claim_mapper, rate, reach, revision, server, user_store};
use crate::resources::auth_policy::ViolationStatus;
use crate::resources::condition::Condition;
use crate::resources::{
    AuthPolicySpec, AuthPolicyStatus, AuthServerSpec, AuthServerStatus, GroupStatus, RoleStatus, UserStatus, UserStoreStatus,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A policy's status lists at most this many violations; the count is of all.
const VIOLATIONS_LISTED: usize = 50;

/// Compiles resources into one snapshot per AuthServer and one verdict per resource. `previous` is what the compilation before this
/// one accepted: a refused edit leaves its resource's earlier form in force, but always within what policies allow now.
pub fn compile(resources: &Resources, options: &Options, previous: &Accepted) -> Compiled {
    let world = World::new(resources, options, previous);
    let clients = clients::decide(&world, previous);
    let decisions = &clients.decisions;
    let people = people::decide(resources, previous);
    let mappers = claim_mapper::decide(&world, previous);
    let providers = identity_provider::decide(&world, previous);
    let mut verdicts = Vec::new();
    let mut snapshots = BTreeMap::new();
    for (key, standing) in &world.servers {
        let snapshot = standing
            .in_force
            .as_ref()
            .map(|object| Arc::new(build(&world, key, &object.spec, &clients, &people, &mappers, &providers)));
        verdicts.push(server_verdict(&world, key, standing, &people, snapshot.as_deref()));
        snapshots.extend(snapshot.map(|snapshot| (key.clone(), snapshot)));
    }
    let exposure = exposure(&world, decisions);
    for (kind, standings) in [
        (Kind::ClusterAuthPolicy, &world.cluster_policies),
        (Kind::AuthPolicy, &world.policies),
    ] {
        for (key, standing) in standings {
            let exposed = exposure.get(&(kind, key.clone())).cloned().unwrap_or_default();
            verdicts.push(policy_verdict(&world, kind, key, standing, exposed));
        }
    }
    // Both maps have the same keys.
    for ((key, object), decision) in resources.clients.iter().zip(decisions.values()) {
        verdicts.push(Verdict {
            kind: Kind::AuthClient,
            key: key.clone(),
            status: Status::AuthClient(clients::status(key, object, decision)),
        });
    }
    verdicts.extend(people_verdicts(resources, &people));
    verdicts.extend(claim_mapper::verdicts(resources, &mappers, &snapshots));
    verdicts.extend(identity_provider::verdicts(resources, &providers));
    let mut secrets_wanted: Vec<_> = decisions
        .values()
        .filter_map(|decision| decision.served.as_ref().and_then(|served| served.wanted.clone()))
        .collect();
    secrets_wanted.sort_by(|a, b| a.secret.cmp(&b.secret));
    Compiled {
        departing: reach::departing(&clients, &snapshots),
        governed: reach::governed(&world, &people, &mappers, &providers, &snapshots),
        client_servers: reach::client_servers(decisions),
        rotations: reach::rotations(decisions),
        snapshots,
        verdicts: verdicts.into_iter().map(Arc::new).collect(),
        secrets_wanted,
        accepted: Accepted {
            servers: in_force(&world.servers),
            clients: clients.accepted,
            policies: in_force(&world.policies),
            cluster_policies: in_force(&world.cluster_policies),
            users: people.accepted,
            user_stores: people.accepted_stores,
            claim_mappers: mappers.accepted,
            identity_providers: providers.accepted,
            memory: clients.memory.with_mappers(mappers.parsed.into_iter()),
        },
    }
}

fn in_force<S>(standings: &BTreeMap<Key, Standing<S>>) -> Objects<S> {
    standings
        .iter()
        .filter_map(|(key, standing)| standing.in_force.clone().map(|object| (key.clone(), object)))
        .collect()
}

/// The stores that a server names, in order, and what is wrong with the others.
fn stores_of(world: &World<'_>, key: &Key, spec: &AuthServerSpec, people: &People) -> (Vec<Key>, Vec<String>) {
    let mut found = Vec::new();
    let mut faults = Vec::new();
    for reference in spec.user_store_ref.iter().chain(&spec.user_store_refs) {
        let namespace = reference.namespace.as_ref().unwrap_or(&key.namespace);
        let store = Key::new(namespace.clone(), reference.name.clone());
        let admitted = || {
            let object = world.resources.user_stores.get(&store);
            object.is_some_and(|object| user_store::admits(world.resources, &object.spec.allowed_servers, &store, key))
        };
        let usable = people.stores.contains_key(&store) && admitted();
        if !usable {
            faults.push(format!(
                "UserStore {store} is not there, was refused, or its allowedServers does not let AuthServers of namespace {} in",
                key.namespace
            ));
        } else if !found.contains(&store) {
            found.push(store);
        }
    }
    (found, faults)
}

fn build(
    world: &World<'_>,
    key: &Key,
    spec: &AuthServerSpec,
    all: &Clients,
    people: &People,
    mappers: &Mappers,
    providers: &Providers,
) -> Snapshot {
    let (stores, _) = stores_of(world, key, spec, people);
    let clients: HashMap<_, _> = all
        .decisions
        .values()
        .filter_map(|decision| decision.served.as_ref())
        .filter(|served| served.server == *key)
        .filter_map(|served| served.client.as_ref())
        .map(|client| (client.id.clone(), Arc::clone(client)))
        .collect();
    let ids: Vec<_> = stores.iter().map(store_id).collect();
    let users: Vec<Arc<DeclaredUser>> = people
        .users
        .values()
        .filter_map(|decision| decision.declared.clone())
        .filter(|user| ids.contains(&user.store))
        .collect();
    let roles = people.roles.values().filter_map(|decision| decision.config.clone());
    let mut roles: Vec<_> = roles.filter(|role| ids.contains(&role.store)).collect();
    roles.sort();
    let mut snapshot = Snapshot {
        departed: reach::departed(all, key),
        revision: Revision(String::new()),
        server: key.to_string(),
        issuer: world.issuer(key).to_owned(),
        signing: server::signing_policy(&spec.signing),
        clients,
        user_stores: stores
            .iter()
            .filter_map(|key| {
                let kind = people.stores.get(key)?.clone();
                Some(Arc::new(UserStoreConfig { id: store_id(key), kind }))
            })
            .collect(),
        users,
        roles,
        identity_providers: providers.of(key),
        claim_rules: mappers.rules_for(key),
        branding: server::branding(spec.branding.as_ref()),
        rate_limits: rate::limits(spec.rate_limits.as_ref()),
        passwords: world.password_rules(key),
    };
    snapshot.revision = revision::of(&snapshot);
    snapshot
}

/// A number with its noun.
fn plural(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

fn plural_have(users: u32) -> String {
    format!(
        "{} {}",
        plural(users as usize, "declared user"),
        if users == 1 { "has" } else { "have" }
    )
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn server_verdict(
    world: &World<'_>,
    key: &Key,
    standing: &Standing<AuthServerSpec>,
    people: &People,
    snapshot: Option<&Snapshot>,
) -> Verdict {
    let mut conditions = Vec::new();
    let spec = standing.in_force.as_ref().map(|object| &object.spec);
    let faults = spec.map(|spec| stores_of(world, key, spec, people).1).unwrap_or_default();
    let (clients, users) = snapshot.map_or((0, 0), |snapshot| (snapshot.clients.len(), snapshot.users.len()));
    conditions.push(match &standing.refusal {
        Some(refusal) => refusal.ready(standing.in_force.is_some()),
        None if !faults.is_empty() => Condition::no(
            "Ready",
            "UserStoreNotReady",
            format!("{}; clients are served, but nobody can log in from there", faults.join("; ")),
        ),
        None => Condition::yes(
            "Ready",
            "Serving",
            format!("{}, {}", plural(clients, "client"), plural(users, "declared user")),
        ),
    });
    if !faults.is_empty() {
        conditions.push(Condition::no("ReferencesResolved", "UserStoreNotReady", faults.join("; ")));
    } else if standing.in_force.is_some() {
        conditions.push(Condition::yes(
            "ReferencesResolved",
            "Resolved",
            "every UserStore that it names is there",
        ));
    }
    conditions.extend(spec.map(|spec| server::unserved(spec, world.options.runtime)).unwrap_or_default());
    if let Some(generation) = world.resources.servers.get(key).and_then(|object| object.generation) {
        set_generation(&mut conditions, generation);
    }
    Verdict {
        kind: Kind::AuthServer,
        key: key.clone(),
        status: Status::AuthServer(AuthServerStatus {
            conditions,
            observed_generation: world.resources.servers.get(key).and_then(|object| object.generation),
            revision: snapshot.map(|snapshot| snapshot.revision.0.clone()),
            clients: snapshot.map(|_| count(clients)),
            users: snapshot.map(|_| count(users)),
            replicas: None,
            last_accepted_spec: None,
        }),
    }
}

fn set_generation(conditions: &mut [Condition], generation: i64) {
    for condition in conditions {
        condition.observed_generation = Some(generation);
    }
}

/// Whom a policy governs, and who asks for more than it allows.
#[derive(Clone, Debug, Default)]
struct Exposure {
    bound: usize,
    violations: Vec<ViolationStatus>,
}

fn exposure(world: &World<'_>, decisions: &BTreeMap<Key, Decision>) -> BTreeMap<(Kind, Key), Exposure> {
    let mut found: BTreeMap<(Kind, Key), Exposure> = BTreeMap::new();
    for ((key, object), decision) in world.resources.clients.iter().zip(decisions.values()) {
        let Ok(server) = world.server_for(key, &object.spec.auth_server_ref) else {
            continue;
        };
        let governing = world.audited_for(&server, key, object);
        governing.bound.set(governing.bound.get() + 1);
        let mut messages: BTreeMap<(Kind, &Key), Vec<String>> = BTreeMap::new();
        for (member, violation) in governing.violations(&decision.facts.ask) {
            let message = format!("{}: asks for {}, allowed: {}", violation.field, violation.asked, violation.allowed);
            messages.entry((member.kind, &member.key)).or_default().push(message);
        }
        for ((kind, policy), messages) in messages {
            found.entry((kind, policy.clone())).or_default().violations.push(ViolationStatus {
                client: key.to_string(),
                message: messages.join("; "),
            });
        }
    }
    for governing in world.governing_sets().iter().filter(|governing| governing.bound.get() > 0) {
        for member in &governing.members {
            found.entry((member.kind, member.key.clone())).or_default().bound += governing.bound.get();
        }
    }
    found
}

fn governs(exposed: &Exposure) -> String {
    let bound = plural(exposed.bound, "client");
    match exposed.violations.len() {
        0 => format!("governs {bound}"),
        more => format!("governs {bound}, of which {more} ask for more than it allows"),
    }
}

fn policy_verdict(world: &World<'_>, kind: Kind, key: &Key, standing: &Standing<AuthPolicySpec>, mut exposed: Exposure) -> Verdict {
    let declared = match kind {
        Kind::ClusterAuthPolicy => world.resources.cluster_policies.get(key),
        _ => world.resources.policies.get(key),
    };
    let is_idle = kind == Kind::AuthPolicy && standing.in_force.is_some() && !world.is_selected(kind, key);
    let idle = || format!("no AuthServer in namespace {} selects it by its labels", key.namespace);
    let mut conditions = vec![match &standing.refusal {
        Some(refusal) => refusal.ready(standing.in_force.is_some()),
        // Most often a label that is missing or mistyped: where people look first they should see that nobody obeys it.
        None if is_idle => Condition::yes("Ready", "NotSelected", format!("it governs nobody: {}", idle())),
        None => Condition::yes("Ready", "InForce", governs(&exposed)),
    }];
    if is_idle {
        conditions.push(Condition::no("Selected", "NotSelected", idle()));
    }
    let rotates = standing
        .in_force
        .as_ref()
        .and_then(|object| object.spec.client_authentication.as_ref())
        .and_then(|authentication| authentication.secret_rotation.as_ref())
        .is_some_and(|rotation| rotation.enabled);
    if rotates && world.options.runtime == Runtime::Files {
        conditions.push(Condition::no(
            "SecretRotation",
            "NotServedYet",
            "only the operator renews client secrets by schedule: delete a client's Secret to get a new one",
        ));
    }
    let generation = declared.and_then(|object| object.generation);
    if let Some(generation) = generation {
        set_generation(&mut conditions, generation);
    }
    let violation_count = count(exposed.violations.len());
    exposed.violations.truncate(VIOLATIONS_LISTED);
    Verdict {
        kind,
        key: key.clone(),
        status: Status::AuthPolicy(AuthPolicyStatus {
            conditions,
            observed_generation: generation,
            bound_clients: count(exposed.bound),
            violation_count,
            violations: exposed.violations,
            last_accepted_spec: None,
        }),
    }
}

fn people_verdicts(resources: &Resources, people: &People) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (key, object) in &resources.user_stores {
        let id = store_id(key);
        let users = people
            .users
            .values()
            .filter(|user| user.declared.as_ref().is_some_and(|user| user.store == id));
        let users = count(users.count());
        let ready = match people.store_refusals.get(key) {
            Some(refusal) => refusal.ready(people.stores.contains_key(key)),
            None => match people.stores.get(key) {
                Some(UserStoreKind::Ldap(config)) => {
                    let servers = plural(config.servers.len(), "server");
                    Condition::yes(
                        "Ready",
                        "StoreReady",
                        format!("a directory of {servers}; each pod says in its log and metrics how they answer"),
                    )
                }
                _ => Condition::yes("Ready", "StoreReady", plural(users as usize, "declared user")),
            },
        };
        verdicts.push(Verdict {
            kind: Kind::UserStore,
            key: key.clone(),
            status: Status::UserStore(UserStoreStatus {
                conditions: vec![ready],
                observed_generation: object.generation,
                users,
                servers: Vec::new(),
            }),
        });
    }
    for (key, object) in &resources.users {
        let Some(decision) = people.users.get(key) else {
            continue;
        };
        let ready = match &decision.refusal {
            Some(refusal) => refusal.ready(decision.earlier_form),
            None => Condition::yes("Ready", "UserDeclared", "can be used by the servers of its UserStore"),
        };
        verdicts.push(Verdict {
            kind: Kind::User,
            key: key.clone(),
            status: Status::User(UserStatus {
                conditions: vec![ready],
                observed_generation: object.generation,
                groups: decision.declared.as_ref().map(|user| user.groups.clone()).unwrap_or_default(),
                last_accepted_spec: None,
            }),
        });
    }
    for (key, object) in &resources.groups {
        let Some(decision) = people.groups.get(key) else {
            continue;
        };
        let ready = match &decision.refusal {
            Some(refusal) => refusal.ready(false),
            None => Condition::yes("Ready", "GroupDeclared", plural(decision.members as usize, "member")),
        };
        verdicts.push(Verdict {
            kind: Kind::Group,
            key: key.clone(),
            status: Status::Group(GroupStatus {
                conditions: vec![ready],
                observed_generation: object.generation,
                member_count: decision.members,
            }),
        });
    }
    for (key, object) in &resources.roles {
        let Some(decision) = people.roles.get(key) else {
            continue;
        };
        let ready = match &decision.refusal {
            Some(refusal) => refusal.ready(false),
            None => Condition::yes("Ready", "RoleDeclared", format!("{} it", plural_have(decision.users))),
        };
        verdicts.push(Verdict {
            kind: Kind::Role,
            key: key.clone(),
            status: Status::Role(RoleStatus {
                conditions: vec![ready],
                observed_generation: object.generation,
                users: decision.users,
            }),
        });
    }
    verdicts
}
