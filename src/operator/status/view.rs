//! Everything that statuses are made from, at one moment.

use super::merge::{Sources, Wanted, condition_of, merge};
use super::patch::{Urgency, merge_patch, urgency};
use super::programmed::{Overview, Programmed};
use crate::config::input::{Accepted, Key, Kind};
use crate::config::verdict::Verdict;
use crate::operator::overlay::{Board, Fact, Facts, Overlays};
use crate::operator::world::{Meta, World};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// A resource.
pub type Id = (Kind, Key);

/// What is known, from all who publish.
pub struct View {
    /// From the index
    pub world: Arc<World>,
    board: Arc<Board>,
    facts: [Arc<Facts>; 3],
}

/// What a resource's status is made from, to be compared with what it was made from before.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    verdict: Option<Address>,
    meta: Address,
    programmed: Option<Programmed>,
    pods: Option<(usize, usize)>,
    facts: [Option<Address>; 3],
}

/// Something shared that is the same as long as it is at the same place; held, so that the place is not given to something else.
#[derive(Clone, Debug)]
enum Address {
    Verdict(Arc<Verdict>),
    Meta(Arc<Meta>),
    Fact(Arc<Fact>),
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Verdict(a), Self::Verdict(b)) => Arc::ptr_eq(a, b),
            (Self::Meta(a), Self::Meta(b)) => Arc::ptr_eq(a, b),
            (Self::Fact(a), Self::Fact(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// What to do about a resource's status.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// As the cluster has it
    pub observed: Value,
    /// As it should be
    pub wanted: Wanted,
    /// What to send, and how soon; `None` if nothing is different
    pub patch: Option<(Value, Urgency)>,
}

impl View {
    /// What is known now.
    pub fn now(world: Arc<World>, overlays: &Overlays) -> Self {
        Self {
            world,
            board: Arc::clone(&overlays.board.borrow()),
            facts: [&overlays.servers, &overlays.clients, &overlays.directories].map(|facts| Arc::clone(&facts.borrow())),
        }
    }

    /// The replicas, looked at once.
    pub fn overview(&self) -> Overview<'_> {
        Overview::new(&self.world, &self.board)
    }

    /// Every resource that has a status: those with a verdict, and those that cannot be read.
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        let world = &self.world;
        let judged = world.compiled.verdicts.iter().map(|verdict| (verdict.kind, verdict.key.clone()));
        let unreadable = Kind::ALL.iter().flat_map(|kind| {
            let lost = world.objects.of(*kind).filter(|(_, meta)| meta.undecodable.is_some());
            let lost = lost.filter(|(key, _)| world.compiled.verdict(*kind, key).is_none());
            lost.map(|(key, _)| (*kind, key.clone()))
        });
        judged.chain(unreadable)
    }

    /// What the status of a resource is made from; `None` if it is gone or on its way out.
    pub fn inputs(&self, overview: &Overview<'_>, id: &Id) -> Option<Inputs> {
        let (kind, key) = id;
        let meta = self
            .world
            .objects
            .get(*kind, key)
            .filter(|meta| meta.deletion_timestamp.is_none())?;
        let fact = |facts: &Facts| facts.resources.get(id).map(|fact| Address::Fact(Arc::clone(fact)));
        Some(Inputs {
            verdict: self.verdict(id).map(|verdict| Address::Verdict(Arc::clone(verdict))),
            meta: Address::Meta(Arc::clone(meta)),
            programmed: self.programmed(overview, id),
            pods: self.pods(overview, id),
            facts: self.facts.each_ref().map(|facts| fact(facts)),
        })
    }

    /// What the status should be, and what to send. `written` is what this process wrote last, if the index has yet to hear of it.
    pub fn evaluate(&self, overview: &Overview<'_>, id: &Id, written: Option<&Value>, now: Timestamp) -> Option<Evaluation> {
        let (kind, key) = id;
        let meta = self
            .world
            .objects
            .get(*kind, key)
            .filter(|meta| meta.deletion_timestamp.is_none())?;
        let observed = match written {
            Some(written) => written.clone(),
            None => serde_json::from_str(&meta.status).unwrap_or_default(),
        };
        let verdict = self.verdict(id).map(Arc::as_ref);
        let sources = Sources {
            verdict,
            programmed: self.programmed(overview, id),
            pods: self.pods(overview, id),
            facts: self
                .facts
                .iter()
                .filter_map(|facts| facts.resources.get(id).map(Arc::as_ref))
                .collect(),
            meta,
            last_accepted: last_accepted(&self.world.compiled.accepted, verdict, id, meta.undecodable.is_some()),
        };
        let wanted = merge(sources, &observed, now);
        let patch = merge_patch(&observed, &wanted.status).map(|patch| {
            let urgency = urgency(&observed, &wanted.status, wanted.pending);
            (patch, urgency)
        });
        Some(Evaluation { observed, wanted, patch })
    }

    fn verdict(&self, (kind, key): &Id) -> Option<&Arc<Verdict>> {
        let verdicts = &self.world.compiled.verdicts;
        let found = verdicts.binary_search_by(|verdict| (verdict.kind, &verdict.key).cmp(&(*kind, key)));
        found.ok().and_then(|index| verdicts.get(index))
    }

    fn programmed(&self, overview: &Overview<'_>, id: &Id) -> Option<Programmed> {
        let compiled = &self.world.compiled;
        match id {
            (Kind::AuthServer, key) => overview.server(key).cloned(),
            (Kind::AuthClient, key) => {
                let (server, client) = compiled.client_servers.get(key)?;
                overview.client(key, server, client)
            }
            _ => overview.governed(compiled.governed.get(id)?),
        }
    }

    fn pods(&self, overview: &Overview<'_>, (kind, key): &Id) -> Option<(usize, usize)> {
        (*kind == Kind::AuthServer).then(|| {
            let ready = self.world.replicas_of(key).iter().filter(|replica| replica.ready).count();
            (ready, overview.server(key).map_or(0, |programmed| programmed.current))
        })
    }
}

