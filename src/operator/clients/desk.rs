//! What has to be done about every client, and what is under way: pure but for the clock that it is given.

use super::act::{Act, Failure, Subject};
use super::departure;
use super::generated::{Content, is_auth_client, new_secret};
use super::plan::{self, Cause, Reach, Step};
use super::reach;
use crate::config::input::{Key, Kind};
use crate::config::verdict::{Rotation, Status, WantedSecret};
use crate::operator::overlay::{Board, Fact, Facts};
use crate::operator::pauses::Pauses;
use crate::operator::settings::FINALIZER;
use crate::operator::world::{Meta, SecretView, World};
use crate::resources::condition::Condition;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long what was written may take to come back through the watch, before it is looked at again all the same.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(5);
/// A job that has not ended by then never will; one that has not begun is planned anew.
pub const JOB_ENDS_WITHIN: Duration = Duration::from_secs(60);
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// Writes for one client, in this order; the first that fails ends it.
#[derive(Clone, Debug)]
pub struct Job {
    /// The client
    pub subject: Subject,
    /// The writes
    pub acts: Vec<Act>,
    /// Why its Secret is written, if it is changed
    pub cause: Option<Cause>,
}

/// What is known of one client.
#[derive(Debug, Default)]
struct Entry {
    /// Whose: another client of the same name is another
    uid: String,
    /// What its Secret held when it was last as it should be
    known: Option<Arc<Content>>,
    memo: Option<Memo>,
    /// Nothing is done before
    not_before: Option<Instant>,
    /// Something was written that the watch has yet to show
    awaited: Option<Awaited>,
    pauses: Option<Pauses>,
    /// Why its Secret is not as it should be: reason and message
    fault: Option<(&'static str, String)>,
    deleting_since: Option<Instant>,
}

/// There was nothing to do for this until then; as long as nothing is different there still is not.
#[derive(Debug)]
struct Memo {
    view: Option<Arc<SecretView>>,
    wanted: Option<WantedSecret>,
    rotation: Option<Rotation>,
    uid: String,
    until: Option<Timestamp>,
}

/// What was there when something was written.
#[derive(Debug)]
struct Awaited {
    finalizers: Option<Vec<String>>,
    /// The Secret, and the resource version that it had
    secret: Option<(Key, Option<String>)>,
}

/// All clients.
#[derive(Debug, Default)]
pub struct Desk {
    entries: BTreeMap<Key, Entry>,
    /// When it looked first
    began: Option<Instant>,
}

/// The outcome of a look at everything.
#[derive(Debug, Default)]
pub struct Plan {
    /// To be begun
    pub jobs: Vec<Job>,
    /// Look again after this long, if nothing changes before
    pub again: Option<Duration>,
    /// Look again when the replicas answer something
    pub waits_for_replicas: bool,
}

impl Plan {
    fn look_again(&mut self, after: Duration) {
        self.again = Some(self.again.map_or(after, |again| again.min(after)));
    }
}

/// What one look at everything goes by.
struct Look<'a> {
    world: &'a World,
    board: &'a Board,
    wanted: BTreeMap<&'a Key, &'a WantedSecret>,
    /// Secrets that an AuthClient owns, by that client
    owned: BTreeMap<Key, Vec<(&'a Key, &'a Arc<SecretView>)>>,
    now: Timestamp,
    instant: Instant,
    /// When this desk looked first
    began: Instant,
}

impl<'a> Look<'a> {
    fn new(world: &'a World, board: &'a Board, now: Timestamp, instant: Instant, began: Instant) -> Self {
        let mut owned: BTreeMap<Key, Vec<_>> = BTreeMap::new();
        for (name, view) in world.secrets.iter() {
            if let Some(owner) = view.owner.as_ref().filter(|owner| is_auth_client(owner)) {
                let client = Key::new(name.namespace.clone(), owner.name.clone());
                owned.entry(client).or_default().push((name, view));
            }
        }
        Self {
            world,
            board,
            wanted: world
                .compiled
                .secrets_wanted
                .iter()
                .map(|wanted| (&wanted.client, wanted))
                .collect(),
            owned,
            now,
            instant,
            began,
        }
    }

