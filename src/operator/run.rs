//! The whole operator: starts its parts in the order of what they need, and ends them in the reverse one.

use super::clients::Clients;
use super::context::{Context, Controller};
use super::directories::Directories;
use super::events::EventWriter;
use super::health::Health;
use super::lease::{self, Timing};
use super::metrics::Metrics;
use super::overlay::{self, Overlays, Publishers};
use super::replicas::{Replicas, WireDial};
use super::servers::Servers;
use super::settings::Settings;
use super::status::StatusWriter;
use super::supervise::{GaveUp, supervise};
use super::world::World;
use super::{api, events, index, leader, watch};
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use std::sync::Arc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// An operator that runs.
pub struct Operator {
    /// For `/readyz` and `/metrics`
    pub health: Health,
    stop: CancellationToken,
    task: JoinHandle<Result<(), String>>,
}

impl Operator {
    /// Starts everything, on the runtime that this is called on.
    ///
    /// # Errors
    /// The configuration makes no client.
    pub fn start(config: kube::Config, settings: Settings) -> kube::Result<Self> {
        let metrics = Metrics::new();
        let (leadership, leader) = leader::channel();
        let client = api::client(config, metrics.clone(), leader.clone())?;
        let settings = Arc::new(settings);
        let stop = CancellationToken::new();
        let resign = CancellationToken::new();
        let watches = watch::start(&client, &settings);
        let (world, reader) = tokio::sync::watch::channel(Arc::new(World::default()));
        let (teller, happenings) = events::channel();
        let health = Health {
            world: reader.clone(),
            watches: watches.health.clone(),
            leader: leader.clone(),
            metrics: metrics.clone(),
        };
        let context = Context {
            client: client.clone(),
            settings: Arc::clone(&settings),
            world: reader,
            leader,
            metrics: metrics.clone(),
            events: teller.clone(),
            stop: stop.clone(),
        };
        let (publishers, overlays) = overlay::channels();
        let parts = Parts {
            index: tokio::spawn(index::run(watches, world, metrics.clone(), teller, resign.clone())),
            election: tokio::spawn(lease::run(
                Api::<Lease>::namespaced(client, &settings.namespace),
                settings.lease_name.clone(),
                settings.identity.clone(),
                Timing::default(),
                leadership,
                metrics,
                resign.clone(),
            )),
            controllers: controllers(publishers, overlays, happenings),
            resign,
        };
        Ok(Self {
            health,
            stop,
            task: tokio::spawn(parts.run(context)),
        })
    }

    /// Completes when the operator cannot go on, with the reason.
    pub async fn failed(&mut self) -> String {
        match (&mut self.task).await {
            Ok(Ok(())) => "the operator ended by itself".to_owned(),
            Ok(Err(why)) => why,
            Err(error) => error.to_string(),
        }
    }

    /// Ends it: controllers finish what they are at, then the Lease is given back.
    ///
    /// # Errors
    /// Why it could not go on, if it ended before it was told to.
    pub async fn stop(self) -> Result<(), String> {
        self.stop.cancel();
        self.task.await.map_err(|error| error.to_string())?
    }
}

/// The controllers, each with what it publishes.
fn controllers(publishers: Publishers, overlays: Overlays, happenings: events::Happenings) -> Vec<Arc<dyn Controller>> {
    let Publishers {
        board,
        servers,
        clients,
        directories,
    } = publishers;
    vec![
        Arc::new(Servers::new(servers)),
        Arc::new(Replicas::new(board, WireDial::default())),
        Arc::new(Clients::new(clients, overlays.board.clone())),
        Arc::new(Directories::new(directories, overlays.board.clone())),
        Arc::new(StatusWriter::new(overlays)),
        Arc::new(EventWriter::new(happenings)),
    ]
}

struct Parts {
    index: JoinHandle<()>,
    election: JoinHandle<()>,
    controllers: Vec<Arc<dyn Controller>>,
    resign: CancellationToken,
}

impl Parts {
    /// Until `context.stop`, or until something cannot go on. Writers end first, then the Lease is given back.
    async fn run(mut self, context: Context) -> Result<(), String> {
        let mut supervised: JoinSet<Result<(), GaveUp>> = JoinSet::new();
        for controller in self.controllers {
            supervised.spawn(supervise(controller, context.clone()));
        }
        let outcome = tokio::select! {
            () = context.stop.cancelled() => Ok(()),
            ended = &mut self.index => Err(format!("the index ended by itself ({})", reason(ended))),
            ended = &mut self.election => Err(format!("the election ended by itself ({})", reason(ended))),
            Some(ended) = supervised.join_next() => match ended {
                Ok(Err(gave_up)) => Err(gave_up.to_string()),
                Ok(Ok(())) => Ok(()),
                Err(error) => Err(error.to_string()),
            },
        };
        context.stop.cancel();
        while supervised.join_next().await.is_some() {}
        self.resign.cancel();
        if !self.election.is_finished() {
            let _ = self.election.await;
        }
        outcome
    }
}

fn reason(ended: Result<(), tokio::task::JoinError>) -> String {
    ended.err().map_or_else(|| "no reason".to_owned(), |error| error.to_string())
}
