//! Roles: which declared users have them, and what servers get of them.

use super::input::{Key, Resources};
use super::people::{People, store_id, store_of, text_fault};
use super::refusal::{Aspect, Refusal};
use super::snapshot::{RoleConfig, UserStoreKind};
use crate::resources::RoleSpec;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was decided about one role.
#[derive(Clone, Debug)]
pub struct RoleDecision {
    /// What is wrong with it
    pub refusal: Option<Refusal>,
    /// The role as servers get it
    pub config: Option<Arc<RoleConfig>>,
    /// How many declared users have it
    pub users: u32,
}

/// Judges roles, once users and groups are known.
pub fn decide(resources: &Resources, people: &People) -> BTreeMap<Key, RoleDecision> {
    resources
        .roles
        .iter()
        .map(|(key, object)| {
            let decision = role(resources, people, key, &object.spec).unwrap_or_else(|refusal| RoleDecision {
                refusal: Some(refusal),
                config: None,
                users: 0,
            });
            (key.clone(), decision)
        })
        .collect()
}

fn role(resources: &Resources, people: &People, key: &Key, spec: &RoleSpec) -> Result<RoleDecision, Refusal> {
    let name = spec.name.clone().unwrap_or_else(|| key.name.clone());
    let texts = std::iter::once(("name", &name))
        .chain(spec.groups.iter().map(|group| ("groups", group)))
        .chain(spec.users.iter().map(|user| ("users", user)));
    let mut faults: Vec<String> = texts
        .filter_map(|(field, text)| text_fault(text, 255).map(|fault| format!("{field}: {text:?} {fault}")))
        .collect();
    if spec.groups.is_empty() && spec.users.is_empty() {
        faults.push("groups and users are empty: name whoever has the role".to_owned());
    }
    if !faults.is_empty() {
        return Err(Refusal::spec(&faults));
    }
    let store = store_of(resources, &people.stores, &key.namespace, spec.user_store_ref.as_ref())?;
    let config = RoleConfig {
        store: store_id(&store),
        name,
        groups: spec.groups.iter().cloned().collect(),
        users: spec.users.iter().map(|user| user.to_lowercase()).collect(),
    };
    let declared = || people.users.values().filter_map(|user| user.declared.as_ref());
    let here = || declared().filter(|user| user.store == config.store);
    let holders = here().filter(|user| {
        config.users.contains(&user.username.to_lowercase()) || user.groups.iter().any(|group| config.groups.contains(group))
    });
    let users = u32::try_from(holders.count()).unwrap_or(u32::MAX);
    let names: BTreeSet<String> = here().map(|user| user.username.to_lowercase()).collect();
    let empty_groups = resources
        .groups
        .iter()
        .map(|(key, group)| group.spec.name.as_ref().unwrap_or(&key.name));
    let groups: BTreeSet<&String> = here().flat_map(|user| &user.groups).chain(empty_groups).collect();
    let missing: Vec<String> = config
        .users
        .difference(&names)
        .map(|user| format!("user {user}"))
        .chain(
            config
                .groups
                .iter()
                .filter(|group| !groups.contains(group))
                .map(|group| format!("group {group}")),
        )
        .collect();
    // Whom a directory knows is not known here.
    let is_directory = matches!(people.stores.get(&store), Some(UserStoreKind::Ldap(_)));
    let refusal = (!missing.is_empty() && !is_directory).then(|| {
        let message = format!("UserStore {store} has no declared {}; the others have the role", missing.join(", "));
        Refusal::new(Aspect::References, "MemberNotFound", message)
    });
    Ok(RoleDecision {
        refusal,
        config: Some(Arc::new(config)),
        users,
    })
}
