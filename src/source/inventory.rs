//! All files together: the resources that they declare, and what is declared twice.

use super::manifest::{Content, Document};
use super::problem::{Place, Problem};
use crate::config::input::{Key, Kind, Resources};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the manifests declare.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// For `compile`
    pub resources: Resources,
    /// Where each resource is written
    pub places: BTreeMap<(Kind, Key), Place>,
    /// What is declared twice
    pub problems: Vec<Problem>,
}

/// Collects documents. Of two with the same kind, namespace and name the first counts, in the order of paths and lines.
pub fn collect<'a>(documents: impl Iterator<Item = &'a Document>) -> Inventory {
    let mut inventory = Inventory::default();
    let mut first_places: BTreeMap<(&'static str, Key), Place> = BTreeMap::new();
    for document in documents {
        let id = (document.content.kind(), document.key.clone());
        if let Some(first) = first_places.get(&id) {
            let message = format!("{} {} is declared already at {first}; that one counts", id.0, id.1);
            inventory.problems.push(Problem::error(document.place.clone(), message));
            continue;
        }
        first_places.insert(id, document.place.clone());
        if let Some(kind) = document.content.verdict_kind() {
            inventory.places.insert((kind, document.key.clone()), document.place.clone());
        }
        add(&mut inventory.resources, document);
    }
    inventory
}

fn add(resources: &mut Resources, document: &Document) {
    let key = document.key.clone();
    match document.content.clone() {
        Content::AuthServer(object) => {
            resources.servers.insert(key, Arc::from(object));
        }
        Content::AuthClient(object) => {
            resources.clients.insert(key, Arc::new(*object));
        }
        Content::AuthPolicy(object) => {
            resources.policies.insert(key, Arc::new(*object));
        }
        Content::ClusterAuthPolicy(object) => {
            resources.cluster_policies.insert(key, Arc::new(*object));
        }
        Content::UserStore(object) => {
            resources.user_stores.insert(key, Arc::from(object));
        }
        Content::User(object) => {
            resources.users.insert(key, Arc::new(*object));
        }
        Content::Group(object) => {
            resources.groups.insert(key, Arc::new(object));
        }
        Content::Role(object) => {
            resources.roles.insert(key, Arc::new(object));
        }
        Content::ClaimMapper(object) => {
            resources.claim_mappers.insert(key, Arc::new(*object));
        }
        Content::IdentityProvider(object) => {
            resources.identity_providers.insert(key, Arc::new(*object));
        }
        Content::Secret(secret) => {
            resources.secrets.insert(key, Arc::new(secret));
        }
        Content::Namespace(labels) => {
            resources.namespaces.insert(key.name, labels);
        }
    }
}
