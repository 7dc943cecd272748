//! What the controller keeps of one AuthServer from one look to the next.

use super::kinds::{Extra, Made};
use super::live::Store;
use super::names::Names;
use super::step::Past;
use crate::config::input::{Key, Object};
use crate::operator::overlay::Fact;
use crate::operator::pauses::Pauses;
use crate::operator::world::{SecretView, World};
use crate::resources::AuthServerSpec;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long what was written may take to come back through the watch, before it counts as deleted.
pub const COMES_BACK_WITHIN: Duration = Duration::from_secs(5);
/// The first thing that somebody changes is put back at once; who does it again and again is answered ever more slowly…
const FIRST_CORRECTION: Duration = Duration::from_secs(1);
const SLOWEST_CORRECTION: Duration = Duration::from_secs(300);
/// …until nothing was changed for so long.
const QUIET_AFTER: Duration = Duration::from_secs(600);
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// One AuthServer.
pub struct Entry {
    /// Its uid: another of the same name is another
    pub uid: String,
    /// Its key-encryption key, when it was last seen whole
    pub kek: Option<Arc<SecretView>>,
    /// What the last look said
    pub fact: Arc<Fact>,
    /// Grows with failures
    pub retries: Pauses,
    /// When to look again, if nothing is different before
    pub due: Option<Instant>,
    objects: BTreeMap<(Made, String), Kept>,
    written: BTreeMap<String, (Arc<SecretView>, Instant)>,
    inputs: Option<Inputs>,
}

/// One object.
struct Kept {
    past: Option<Past>,
    corrections: Pauses,
    corrected: Option<Instant>,
    not_before: Option<Instant>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            past: None,
            corrections: Pauses::new(FIRST_CORRECTION, SLOWEST_CORRECTION),
            corrected: None,
            not_before: None,
        }
    }
}

/// Everything that a look goes by.
pub struct Inputs {
    spec: Arc<Object<AuthServerSpec>>,
    secrets: Vec<Option<Arc<SecretView>>>,
    default: Option<Arc<SecretView>>,
    served: Vec<bool>,
    age: u64,
}

impl Inputs {
    /// As they are now.
    pub fn now(server: &Key, spec: &Arc<Object<AuthServerSpec>>, world: &World, store: &Store) -> Self {
        let names = Names::of(server);
        let secrets = names.secrets().into_iter();
        Self {
            spec: Arc::clone(spec),
            secrets: secrets
                .map(|name| world.secrets.get(&Key::new(server.namespace.clone(), name)).cloned())
                .collect(),
            default: store.default_database().cloned(),
            served: Extra::ALL.into_iter().map(|extra| store.serves(extra)).collect(),
            age: store.age(server),
        }
    }

    fn same(&self, other: &Self) -> bool {
        let same_secret = |one: &Option<Arc<SecretView>>, other: &Option<Arc<SecretView>>| match (one, other) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        };
        let secrets = self.secrets.iter().zip(&other.secrets).all(|(one, other)| same_secret(one, other));
        self.age == other.age
            && self.served == other.served
            && secrets
            && same_secret(&self.default, &other.default)
            && (Arc::ptr_eq(&self.spec, &other.spec) || self.spec.spec == other.spec.spec)
    }
}

impl Entry {
    /// Nothing is known yet.
    pub fn new(uid: String) -> Self {
        Self {
            uid,
            kek: None,
            fact: Arc::default(),
            retries: Pauses::new(FIRST_RETRY, LONGEST_RETRY),
            due: None,
            objects: BTreeMap::new(),
            written: BTreeMap::new(),
            inputs: None,
        }
    }

    /// Whether it is to be looked at; what it is looked at with is remembered.
    pub fn is_due(&mut self, inputs: Inputs, now: Instant) -> bool {
        let same = self.inputs.as_ref().is_some_and(|known| known.same(&inputs));
        if same && self.due.is_some_and(|due| now < due) {
            return false;
        }
        self.inputs = Some(inputs);
        true
    }

    /// A Secret as it is: as the watch has it, or as this process has just written it.
    pub fn secret(&mut self, world: &World, namespace: &str, name: &str, now: Instant) -> Option<Arc<SecretView>> {
        let seen = world.secrets.get(&Key::new(namespace, name));
        let Some((written, at)) = self.written.get(name) else {
            return seen.cloned();
        };
        let number = |view: &SecretView| view.resource_version.parse::<u64>().unwrap_or_default();
        let caught_up = match seen {
            Some(seen) if seen.uid == written.uid => number(seen) >= number(written),
            _ => now.duration_since(*at) >= COMES_BACK_WITHIN,
        };
        if caught_up {
            self.written.remove(name);
            return seen.cloned();
        }
        Some(Arc::clone(written))
    }

