//! UserStores, Users and Groups.

use super::input::{Accepted, Key, Objects, Resources};
use super::refusal::{Aspect, Refusal};
use super::roles::{self, RoleDecision};
use super::snapshot::{DeclaredUser, UserStoreKind};
use super::user_store;
use crate::oauth::attributes::{self, Attributes};
use crate::oauth::ids::UserStoreId;
use crate::resources::common::LocalRef;
use crate::resources::{CREDENTIAL_LABEL, GroupSpec, UserSpec, UserStoreSpec};
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was decided about one user.
#[derive(Clone, Debug)]
pub struct UserDecision {
    /// Why its latest form is refused, or what keeps it from working fully
    pub refusal: Option<Refusal>,
    /// The user as servers get it
    pub declared: Option<Arc<DeclaredUser>>,
    /// Whether `declared` is an earlier form
    pub earlier_form: bool,
}

/// What was decided about one group.
#[derive(Clone, Debug)]
pub struct GroupDecision {
    /// What is wrong with it
    pub refusal: Option<Refusal>,
    /// How many members it has
    pub members: u32,
    /// The UserStore that they live in
    pub store: Option<Key>,
}

/// Everything about people.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// Stores that are in force
    pub stores: BTreeMap<Key, UserStoreKind>,
    /// Why a store is refused
    pub store_refusals: BTreeMap<Key, Refusal>,
    /// Users
    pub users: BTreeMap<Key, UserDecision>,
    /// Groups
    pub groups: BTreeMap<Key, GroupDecision>,
    /// Roles
    pub roles: BTreeMap<Key, RoleDecision>,
    /// What was accepted
    pub accepted: Objects<UserSpec>,
    /// Stores that were accepted
    pub accepted_stores: Objects<UserStoreSpec>,
}

/// The id of a store.
pub fn store_id(key: &Key) -> UserStoreId {
    UserStoreId::new(key.to_string())
}

/// Judges stores, users and groups.
pub fn decide(resources: &Resources, previous: &Accepted) -> People {
    let mut people = People::default();
    for (key, object) in &resources.user_stores {
        let (kind, kept) = match user_store::decide(resources, key, &object.spec) {
            Ok(kind) => (Some(kind), Some(object)),
            Err(refusal) => {
                // Nobody is locked out by a slip: what was accepted last stays.
                let before = previous.user_stores.get(key);
                let kind = before.and_then(|before| user_store::decide(resources, key, &before.spec).ok());
                people.store_refusals.insert(key.clone(), refusal);
                (kind, before)
            }
        };
        people.stores.extend(kind.map(|kind| (key.clone(), kind)));
        people.accepted_stores.extend(kept.map(|object| (key.clone(), Arc::clone(object))));
    }
    let mut resolved = BTreeMap::new();
    for (key, object) in &resources.users {
        let latest = user(resources, &people.stores, key, &object.spec);
        let before = previous.users.get(key);
        let (refusal, form, earlier) = match latest {
            Ok(form) => (None, Some(form), false),
            Err(refusal) => {
                let form = before.and_then(|before| user(resources, &people.stores, key, &before.spec).ok());
                let earlier = form.is_some();
                (Some(refusal), form, earlier)
            }
        };
        let kept = if refusal.is_none() { Some(object) } else { before };
        people.accepted.extend(kept.map(|object| (key.clone(), Arc::clone(object))));
        resolved.insert(key.clone(), (refusal, form, earlier));
    }
    settle_usernames(resources, previous, &mut resolved, &mut people);
    join_groups(resources, &mut resolved, &mut people);
    for (key, (refusal, form, earlier_form)) in resolved {
        let missing = form.as_ref().and_then(|form| form.password_fault.clone());
        people.users.insert(
            key,
            UserDecision {
                refusal: refusal.or(missing),
                declared: form.map(|form| Arc::new(form.user)),
                earlier_form,
            },
        );
    }
    people.roles = roles::decide(resources, &people);
    people
}

#[derive(Clone, Debug)]
struct Form {
    user: DeclaredUser,
    store: Key,
    password_fault: Option<Refusal>,
}

type Resolved = BTreeMap<Key, (Option<Refusal>, Option<Form>, bool)>;

pub(super) fn text_fault(text: &str, longest: usize) -> Option<&'static str> {
    if text.trim().is_empty() {
        Some("is empty")
    } else if text.trim() != text {
        Some("begins or ends with a space")
    } else if text.chars().any(char::is_control) {
        Some("holds control characters")
    } else if text.chars().count() > longest {
        Some("is too long")
    } else {
        None
    }
}

