//! How directories stand, in the status of their UserStores: put together from what the replicas say that use them.
//!
//! What replicas say has lasted a while already; they say it one after the other, so that it is looked at when it has come to rest. A status is
//! written when a directory goes and when it is back, and not for each replica that finds out.

use super::context::{Context, Controller};
use super::events::Events;
use super::overlay::{Board, Fact, Facts};
use super::world::World;
use crate::config::directory_health::{CONDITION, DirectoryHealth, Judged, directories, judge, unknown};
use crate::config::input::{Key, Kind};
use crate::resources::UserStoreStatus;
use crate::resources::condition::{Condition, ConditionStatus};
use async_trait::async_trait;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Nothing new is said for so long: then it is told,
const REST: Duration = Duration::from_secs(3);
/// or, if there is no rest, after so long.
const NO_REST: Duration = Duration::from_secs(15);

/// The controller.
pub struct Directories {
    facts: watch::Sender<Arc<Facts>>,
    board: watch::Receiver<Arc<Board>>,
}

impl Directories {
    /// Tells how directories stand through `facts`; reads on `board` what the replicas say.
    pub fn new(facts: watch::Sender<Arc<Facts>>, board: watch::Receiver<Arc<Board>>) -> Self {
        Self { facts, board }
    }

    fn publish(&self, facts: Facts, world: &World, events: &Events) {
        let facts = Arc::new(facts);
        let before = self.facts.send_replace(Arc::clone(&facts));
        for ((kind, key), fact) in &facts.resources {
            let told = before
                .resources
                .get(&(*kind, key.clone()))
                .and_then(|fact| fact.conditions.first().cloned());
            if let (Some(before), Some(now)) = (told.or_else(|| written(world, key)?.1), fact.conditions.first()) {
                tell(events, key, &before, now);
            }
        }
    }
}

#[async_trait]
impl Controller for Directories {
    fn name(&self) -> &'static str {
        "directories"
    }

    async fn run(&self, mut context: Context) -> Result<(), String> {
        context.leader.leading().await;
        let mut board = self.board.clone();
        let mut world = context.synced().await;
        // Since when there is something to tell, and since when it has been the same.
        let mut news: Option<(Instant, Instant, Facts)> = None;
        loop {
            let facts = facts(&world, &board.borrow_and_update());
            let now = Instant::now();
            news = match news.take() {
                _ if facts == **self.facts.borrow() => None,
                Some((first, since, before)) if before == facts => Some((first, since, facts)),
                Some((first, ..)) => Some((first, now, facts)),
                None => Some((now, now, facts)),
            };
            let tell_at = news.as_ref().map(|(first, since, _)| (*since + REST).min(*first + NO_REST));
            if tell_at.is_some_and(|at| at <= now)
                && let Some((.., facts)) = news.take()
            {
                self.publish(facts, &world, &context.events);
                continue;
            }
            tokio::select! {
                () = context.stop.cancelled() => return Ok(()),
                changed = context.world.changed() => {
                    changed.map_err(|_| "nobody publishes what is known any more".to_owned())?;
                    world = Arc::clone(&context.world.borrow_and_update());
                }
                changed = board.changed() => changed.map_err(|_| "nobody publishes what the replicas run on any more".to_owned())?,
                () = at(tell_at) => {}
            }
        }
    }
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}

/// What is to be told of each directory that a server uses.
fn facts(world: &World, board: &Board) -> Facts {
    let mut facts = Facts::default();
    let used = world.compiled.governed.iter().filter(|((kind, _), _)| *kind == Kind::UserStore);
    for ((_, key), servers) in used {
        let id = key.to_string();
        let snapshots = servers.iter().filter_map(|server| world.compiled.snapshots.get(server));
        let found = snapshots
            .flat_map(|snapshot| directories(snapshot))
            .find(|(store, _)| store.id.as_str() == id);
        let Some((wanted, ldap)) = found else {
            continue;
        };
        let replicas = servers.iter().flat_map(|server| {
            let serving = world.replicas_of(server).iter().filter(|replica| replica.ready);
            serving.map(move |replica| board.replica(server, &replica.uid))
        });
        let replicas: Vec<_> = replicas.collect();
        let said = replicas.iter().filter_map(|state| {
            let state = state.as_ref()?;
            // What it says is of what it runs on.
            let runs = directories(state.acked.as_ref()?).any(|(store, _)| store == wanted);
            state.directories.as_ref()?.iter().find(|health| runs && health.store == wanted.id)
        });
        let said: Vec<&DirectoryHealth> = said.collect();
        let fact = match (replicas.len(), said.is_empty(), written(world, key)) {
            (0, ..) => fact(&[], unknown("NoReplicas", "no replica of a server that uses it is serving")),
            // After a change of leader, or of the directory's settings: what was written stands until they have told.
            (_, true, Some((servers, Some(condition)))) => fact(&servers, condition),
            _ => {
                let Judged { servers, condition } = judge(ldap, said);
                let servers = servers.iter().filter_map(|server| serde_json::to_value(server).ok());
                fact(&servers.collect::<Vec<_>>(), condition)
            }
        };
        facts.resources.insert((Kind::UserStore, key.clone()), Arc::new(fact));
    }
    facts
}

fn fact(servers: &[Value], condition: Condition) -> Fact {
    let mut fields = Map::new();
    if !servers.is_empty() {
        fields.insert("servers".to_owned(), Value::Array(servers.to_vec()));
    }
    Fact {
        conditions: vec![condition],
        holds_ready: Vec::new(),
        fields,
    }
}

/// What the status that is there says of the servers.
fn written(world: &World, key: &Key) -> Option<(Vec<Value>, Option<Condition>)> {
    let status: UserStoreStatus = world.objects.get(Kind::UserStore, key)?.status()?;
    let servers = status.servers.iter().filter_map(|server| serde_json::to_value(server).ok());
    let mut condition = status.conditions.into_iter().find(|condition| condition.type_ == CONDITION);
    if let Some(condition) = &mut condition {
        (condition.observed_generation, condition.last_transition_time) = (None, None);
    }
    Some((servers.collect(), condition))
}

/// As an Event, when people of a directory can no longer log in, and when they can again.
fn tell(events: &Events, key: &Key, before: &Condition, now: &Condition) {
    match (before.status, now.status) {
        (ConditionStatus::True | ConditionStatus::Unknown, ConditionStatus::False) => {
            events.warning(Kind::UserStore, key, "DirectoryGone", "Watch", now.message.clone());
        }
        (ConditionStatus::False, ConditionStatus::True) => {
            events.normal(Kind::UserStore, key, "DirectoryBack", "Watch", now.message.clone());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