    /// The Secrets that belong to this very client.
    fn secrets_of(&self, client: &Key, uid: &str) -> impl Iterator<Item = (&'a Key, &'a Arc<SecretView>)> {
        let owned = self.owned.get(client).map_or(&[][..], Vec::as_slice).iter().copied();
        owned.filter(move |(_, view)| view.owner.as_ref().is_some_and(|owner| owner.uid == uid))
    }

    /// The Secret that was made for a client and that it uses according to `compile`, if that made it known. One that somebody gave it is
    /// nothing to look after.
    fn secret_in_use(&self, client: &Key) -> Option<Key> {
        let in_force = self.world.compiled.accepted.clients.get(client);
        let secret = in_force.and_then(|object| object.spec.secret.as_ref());
        if secret.is_some_and(|secret| secret.existing_ref.is_some()) {
            return None;
        }
        let verdict = self.world.compiled.verdict(Kind::AuthClient, client)?;
        let Status::AuthClient(status) = &verdict.status else {
            return None;
        };
        let name = &status.client_secret_ref.as_ref()?.name;
        Some(Key::new(client.namespace.clone(), name.clone()))
    }
}

impl Desk {
    /// What is wrong, for the statuses.
    pub fn facts(&self) -> Facts {
        let faults = self.entries.iter().filter_map(|(key, entry)| Some((key, entry.fault.as_ref()?)));
        Facts {
            resources: faults
                .map(|(key, (reason, message))| {
                    let fact = Fact {
                        conditions: vec![Condition::no("SecretSynced", reason, message.clone())],
                        holds_ready: vec!["SecretSynced"],
                        ..Fact::default()
                    };
                    ((Kind::AuthClient, key.clone()), Arc::new(fact))
                })
                .collect(),
        }
    }

    /// Looks at every client.
    pub fn plan(&mut self, world: &World, board: &Board, now: Timestamp, instant: Instant) -> Plan {
        let began = *self.began.get_or_insert(instant);
        let look = Look::new(world, board, now, instant, began);
        let mut plan = Plan::default();
        self.entries.retain(|key, _| world.objects.get(Kind::AuthClient, key).is_some());
        for (key, meta) in world.objects.of(Kind::AuthClient) {
            let entry = self.entries.entry(key.clone()).or_default();
            if entry.uid != meta.uid {
                *entry = Entry {
                    uid: meta.uid.clone(),
                    ..Entry::default()
                };
            }
            if let Some(wait) = entry.waits(&look, key, meta) {
                plan.look_again(wait);
                continue;
            }
            let job = if meta.deletion_timestamp.is_some() {
                entry.departure(&look, key, meta, &mut plan)
            } else {
                entry.deleting_since = None;
                entry.service(&look, key, meta, &mut plan)
            };
            if let Some(job) = job {
                entry.not_before = Some(instant + JOB_ENDS_WITHIN);
                entry.awaited = Some(Awaited::of(&job, meta, world));
                entry.memo = None;
                plan.jobs.push(job);
            }
        }
        plan
    }

    /// A job has ended. When to look at its client again, if that does not go without saying.
    pub fn done(&mut self, client: &Key, outcome: &Result<(), Failure>, instant: Instant) -> Option<Instant> {
        let entry = self.entries.get_mut(client)?;
        match outcome {
            Ok(()) => {
                entry.fault = None;
                entry.pauses = None;
                entry.not_before = Some(instant + COMES_BACK_WITHIN);
            }
            Err(failure) => {
                match failure {
                    Failure::Overtaken => {}
                    Failure::Foreign(_) => entry.fault = Some(conflict(failure.to_string())),
                    Failure::Api(message) => {
                        entry.fault = Some(("SecretNotWritten", format!("the API server refused: {message}; it is tried again")));
                    }
                }
                entry.awaited = None;
                // A look may have found everything in order meanwhile; the next one has to say so again.
                entry.memo = None;
                let pauses = entry.pauses.get_or_insert_with(|| Pauses::new(FIRST_RETRY, LONGEST_RETRY));
                entry.not_before = Some(instant + pauses.longer());
            }
        }
        entry.not_before
    }
}

/// Whether a client's status says that its Secret of this name was there.
fn had_secret(meta: &Meta, name: &str) -> bool {
    let status: serde_json::Value = serde_json::from_str(&meta.status).unwrap_or_default();
    status.pointer("/clientSecretRef/name").and_then(|known| known.as_str()) == Some(name)
}

