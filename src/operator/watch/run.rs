//! The watchers' tasks.

use super::decode::{decode, key_of};
use super::kinds::{KINDS, api_resource};
use super::{Change, Seen, Source, namespace, secret, slice};
use crate::config::input::Kind;
use crate::operator::settings::{MANAGED_BY, NAUTHERA, Scope, Settings};
use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Config, Event, watcher};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Changes that may wait for the index. A watcher that is faster waits.
const MOST_WAITING: usize = 1024;

/// Objects a page of a list: a page is in memory as a whole.
const PAGE: u32 = 250;

/// Labels by which Secrets are watched; no other Secret is read.
const SECRET_LABELS: [&str; 3] = [
    "app.kubernetes.io/managed-by=nauthera",
    "auth.nauthera.io/client-secret=true",
    "auth.nauthera.io/credential=true",
];

/// How the watches are: what is wrong with each that does not work.
pub type Health = BTreeMap<Source, String>;

/// The watchers that run; they end when this is dropped.
pub struct Watches {
    /// What they tell
    pub changes: mpsc::Receiver<Change>,
    /// Everything that is watched: nothing may be concluded before each has delivered its first list
    pub sources: Vec<Source>,
    /// What is wrong with those that do not work
    pub health: watch::Receiver<Arc<Health>>,
    _tasks: JoinSet<()>,
}

/// Starts all watchers.
pub fn start(client: &Client, settings: &Settings) -> Watches {
    let (sender, changes) = mpsc::channel(MOST_WAITING);
    let (health, health_reader) = watch::channel(Arc::default());
    let teller = Teller {
        changes: sender,
        health: Arc::new(health),
    };
    let mut tasks = JoinSet::new();
    let mut sources = Vec::new();
    for kind in kinds(settings) {
        let source = Source::Kind(kind);
        sources.push(source);
        let resource = api_resource(kind);
        let api = match kind {
            Kind::ClusterAuthPolicy => Api::all_with(client.clone(), &resource),
            _ => settings.scope.dynamic(client, &resource),
        };
        let read = move |object| {
            let (key, observed) = decode(kind, object);
            Some(Seen::Resource(key, observed))
        };
        tasks.spawn(teller.clone().follow(source, events(api, None), read));
    }
    for label in SECRET_LABELS {
        let source = Source::Secrets(label);
        sources.push(source);
        let api: Api<Secret> = settings.scope.api(client);
        let read = |object| {
            let (key, view) = secret::view(object);
            Some(Seen::Secret(key, view))
        };
        tasks.spawn(teller.clone().follow(source, events(api, Some(label)), read));
    }
    sources.push(Source::Slices);
    let slices: Api<EndpointSlice> = settings.scope.api(client);
    let ours = format!("{MANAGED_BY}={NAUTHERA}");
    let read = |object| slice::view(&object).map(|(key, view)| Seen::Slice(key, view));
    tasks.spawn(teller.clone().follow(Source::Slices, events(slices, Some(&ours)), read));
    sources.push(Source::Namespaces);
    match &settings.scope {
        Scope::Cluster => {
            let api: Api<Namespace> = Api::all(client.clone());
            let read = |object: Namespace| {
                let key = key_of(&object.metadata);
                Some(Seen::Namespace(key, object.metadata.labels.unwrap_or_default()))
            };
            tasks.spawn(teller.follow(Source::Namespaces, events(api, None), read));
        }
        Scope::Namespace(name) => {
            tasks.spawn(namespace::poll(client.clone(), name.clone(), teller.changes));
        }
    }
    Watches {
        changes,
        sources,
        health: health_reader,
        _tasks: tasks,
    }
}

fn kinds(settings: &Settings) -> impl Iterator<Item = Kind> {
    let cluster_wide = settings.scope == Scope::Cluster || settings.cluster_policies;
    if !cluster_wide {
        tracing::warn!(
            "ClusterAuthPolicies are not read in the single-namespace mode: they limit no client here (--cluster-policies reads them)"
        );
    }
    KINDS
        .iter()
        .copied()
        .filter(move |kind| cluster_wide || *kind != Kind::ClusterAuthPolicy)
}

fn events<K>(api: Api<K>, labels: Option<&str>) -> impl Stream<Item = watcher::Result<Event<K>>> + Send + use<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let config = Config {
        label_selector: labels.map(str::to_owned),
        ..Config::default().page_size(PAGE)
    };
    watcher(api, config).default_backoff()
}

/// Passes on what a watch says.
#[derive(Clone)]
struct Teller {
    changes: mpsc::Sender<Change>,
    health: Arc<watch::Sender<Arc<Health>>>,
}

impl Teller {
    /// Until nobody listens.
    async fn follow<K, R>(self, source: Source, events: impl Stream<Item = watcher::Result<Event<K>>> + Send, read: R)
    where
        K: Resource,
        R: Fn(K) -> Option<Seen> + Send,
    {
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.next().await {
            let change = match event {
                Ok(event) => {
                    if !matches!(event, Event::Init) {
                        self.works(source);
                    }
                    change(source, event, &read)
                }
                Err(error) => {
                    self.fails(source, &error);
                    continue;
                }
            };
            if let Some(change) = change
                && self.changes.send(change).await.is_err()
            {
                return;
            }
        }
    }

    fn works(&self, source: Source) {
        self.health.send_if_modified(|health| {
            let mended = health.contains_key(&source);
            if mended {
                Arc::make_mut(health).remove(&source);
                tracing::info!(%source, "the watch works again");
            }
            mended
        });
    }

    fn fails(&self, source: Source, error: &watcher::Error) {
        let why = explain(source, error);
        self.health.send_if_modified(|health| {
            let news = health.get(&source) != Some(&why);
            if news {
                tracing::warn!(%source, why, "the watch fails; it is tried again");
                Arc::make_mut(health).insert(source, why.clone());
            }
            news
        });
    }
}

fn change<K: Resource>(source: Source, event: Event<K>, read: impl Fn(K) -> Option<Seen>) -> Option<Change> {
    match event {
        Event::Init => Some(Change::Begins(source)),
        Event::InitDone => Some(Change::Listed(source)),
        Event::Delete(object) => Some(Change::Gone(source, key_of(object.meta()))),
        Event::Apply(object) | Event::InitApply(object) => {
            let key = key_of(object.meta());
            Some(match read(object) {
                Some(seen) => Change::Seen(source, Box::new(seen)),
                // It was one of those that count, perhaps: now it is not.
                None => Change::Gone(source, key),
            })
        }
    }
}

/// What is wrong, and what to do about it.
fn explain(source: Source, error: &watcher::Error) -> String {
    let status = match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Some(status),
        _ => None,
    };
    match (status, source) {
        (Some(status), Source::Kind(kind)) if status.is_not_found() || status.code == 404 => format!(
            "the CustomResourceDefinition of {kind} is not installed; install them with: nauthera crds | kubectl apply --server-side -f -"
        ),
        (Some(status), _) if status.is_forbidden() || status.code == 403 => {
            format!(
                "the operator's ServiceAccount lacks a right it needs (list and watch): {}",
                status.message
            )
        }
        (Some(status), _) => format!("{} ({})", status.message, status.code),
        (None, _) => match error {
            watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => {
                format!("the API server cannot be reached: {error}")
            }
            other => other.to_string(),
        },
    }
}