/// The form that stays in force while the latest is refused or cannot be read. It is kept in the status, so that it outlives this process: a client may be
/// served within policies that have tightened since, though nobody would accept it anew.
fn last_accepted(accepted: &Accepted, verdict: Option<&Verdict>, (kind, key): &Id, undecodable: bool) -> Option<Value> {
    let ready = verdict?.condition("Ready")?;
    // Of what cannot be read the verdict is that of the form before.
    let is_latest = !undecodable;
    if is_latest && (ready.holds() || ready.reason == "SecretPending") {
        return None;
    }
    let spec = match kind {
        Kind::AuthServer => accepted.servers.get(key).map(|object| serde_json::to_value(&object.spec)),
        Kind::AuthClient => accepted.clients.get(key).map(|object| serde_json::to_value(&object.spec)),
        Kind::AuthPolicy => accepted.policies.get(key).map(|object| serde_json::to_value(&object.spec)),
        Kind::ClusterAuthPolicy => accepted.cluster_policies.get(key).map(|object| serde_json::to_value(&object.spec)),
        Kind::User => accepted.users.get(key).map(|object| serde_json::to_value(&object.spec)),
        Kind::ClaimMapper => accepted.claim_mappers.get(key).map(|object| serde_json::to_value(&object.spec)),
        Kind::UserStore | Kind::Group | Kind::Role | Kind::IdentityProvider => None,
    };
    spec?.ok()
}

/// Whether the condition `Ready` holds in a status, and its reason and message.
pub fn ready_of(status: &Value) -> Option<(bool, &str, &str)> {
    let ready = condition_of(status, "Ready")?;
    let text = |field| ready.get(field).and_then(Value::as_str).unwrap_or_default();
    Some((text("status") == "True", text("reason"), text("message")))
}
