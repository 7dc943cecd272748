//! Which servers a resource reaches, and which server a client is served by.

use super::claim_mapper::Mappers;
use super::clients::{Clients, Decision};
use super::identity_provider::Providers;
use super::input::{Key, Kind};
use super::people::{People, store_id};
use super::snapshot::Snapshot;
use super::verdict::Rotation;
use super::world::World;
use crate::oauth::ids::{ClientId, UserStoreId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The servers of policies, user stores, users and groups, mappers and providers.
pub fn governed(
    world: &World<'_>,
    people: &People,
    mappers: &Mappers,
    providers: &Providers,
    snapshots: &BTreeMap<Key, Arc<Snapshot>>,
) -> BTreeMap<(Kind, Key), BTreeSet<Key>> {
    let mut reached: BTreeMap<(Kind, Key), BTreeSet<Key>> = BTreeMap::new();
    let mut by_store: BTreeMap<&UserStoreId, BTreeSet<Key>> = BTreeMap::new();
    for (server, snapshot) in snapshots {
        for (kind, policy) in world.selected_by(server) {
            reached.entry((kind, policy.clone())).or_default().insert(server.clone());
        }
        for store in &snapshot.user_stores {
            by_store.entry(&store.id).or_default().insert(server.clone());
        }
    }
    let mut lives_in = |kind: Kind, key: &Key, store: &UserStoreId| {
        if let Some(servers) = by_store.get(store) {
            reached.insert((kind, key.clone()), servers.clone());
        }
    };
    for store in people.stores.keys() {
        lives_in(Kind::UserStore, store, &store_id(store));
    }
    for (key, user) in &people.users {
        if let Some(user) = &user.declared {
            lives_in(Kind::User, key, &user.store);
        }
    }
    for (key, group) in &people.groups {
        if let Some(store) = &group.store {
            lives_in(Kind::Group, key, &store_id(store));
        }
    }
    for (key, role) in &people.roles {
        if let Some(role) = &role.config {
            lives_in(Kind::Role, key, &role.store);
        }
    }
    for (key, servers) in mappers.reach() {
        reached.insert((Kind::ClaimMapper, key.clone()), servers.clone());
    }
    for (key, servers) in providers.reach() {
        reached.insert((Kind::IdentityProvider, key.clone()), servers.clone());
    }
    reached
}

/// The server of each client in force, and its `client_id` there.
pub fn client_servers(decisions: &BTreeMap<Key, Decision>) -> BTreeMap<Key, (Key, ClientId)> {
    decisions
        .iter()
        .filter_map(|(key, decision)| {
            let served = decision.served.as_ref()?;
            let client = served.client.as_ref()?;
            Some((key.clone(), (served.server.clone(), client.id.clone())))
        })
        .collect()
}

/// When the secrets of clients in force are renewed.
pub fn rotations(decisions: &BTreeMap<Key, Decision>) -> BTreeMap<Key, Rotation> {
    decisions
        .iter()
        .filter_map(|(key, decision)| {
            let served = decision.served.as_ref().filter(|served| served.client.is_some())?;
            Some((key.clone(), served.rotation.clone()?))
        })
        .collect()
}

/// Whose grants a server ends.
pub fn departed(clients: &Clients, server: &Key) -> BTreeSet<ClientId> {
    let here = clients.departing.values().filter(|(named, _)| named == server);
    here.map(|(_, id)| id.clone()).collect()
}

/// Clients that are being deleted, where there is something to end.
pub fn departing(clients: &Clients, snapshots: &BTreeMap<Key, Arc<Snapshot>>) -> BTreeMap<Key, (Key, ClientId)> {
    let all = clients.departing.iter().filter(|(_, (server, _))| snapshots.contains_key(server));
    all.map(|(key, place)| (key.clone(), place.clone())).collect()
}
