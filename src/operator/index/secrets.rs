//! Secrets: the ones that were made for clients, and the ones that people wrote.

use super::Index;
use crate::config::input::{GeneratedSecret, Key, Resources, SecretObject};
use crate::operator::clients::generated::{self, Reading};
use crate::operator::settings::{MANAGED_BY, NAUTHERA};
use crate::operator::world::SecretView;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// What a Secret is to `compile`.
enum Meaning {
    /// It was made for a client
    Generated(GeneratedSecret),
    /// People wrote it, or it is one of the operator's own: no client's to overwrite
    Other(SecretObject),
}

impl Index {
    /// Takes in a Secret's latest form.
    pub(super) fn secret(&mut self, key: Key, view: SecretView) {
        let before = self.secrets.get(&key);
        if before.is_some_and(|before| is_older(&view, before)) {
            return;
        }
        if before.is_none_or(|before| before.resource_version != view.resource_version || before.uid != view.uid) {
            self.work.publish = true;
        }
        let meaning = if view.deletion_timestamp.is_some() {
            None
        } else {
            meaning(&key, &view, self.resources.generated.get(&key).map(Arc::as_ref))
        };
        Arc::make_mut(&mut self.secrets).insert(key.clone(), Arc::new(view));
        self.mean(key, meaning);
    }

    /// A Secret is gone.
    pub(super) fn secret_gone(&mut self, key: &Key) {
        if Arc::make_mut(&mut self.secrets).remove(key).is_some() {
            self.work.publish = true;
        }
        self.mean(key.clone(), None);
    }

    fn mean(&mut self, key: Key, meaning: Option<Meaning>) {
        if !is_different(&self.resources, &key, meaning.as_ref()) {
            return;
        }
        let resources = Arc::make_mut(&mut self.resources);
        resources.generated.remove(&key);
        resources.secrets.remove(&key);
        match meaning {
            Some(Meaning::Generated(made)) => drop(resources.generated.insert(key, Arc::new(made))),
            Some(Meaning::Other(secret)) => drop(resources.secrets.insert(key, Arc::new(secret))),
            None => {}
        }
        self.work.compile = true;
    }
}

/// Two watches may tell of one Secret: what the slower one tells is old. Versions of one object are numbers that grow.
fn is_older(view: &SecretView, known: &SecretView) -> bool {
    let number = |view: &SecretView| view.resource_version.parse::<u64>().ok();
    view.uid == known.uid && number(view).zip(number(known)).is_some_and(|(new, known)| new < known)
}

fn meaning(key: &Key, view: &SecretView, before: Option<&GeneratedSecret>) -> Option<Meaning> {
    let ours = view.labels.get(MANAGED_BY).is_some_and(|by| by == NAUTHERA);
    if ours {
        match generated::read(key, view, before) {
            Reading::Made(made) => return Some(Meaning::Generated(made)),
            Reading::Spoilt => return None,
            Reading::Foreign => {}
        }
    }
    let text = |name: &str| view.text(name).map(|text| (name.to_owned(), text));
    Some(Meaning::Other(SecretObject {
        labels: view.labels.clone(),
        // Keys and certificates of servers are no client's and no user's: their names are taken, their values stay out.
        data: if ours {
            Default::default()
        } else {
            view.keys().filter_map(text).collect()
        },
    }))
}

fn is_different(resources: &Resources, key: &Key, meaning: Option<&Meaning>) -> bool {
    let generated = resources.generated.get(key).map(Arc::as_ref);
    let other = resources.secrets.get(key);
    match meaning {
        None => generated.is_some() || other.is_some(),
        Some(Meaning::Generated(new)) => other.is_some() || generated.is_none_or(|old| !same_generated(old, new)),
        Some(Meaning::Other(new)) => generated.is_some() || other.is_none_or(|old| !same_secret(old, new)),
    }
}

fn same_generated(a: &GeneratedSecret, b: &GeneratedSecret) -> bool {
    let same_previous = match (&a.previous, &b.previous) {
        (Some((a, a_until)), Some((b, b_until))) => same_text(a, b) && a_until == b_until,
        (None, None) => true,
        _ => false,
    };
    let same_next = match (&a.next, &b.next) {
        (Some(a), Some(b)) => same_text(a, b),
        (None, None) => true,
        _ => false,
    };
    same_next
        && a.client == b.client
        && a.client_id == b.client_id
        && a.issuer == b.issuer
        && same_text(&a.secret, &b.secret)
        && same_previous
}

fn same_secret(a: &SecretObject, b: &SecretObject) -> bool {
    a.labels == b.labels
        && a.data.len() == b.data.len()
        && a.data
            .iter()
            .zip(&b.data)
            .all(|((a_key, a), (b_key, b))| a_key == b_key && same_text(a, b))
}

fn same_text(a: &SecretString, b: &SecretString) -> bool {
    a.expose_secret() == b.expose_secret()
}