fn conflict(what: impl std::fmt::Display) -> (&'static str, String) {
    let message = format!("{what}: choose another name in secret.name, or take that Secret away");
    ("SecretConflict", message)
}

impl Awaited {
    fn of(job: &Job, meta: &Meta, world: &World) -> Self {
        let mut awaited = Self {
            finalizers: None,
            secret: None,
        };
        for act in &job.acts {
            match act {
                Act::Hold(_) | Act::Release(_) => awaited.finalizers = Some(meta.finalizers.clone()),
                Act::Create(name, _) | Act::Write { name, .. } | Act::Delete(name, _) => {
                    let version = world.secrets.get(name).map(|view| view.resource_version.clone());
                    awaited.secret = Some((name.clone(), version));
                }
            }
        }
        awaited
    }

    fn has_come(&self, meta: &Meta, world: &World) -> bool {
        let finalizers = self.finalizers.as_ref().is_none_or(|before| *before != meta.finalizers);
        let secret = self
            .secret
            .as_ref()
            .is_none_or(|(name, before)| world.secrets.get(name).map(|view| &view.resource_version) != before.as_ref());
        finalizers && secret
    }
}

impl Entry {
    /// How long there is nothing to do because something is under way or failed just now.
    fn waits(&mut self, look: &Look<'_>, key: &Key, meta: &Meta) -> Option<Duration> {
        let until = self.not_before?;
        let came = self.pauses.is_none() && self.awaited.as_ref().is_some_and(|awaited| awaited.has_come(meta, look.world));
        if came || until <= look.instant {
            tracing::trace!(client = %key, came, "looking again");
            self.awaited = None;
            self.not_before = None;
            return None;
        }
        Some(until - look.instant)
    }

