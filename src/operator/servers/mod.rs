//! What an AuthServer becomes in the cluster: a Deployment and all that it needs, kept as it should be.
//!
//! What is wanted is worked out anew at each look (`desired`, pure) and compared with what the watches show (`step`, pure); only a
//! difference is written. The owner reference lets garbage collection take everything when the AuthServer goes.

mod apply;
mod cache;
mod database;
mod desired;
mod drift;
mod entry;
mod facts;
mod failure;
mod kek;
mod kinds;
mod live;
mod names;
mod pki;
mod quantity;
mod reconcile;
mod secrets;
mod step;
mod watch;

use super::context::{Context, Controller};
use super::overlay::{Fact, Facts};
use super::world::World;
use crate::config::input::{Key, Kind, Object};
use crate::resources::AuthServerSpec;
use async_trait::async_trait;
use desired::Subject;
use entry::{Entry, Inputs};
use futures::StreamExt;
use reconcile::Round;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use watch::Shared;

/// AuthServers that are seen to at the same time.
const AT_ONCE: usize = 8;
/// Looks are this far apart at least.
const LOOKS_APART: Duration = Duration::from_millis(100);
/// With nobody to look at.
const IDLE: Duration = Duration::from_secs(300);

/// The controller.
pub struct Servers {
    facts: tokio::sync::watch::Sender<Arc<Facts>>,
}

impl Servers {
    /// Tells how servers are through `facts`.
    pub fn new(facts: tokio::sync::watch::Sender<Arc<Facts>>) -> Self {
        Self { facts }
    }

    fn publish(&self, entries: &BTreeMap<Key, Entry>) {
        let resources = entries
            .iter()
            .map(|(key, entry)| ((Kind::AuthServer, key.clone()), Arc::clone(&entry.fact)));
        let facts = Facts {
            resources: resources.collect(),
        };
        self.facts.send_if_modified(|published| {
            let changed = **published != facts;
            if changed {
                *published = Arc::new(facts);
            }
            changed
        });
    }
}

#[async_trait]
impl Controller for Servers {
    fn name(&self) -> &'static str {
        "servers"
    }

    async fn run(&self, mut context: Context) -> Result<(), String> {
        let shared = Shared::default();
        let _watches = watch::start(&context, &shared);
        let mut world = context.synced().await;
        let mut entries: BTreeMap<Key, Entry> = BTreeMap::new();
        loop {
            let looked = Instant::now();
            if shared.lock().is_complete() {
                look(&context, &shared, &world, &mut entries).await;
                self.publish(&entries);
            }
            let due = entries.values().filter_map(|entry| entry.due).min().unwrap_or(looked + IDLE);
            tokio::select! {
                () = context.stop.cancelled() => return Ok(()),
                changed = context.world.changed() => changed.map_err(|_| "nobody publishes what is known any more".to_owned())?,
                () = shared.changed() => {}
                () = tokio::time::sleep_until(due) => {}
            }
            tokio::time::sleep_until(looked + LOOKS_APART).await;
            world = Arc::clone(&context.world.borrow_and_update());
        }
    }
}

/// One AuthServer that is to be looked at.
struct Turn {
    key: Key,
    entry: Entry,
    spec: Arc<Object<AuthServerSpec>>,
}

/// Looks at every AuthServer that something is different about.
async fn look(context: &Context, shared: &Shared, world: &World, entries: &mut BTreeMap<Key, Entry>) {
    let now = Instant::now();
    let servers = &world.compiled.accepted.servers;
    let uid = |key: &Key| {
        let meta = world.objects.get(Kind::AuthServer, key)?;
        meta.deletion_timestamp.is_none().then(|| meta.uid.clone())
    };
    entries.retain(|key, entry| servers.contains_key(key) && uid(key).as_ref() == Some(&entry.uid));
    let mut turns = Vec::new();
    for (key, spec) in servers {
        let Some(uid) = uid(key) else { continue };
        let mut entry = entries.remove(key).unwrap_or_else(|| Entry::new(uid));
        let inputs = Inputs::now(key, spec, world, &shared.lock());
        if entry.is_due(inputs, now) {
            let (key, spec) = (key.clone(), Arc::clone(spec));
            turns.push(Turn { key, entry, spec });
        } else {
            entries.insert(key.clone(), entry);
        }
    }
    let mut ended = futures::stream::iter(turns)
        .map(|turn| take(context, shared, world, turn))
        .buffer_unordered(AT_ONCE);
    while let Some(turn) = ended.next().await {
        entries.insert(turn.key, turn.entry);
    }
}

async fn take(context: &Context, shared: &Shared, world: &World, mut turn: Turn) -> Turn {
    let subject = Subject {
        key: turn.key.clone(),
        uid: turn.entry.uid.clone(),
    };
    let round = Round::new(context, shared, world, &mut turn.entry, subject, &turn.spec.spec);
    let (fact, again): (Fact, Duration) = round.run().await;
    if *turn.entry.fact != fact {
        turn.entry.fact = Arc::new(fact);
    }
    turn.entry.due = Some(Instant::now() + again);
    turn
}
