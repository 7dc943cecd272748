//! The index's task: takes changes in, compiles when something that counts is different, publishes the world.

use super::{Index, Undecodable, Work};
use crate::config::input::{Accepted, Kind, Options, Runtime};
use crate::config::verdict::Compiled;
use crate::config::{compile, share};
use crate::operator::events::Events;
use crate::operator::metrics::Metrics;
use crate::operator::watch::{KINDS, Watches};
use crate::operator::world::World;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

/// Changes that are taken in at once.
const BATCH: usize = 1024;

/// Changes that need no compilation (metadata, statuses, pods) are published at most this often.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(20);

/// Runs until `stop`, or until every watcher has ended. Nothing is compiled or published before every watch has delivered its first list.
pub async fn run(mut watches: Watches, world: watch::Sender<Arc<World>>, metrics: Metrics, events: Events, stop: CancellationToken) {
    let mut keeper = Keeper::new(Index::new(watches.sources.iter().copied()), world, metrics, events);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let (waits, published) = (keeper.waits(), keeper.published);
        tokio::select! {
            () = stop.cancelled() => return,
            compiled = compilation(&mut keeper.running) => keeper.compiled(compiled),
            () = due(waits, published) => keeper.publish(),
            number = watches.changes.recv_many(&mut batch, BATCH) => {
                if number == 0 {
                    return;
                }
                for change in batch.drain(..) {
                    if let Some(undecodable) = keeper.index.apply(change) {
                        keeper.report(&undecodable);
                    }
                }
                keeper.note_work();
            }
        }
        keeper.begin();
    }
}

/// The index and what is under way because of it.
struct Keeper {
    index: Index,
    world: watch::Sender<Arc<World>>,
    metrics: Metrics,
    events: Events,
    /// The last compilation's outcome; `None` before the first
    current: Option<Arc<Compiled>>,
    /// One at a time; and when the first change was seen that it takes in
    running: Option<(JoinHandle<Compiled>, Instant)>,
    /// When the first change was seen that has yet to be compiled
    to_compile: Option<Instant>,
    /// When the first change was seen that has yet to be published
    to_publish: Option<Instant>,
    published: Option<Instant>,
    sequence: u64,
}

impl Keeper {
    fn new(index: Index, world: watch::Sender<Arc<World>>, metrics: Metrics, events: Events) -> Self {
        Self {
            index,
            world,
            metrics,
            events,
            current: None,
            running: None,
            to_compile: Some(Instant::now()),
            to_publish: None,
            published: None,
            sequence: 0,
        }
    }

    fn note_work(&mut self) {
        let now = Instant::now();
        let Work { compile, publish } = self.index.take_work();
        if compile {
            self.to_compile.get_or_insert(now);
        }
        if publish {
            self.to_publish.get_or_insert(now);
        }
    }

    /// Begins a compilation if there is a reason, none is under way, and everything is known.
    fn begin(&mut self) {
        if self.running.is_some() || !self.index.is_complete() {
            return;
        }
        let Some(seen) = self.to_compile.take() else {
            return;
        };
        let resources = Arc::clone(self.index.resources());
        let before = self.current.clone();
        let recovered = match before {
            Some(_) => Accepted::default(),
            None => self.index.recovered().clone(),
        };
        let compilation = tokio::task::spawn_blocking(move || {
            let accepted = before.as_ref().map_or(&recovered, |before| &before.accepted);
            let options = Options {
                runtime: Runtime::Cluster,
                namespaces_are_watched: true,
                ..Options::default()
            };
            let mut compiled = compile(&resources, &options, accepted);
            if let Some(before) = &before {
                share(&mut compiled, before);
            }
            compiled
        });
        self.running = Some((compilation, seen));
    }

    fn compiled(&mut self, outcome: Result<Compiled, JoinError>) {
        let Some((_, seen)) = self.running.take() else {
            return;
        };
        match outcome {
            Ok(compiled) => {
                let refused = compiled.verdicts.iter().filter(|verdict| !verdict.accepted()).count();
                self.metrics.compiled(seen.elapsed());
                self.metrics.resources("refused", refused);
                self.metrics.resources("accepted", compiled.verdicts.len().saturating_sub(refused));
                tracing::debug!(
                    servers = compiled.snapshots.len(),
                    resources = compiled.verdicts.len(),
                    refused,
                    milliseconds = seen.elapsed().as_millis(),
                    "compiled"
                );
                self.current = Some(Arc::new(compiled));
                self.index.forget_recovered();
                let earlier = self.to_publish.map_or(seen, |other| other.min(seen));
                self.to_publish = Some(earlier);
                self.publish();
            }
            // The same input would fail again: what was compiled before stays until something changes.
            Err(error) => tracing::error!(%error, "the resources cannot be compiled: what was in force stays"),
        }
    }

    /// Whether something waits to be published and can be.
    fn waits(&self) -> bool {
        self.to_publish.is_some() && self.current.is_some()
    }

    fn publish(&mut self) {
        let Some(compiled) = &self.current else {
            return;
        };
        self.sequence += 1;
        let objects = self.index.objects().clone();
        let unreadable = KINDS
            .iter()
            .flat_map(|kind| objects.of(*kind))
            .filter(|(_, meta)| meta.undecodable.is_some());
        self.metrics.undecodable(unreadable.count());
        self.world.send_replace(Arc::new(World {
            sequence: self.sequence,
            changed_at: self.to_publish.take(),
            resources: Arc::clone(self.index.resources()),
            compiled: Arc::clone(compiled),
            objects,
            secrets: Arc::clone(self.index.secrets()),
            replicas: Arc::clone(self.index.replicas()),
        }));
        self.published = Some(Instant::now());
    }

    fn report(&self, undecodable: &Undecodable) {
        let Undecodable { kind, key, why } = undecodable;
        tracing::warn!(%kind, resource = %key, why, "a resource cannot be read: its last good form stays");
        let note = match kind {
            Kind::AuthPolicy | Kind::ClusterAuthPolicy => {
                format!(
                    "cannot be read: {why}. Its last good form stays in force; without one, no AuthServer that selects it accepts a client"
                )
            }
            _ => format!("cannot be read: {why}. Its last good form stays in force"),
        };
        self.events.warning(*kind, key, "Undecodable", "Decode", note);
    }
}

/// Completes with the compilation that is under way; never if there is none.
async fn compilation(running: &mut Option<(JoinHandle<Compiled>, Instant)>) -> Result<Compiled, JoinError> {
    match running {
        Some((handle, _)) => handle.await,
        None => std::future::pending().await,
    }
}

/// Completes when what waits may be published; never if nothing waits.
async fn due(waits: bool, published: Option<Instant>) {
    match published {
        _ if !waits => std::future::pending().await,
        Some(last) => tokio::time::sleep_until((last + PUBLISH_INTERVAL).into()).await,
        None => {}
    }
}