    fn departure(&mut self, look: &Look<'_>, key: &Key, meta: &Meta, plan: &mut Plan) -> Option<Job> {
        let since = *self.deleting_since.get_or_insert(look.instant);
        if !meta.finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            return None;
        }
        let waited = look.instant - since;
        if !departure::may_go(look.world, look.board, key, waited) {
            plan.waits_for_replicas = true;
            plan.look_again(departure::WAITS_FOR.saturating_sub(waited));
            return None;
        }
        // The Secret goes first: another AuthClient of this name must not find it.
        let secrets = look.secrets_of(key, &meta.uid);
        let mut acts: Vec<Act> = secrets.map(|(name, view)| Act::Delete(name.clone(), view.uid.clone())).collect();
        acts.push(Act::Release(meta.finalizers.clone()));
        Some(self.job(key, meta, acts, None))
    }

    fn service(&mut self, look: &Look<'_>, key: &Key, meta: &Meta, plan: &mut Plan) -> Option<Job> {
        let compiled = &look.world.compiled;
        let wanted = look.wanted.get(key).copied();
        let serves = compiled.client_servers.contains_key(key);
        let mut acts = Vec::new();
        let mut cause = None;
        if (serves || wanted.is_some()) && !meta.finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            acts.push(Act::Hold(meta.finalizers.clone()));
        }
        let in_use = wanted.map(|wanted| wanted.secret.clone()).or_else(|| look.secret_in_use(key));
        if let Some(secret) = &in_use {
            if let Some((act, why)) = self.secret_step(look, key, meta, secret, wanted, plan) {
                acts.push(act);
                cause = why;
            }
        } else {
            self.fault = None;
        }
        if serves && wanted.is_none() {
            // A Secret that the client used under another name, or before it became public.
            let stale = look
                .secrets_of(key, &meta.uid)
                .filter(|(name, view)| Some(*name) != in_use.as_ref() && view.deletion_timestamp.is_none());
            acts.extend(stale.map(|(name, view)| Act::Delete(name.clone(), view.uid.clone())));
        }
        (!acts.is_empty()).then(|| self.job(key, meta, acts, cause))
    }

    fn secret_step(
        &mut self,
        look: &Look<'_>,
        key: &Key,
        meta: &Meta,
        secret: &Key,
        wanted: Option<&WantedSecret>,
        plan: &mut Plan,
    ) -> Option<(Act, Option<Cause>)> {
        let view = look.world.secrets.get(secret);
        let rotation = look.world.compiled.rotations.get(key).filter(|rotation| rotation.secret == *secret);
        if let Some(memo) = &self.memo
            && memo.still_holds(view, wanted, rotation, &meta.uid, look.now)
        {
            if let Some(until) = memo.until {
                plan.look_again(wait(look.now, until));
            }
            return None;
        }
        let content = view.and_then(|view| Content::read(secret, view).ok());
        let reach = content.as_ref().map_or(Reach::Underway, |content| self.reach(look, key, content));
        let known = self.known.clone().filter(|known| known.client == *key);
        let facts = plan::Facts {
            secret,
            uid: &meta.uid,
            view: view.map(Arc::as_ref),
            known: known.as_deref(),
            wanted,
            rotation,
            reach,
            now: look.now,
        };
        let step = plan::step(&facts, new_secret);
        let has_next = content.as_ref().is_some_and(|content| content.next.is_some());
        if let Some(content) = content {
            self.known = Some(Arc::new(content));
        }
        match step {
            Ok(Step::Rest(until)) => {
                self.fault = None;
                if has_next {
                    plan.waits_for_replicas = true;
                    plan.look_again(Duration::from_secs(5));
                } else {
                    self.memo = Some(Memo::new(view, wanted, rotation, &meta.uid, until));
                }
                if let Some(until) = until {
                    plan.look_again(wait(look.now, until));
                }
                None
            }
            Ok(Step::Create(content)) => {
                let cause = had_secret(meta, &secret.name).then_some(Cause::Deleted);
                Some((Act::Create(secret.clone(), content), cause))
            }
            Ok(Step::Write(content, cause)) => {
                let view = view?;
                let act = Act::Write {
                    name: secret.clone(),
                    version: view.resource_version.clone(),
                    owned: view.owner.as_ref().is_some_and(|owner| owner.uid == meta.uid),
                    content,
                };
                Some((act, Some(cause)))
            }
            Ok(Step::Conflict) => {
                self.fault = Some(conflict(format!("Secret {secret} is there and was not made for this client")));
                self.memo = Some(Memo::new(view, wanted, rotation, &meta.uid, None));
                None
            }
            Err(error) => {
                self.fault = Some(("SecretNotWritten", error.to_string()));
                plan.look_again(FIRST_RETRY);
                None
            }
        }
    }

    fn reach(&self, look: &Look<'_>, key: &Key, content: &Content) -> Reach {
        let (Some(next), Some(hash)) = (&content.next, content.next_hash()) else {
            return Reach::Underway;
        };
        let Some((server, client)) = look.world.compiled.client_servers.get(key) else {
            // Nobody serves the client, so nobody has to know.
            return Reach::Everywhere;
        };
        // While no operator ran nobody pushed to the replicas: that was no waiting for them.
        let waited = wait(next.at, look.now).min(look.instant - look.began);
        reach::of_secret(look.world, look.board, server, client, &hash, waited)
    }

    fn job(&self, key: &Key, meta: &Meta, acts: Vec<Act>, cause: Option<Cause>) -> Job {
        Job {
            subject: Subject {
                key: key.clone(),
                uid: meta.uid.clone(),
            },
            acts,
            cause,
        }
    }
}

impl Memo {
    fn new(
        view: Option<&Arc<SecretView>>,
        wanted: Option<&WantedSecret>,
        rotation: Option<&Rotation>,
        uid: &str,
        until: Option<Timestamp>,
    ) -> Self {
        Self {
            view: view.cloned(),
            wanted: wanted.cloned(),
            rotation: rotation.cloned(),
            uid: uid.to_owned(),
            until,
        }
    }

    fn still_holds(
        &self,
        view: Option<&Arc<SecretView>>,
        wanted: Option<&WantedSecret>,
        rotation: Option<&Rotation>,
        uid: &str,
        now: Timestamp,
    ) -> bool {
        let same_view = match (&self.view, view) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        };
        same_view
            && self.wanted.as_ref() == wanted
            && self.rotation.as_ref() == rotation
            && self.uid == uid
            && self.until.is_none_or(|until| now < until)
    }
}

/// The time from one to the other; none if that is past.
fn wait(from: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(from)).unwrap_or(Duration::ZERO)
}