fn user(resources: &Resources, stores: &BTreeMap<Key, UserStoreKind>, key: &Key, spec: &UserSpec) -> Result<Form, Refusal> {
    let username = spec.username.clone().unwrap_or_else(|| key.name.clone());
    let mut faults = Vec::new();
    let fields = [
        ("username", Some(&username)),
        ("displayName", spec.display_name.as_ref()),
        ("givenName", spec.given_name.as_ref()),
        ("familyName", spec.family_name.as_ref()),
        ("email", spec.email.as_ref()),
    ];
    let named = fields.into_iter().filter_map(|(field, value)| value.map(|value| (field, value)));
    for (field, value) in named.chain(spec.groups.iter().map(|group| ("groups", group))) {
        if let Some(fault) = text_fault(value, 255) {
            faults.push(format!("{field}: {value:?} {fault}"));
        }
    }
    match &spec.email {
        Some(email)
            if !email
                .split_once('@')
                .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) =>
        {
            faults.push(format!("email: {email:?} is not an address"));
        }
        None if spec.email_verified => faults.push("emailVerified goes with an email".to_owned()),
        _ => {}
    }
    if spec.must_change_password && spec.credential_secret_ref.is_none() {
        faults.push("mustChangePassword goes with a credentialSecretRef".to_owned());
    }
    let attributes: Attributes = spec.attributes.iter().map(|(name, texts)| (name.clone(), texts.to_vec())).collect();
    faults.extend(attributes::faults(&attributes));
    if !faults.is_empty() {
        return Err(Refusal::spec(&faults));
    }
    let store = local_store_of(resources, stores, &key.namespace, spec.user_store_ref.as_ref())?;
    let (password, password_fault) = match password(resources, key, spec) {
        Ok(password) => (password, None),
        Err(refusal) => (None, Some(refusal)),
    };
    let mut groups: Vec<String> = spec.groups.clone();
    groups.sort();
    groups.dedup();
    Ok(Form {
        user: DeclaredUser {
            store: store_id(&store),
            username,
            email: spec.email.clone(),
            email_verified: spec.email_verified,
            display_name: spec.display_name.clone(),
            given_name: spec.given_name.clone(),
            family_name: spec.family_name.clone(),
            attributes,
            groups,
            disabled: spec.disabled,
            password,
            must_change_password: spec.must_change_password,
        },
        store,
        password_fault,
    })
}

fn password(resources: &Resources, key: &Key, spec: &UserSpec) -> Result<Option<SecretString>, Refusal> {
    let Some(reference) = &spec.credential_secret_ref else {
        return Ok(None);
    };
    let secret = Key::new(key.namespace.clone(), reference.name.clone());
    let found = resources.secrets.get(&secret).and_then(|secret| secret.data.get(&reference.key));
    let Some(value) = found else {
        let message = format!(
            "Secret {secret} is not there, has no key {}, or (in a cluster) does not carry the label {CREDENTIAL_LABEL}: \"true\"",
            reference.key
        );
        return Err(Refusal::new(Aspect::References, "SecretNotFound", message));
    };
    // Nobody can type a line break: `echo secret | base64` and `|` blocks add one by accident.
    let text = value.expose_secret().trim_end_matches(['\n', '\r']);
    if text.is_empty() || text.len() > 1024 || text.contains(['\n', '\r', '\0']) {
        let message = format!("Secret {secret}, key {}: a password is one line of 1 to 1024 bytes", reference.key);
        return Err(Refusal::new(Aspect::References, "SecretInvalid", message));
    }
    Ok(Some(SecretString::from(text)))
}

/// The store that a user or a group lives in.
pub(super) fn store_of(
    resources: &Resources,
    stores: &BTreeMap<Key, UserStoreKind>,
    namespace: &str,
    reference: Option<&LocalRef>,
) -> Result<Key, Refusal> {
    let refuse = |message: String| Refusal::new(Aspect::References, "UserStoreNotReady", message);
    let key = if let Some(reference) = reference {
        Key::new(namespace, reference.name.clone())
    } else {
        let mut here = resources.user_stores.keys().filter(|key| key.namespace == namespace);
        match (here.next(), here.next()) {
            (Some(only), None) => only.clone(),
            (None, _) => return Err(refuse(format!("there is no UserStore in namespace {namespace}"))),
            (Some(_), Some(_)) => {
                return Err(refuse(format!(
                    "there are several UserStores in namespace {namespace}: name one in userStoreRef"
                )));
            }
        }
    };
    if stores.contains_key(&key) {
        Ok(key)
    } else {
        Err(refuse(format!("UserStore {key} is not there, or was refused")))
    }
}

