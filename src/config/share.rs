//! Two compilations in a row differ in little: what is equal is shared, so that `Arc::ptr_eq` tells what changed.

use super::snapshot::{DeclaredUser, Snapshot};
use super::verdict::Compiled;
use crate::oauth::ids::UserStoreId;
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::sync::Arc;

/// Puts the previous compilation's verdicts, snapshots, clients, stores, users, roles, providers and claims in place of equal ones.
pub fn share(compiled: &mut Compiled, previous: &Compiled) {
    let mut known = previous.verdicts.iter().peekable();
    for verdict in &mut compiled.verdicts {
        // Both lists are in the same order.
        while known
            .next_if(|known| (known.kind, &known.key) < (verdict.kind, &verdict.key))
            .is_some()
        {}
        if let Some(same) = known.next_if(|known| known == &verdict) {
            *verdict = Arc::clone(same);
        }
    }
    for (key, snapshot) in &mut compiled.snapshots {
        let Some(before) = previous.snapshots.get(key) else {
            continue;
        };
        if before.revision == snapshot.revision {
            *snapshot = Arc::clone(before);
        } else if let Some(snapshot) = Arc::get_mut(snapshot) {
            share_parts(snapshot, before);
        }
    }
}

fn share_parts(snapshot: &mut Snapshot, before: &Snapshot) {
    for (id, client) in &mut snapshot.clients {
        if let Some(known) = before.clients.get(id).filter(|known| **known == *client) {
            *client = Arc::clone(known);
        }
    }
    for store in &mut snapshot.user_stores {
        if let Some(known) = before.user_stores.iter().find(|known| **known == *store) {
            *store = Arc::clone(known);
        }
    }
    for role in &mut snapshot.roles {
        let known = before.roles.binary_search(role).ok();
        if let Some(known) = known.and_then(|known| before.roles.get(known)) {
            *role = Arc::clone(known);
        }
    }
    for provider in &mut snapshot.identity_providers {
        if let Some(known) = before.identity_providers.iter().find(|known| **known == *provider) {
            *provider = Arc::clone(known);
        }
    }
    for rule in &mut snapshot.claim_rules {
        if let Some(known) = before.claim_rules.iter().find(|known| **known == *rule) {
            *rule = Arc::clone(known);
        }
    }
    let known: HashMap<(&UserStoreId, &str), &Arc<DeclaredUser>> = before
        .users
        .iter()
        .map(|user| ((&user.store, user.username.as_str()), user))
        .collect();
    for user in &mut snapshot.users {
        let same = known
            .get(&(&user.store, user.username.as_str()))
            .filter(|known| same_user(known, user));
        if let Some(same) = same {
            *user = Arc::clone(same);
        }
    }
}

fn same_user(a: &DeclaredUser, b: &DeclaredUser) -> bool {
    // Exhaustive on purpose: a new field cannot be forgotten here.
    let DeclaredUser {
        store,
        username,
        email,
        email_verified,
        display_name,
        given_name,
        family_name,
        attributes,
        groups,
        disabled,
        password,
        must_change_password,
    } = a;
    (store, username, email, email_verified) == (&b.store, &b.username, &b.email, &b.email_verified)
        && (display_name, given_name, family_name) == (&b.display_name, &b.given_name, &b.family_name)
        && (attributes, groups, disabled, must_change_password) == (&b.attributes, &b.groups, &b.disabled, &b.must_change_password)
        && password.as_ref().map(ExposeSecret::expose_secret) == b.password.as_ref().map(ExposeSecret::expose_secret)
}