    /// A Secret was written.
    pub fn wrote_secret(&mut self, name: &str, view: SecretView, now: Instant) -> Arc<SecretView> {
        let view = Arc::new(view);
        self.written.insert(name.to_owned(), (Arc::clone(&view), now));
        view
    }

    /// Whether something that was written has yet to come back.
    pub fn awaits_secrets(&self) -> bool {
        !self.written.is_empty()
    }

    /// What is known of an object from its last write.
    pub fn past(&self, kind: Made, name: &str) -> Option<&Past> {
        self.objects.get(&(kind, name.to_owned()))?.past.as_ref()
    }

    /// How long an object has to wait before it may be put back; none if it may be now.
    pub fn has_to_wait(&self, kind: Made, name: &str, now: Instant) -> Option<Duration> {
        let not_before = self.objects.get(&(kind, name.to_owned()))?.not_before?;
        not_before.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// An object was written.
    pub fn wrote(&mut self, kind: Made, name: &str, past: Past, corrected: bool, now: Instant) {
        self.objects.entry((kind, name.to_owned())).or_default().past = Some(past);
        if corrected {
            self.corrected(kind, name, now);
        }
    }

    /// Something was put back, and will not be again before a while has passed.
    pub fn corrected(&mut self, kind: Made, name: &str, now: Instant) {
        let kept = self.objects.entry((kind, name.to_owned())).or_default();
        if kept.corrected.is_some_and(|at| now.duration_since(at) >= QUIET_AFTER) {
            kept.corrections.reset();
        }
        kept.corrected = Some(now);
        kept.not_before = Some(now + kept.corrections.longer());
    }

    /// An object is as it should be though this process has not written it.
    pub fn found(&mut self, kind: Made, name: &str, past: impl FnOnce() -> Past) {
        let kept = self.objects.entry((kind, name.to_owned())).or_default();
        if kept.past.is_none() {
            kept.past = Some(past());
        }
    }

    /// An object is not wanted any more.
    pub fn forget(&mut self, kind: Made, name: &str) {
        self.objects.remove(&(kind, name.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_again_and_again_is_put_back_ever_more_slowly() {
        let mut entry = Entry::new("u".to_owned());
        let mut now = Instant::now();
        assert_eq!(entry.has_to_wait(Made::Service, "main", now), None);
        let mut last = Duration::ZERO;
        for round in 0..6 {
            entry.wrote(Made::Service, "main", Past::default(), true, now);
            let wait = entry.has_to_wait(Made::Service, "main", now).unwrap();
            assert!(wait >= FIRST_CORRECTION * 2_u32.pow(round) && wait > last / 2, "{round}: {wait:?}");
            last = wait;
            now += wait;
            assert_eq!(entry.has_to_wait(Made::Service, "main", now), None);
        }
        now += QUIET_AFTER;
        entry.wrote(Made::Service, "main", Past::default(), true, now);
        assert!(entry.has_to_wait(Made::Service, "main", now).unwrap() <= FIRST_CORRECTION * 2);
    }

    #[test]
    fn what_is_written_because_it_is_wanted_does_not_wait() {
        let mut entry = Entry::new("u".to_owned());
        let now = Instant::now();
        entry.wrote(Made::Service, "main", Past::default(), false, now);
        assert_eq!(entry.has_to_wait(Made::Service, "main", now), None);
    }

    #[test]
    fn a_secret_is_what_was_written_until_the_watch_has_it_or_should_have() {
        let (mut entry, world, now) = (Entry::new("u".to_owned()), World::default(), Instant::now());
        let mut view = SecretView::new(BTreeMap::new());
        view.resource_version = "7".to_owned();
        entry.wrote_secret("main-kek", view.clone(), now);
        assert!(entry.secret(&world, "identity", "main-kek", now).is_some());
        let mut older = view.clone();
        older.resource_version = "6".to_owned();
        let world = |view: SecretView| World {
            secrets: Arc::new(BTreeMap::from([(Key::new("identity", "main-kek"), Arc::new(view))])),
            ..World::default()
        };
        let seen = entry.secret(&world(older), "identity", "main-kek", now).unwrap();
        assert_eq!(seen.resource_version, "7");
        let mut newer = view;
        newer.resource_version = "8".to_owned();
        let seen = entry.secret(&world(newer), "identity", "main-kek", now).unwrap();
        assert_eq!(seen.resource_version, "8");
        assert!(entry.secret(&World::default(), "identity", "main-kek", now).is_none());
    }
}