/// The store that a declared user or group lives in: those of a directory are the directory's.
fn local_store_of(
    resources: &Resources,
    stores: &BTreeMap<Key, UserStoreKind>,
    namespace: &str,
    reference: Option<&LocalRef>,
) -> Result<Key, Refusal> {
    let key = store_of(resources, stores, namespace, reference)?;
    match stores.get(&key) {
        Some(UserStoreKind::Ldap(_)) => {
            let message = format!("UserStore {key} is a directory: its users and groups are declared there, not by manifests");
            Err(Refusal::new(Aspect::References, "UserStoreIsDirectory", message))
        }
        _ => Ok(key),
    }
}

/// A username is unique in lower case within its store; who had it before keeps it, then the older, then the first by name.
fn settle_usernames(resources: &Resources, previous: &Accepted, resolved: &mut Resolved, people: &mut People) {
    let mut holders: BTreeMap<(Key, String), Vec<Key>> = BTreeMap::new();
    for (key, (_, form, _)) in resolved.iter() {
        if let Some(form) = form {
            let name = form.user.username.to_lowercase();
            holders.entry((form.store.clone(), name)).or_default().push(key.clone());
        }
    }
    for ((store, username), keys) in holders.into_iter().filter(|(_, keys)| keys.len() > 1) {
        let had = |key: &Key| {
            previous
                .users
                .get(key)
                .is_some_and(|before| before.spec.username.as_ref().unwrap_or(&key.name).to_lowercase() == username)
        };
        let known = keys.iter().filter_map(|key| resources.users.get_key_value(key));
        let mut claims: Vec<_> = known.map(|(key, object)| object.seniority(had(key), key)).collect();
        claims.sort_unstable();
        for loser in claims.iter().skip(1).map(|claim| claim.key) {
            let message = format!("username {username:?} is taken by another User of UserStore {store}");
            resolved.insert(
                loser.clone(),
                (Some(Refusal::new(Aspect::References, "UsernameTaken", message)), None, false),
            );
            match previous.users.get(loser) {
                Some(before) => people.accepted.insert(loser.clone(), before.clone()),
                None => people.accepted.remove(loser),
            };
        }
    }
}

fn join_groups(resources: &Resources, resolved: &mut Resolved, people: &mut People) {
    for (key, object) in &resources.groups {
        let decision = match group_faults(key, &object.spec) {
            Some(refusal) => GroupDecision {
                refusal: Some(refusal),
                members: 0,
                store: None,
            },
            None => join_group(resources, &people.stores, key, &object.spec, resolved),
        };
        people.groups.insert(key.clone(), decision);
    }
}

fn group_faults(key: &Key, spec: &GroupSpec) -> Option<Refusal> {
    let name = spec.name.as_ref().unwrap_or(&key.name);
    text_fault(name, 255).map(|fault| Refusal::spec(&[format!("name: {name:?} {fault}")]))
}

fn join_group(
    resources: &Resources,
    stores: &BTreeMap<Key, UserStoreKind>,
    key: &Key,
    spec: &GroupSpec,
    resolved: &mut Resolved,
) -> GroupDecision {
    let name = spec.name.clone().unwrap_or_else(|| key.name.clone());
    let store = match local_store_of(resources, stores, &key.namespace, spec.user_store_ref.as_ref()) {
        Ok(store) => store,
        Err(refusal) => {
            return GroupDecision {
                refusal: Some(refusal),
                members: 0,
                store: None,
            };
        }
    };
    let mut missing: BTreeMap<String, &str> = spec.members.iter().map(|member| (member.to_lowercase(), member.as_str())).collect();
    let listed: BTreeSet<String> = missing.keys().cloned().collect();
    let mut members = 0_u32;
    for (_, form, _) in resolved.values_mut() {
        let Some(form) = form.as_mut().filter(|form| form.store == store) else {
            continue;
        };
        let username = form.user.username.to_lowercase();
        missing.remove(&username);
        let groups = &mut form.user.groups;
        if listed.contains(&username) && !groups.contains(&name) {
            groups.push(name.clone());
            groups.sort();
        }
        members = members.saturating_add(u32::from(groups.contains(&name)));
    }
    let refusal = (!missing.is_empty()).then(|| {
        let names = missing.values().copied().collect::<Vec<_>>().join(", ");
        let message = format!("members: UserStore {store} has no declared user named {names}; the others are members");
        Refusal::new(Aspect::References, "MemberNotFound", message)
    });
    GroupDecision {
        refusal,
        members,
        store: Some(store),
    }
}
