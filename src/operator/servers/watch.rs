//! Watches of everything that was made, so that what somebody edits or deletes is seen at once; and the look at which further APIs the
//! cluster has.

use super::kinds::{Extra, Made};
use super::live::Store;
use crate::operator::context::Context;
use crate::operator::servers::desired::SERVER;
use crate::operator::settings::{COMPONENT_LABEL, MANAGED_BY, NAUTHERA};
use crate::operator::watch::secret;
use futures::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::{Api, DynamicObject};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{Config, Event, watcher};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};

/// How often the cluster is asked which further APIs it has.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Objects a page of a list.
const PAGE: u32 = 100;

/// What the watches know, shared with them.
#[derive(Clone, Default)]
pub struct Shared {
    store: Arc<Mutex<Store>>,
    news: Arc<Notify>,
}

impl Shared {
    /// What is known. Never held across an await.
    pub fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes when something is different since this was awaited last.
    pub async fn changed(&self) {
        self.news.notified().await;
    }

    fn tell(&self) {
        self.news.notify_one();
    }
}

/// The watches that run; they end when this is dropped.
pub struct Watches {
    _tasks: JoinSet<()>,
}

/// Starts them.
pub fn start(context: &Context, shared: &Shared) -> Watches {
    let mut tasks = JoinSet::new();
    for kind in Made::ALL.into_iter().filter(|kind| kind.needs().is_none()) {
        tasks.spawn(follow(context.clone(), shared.clone(), kind));
    }
    match context.settings.default_database_secret.clone() {
        Some(name) => drop(tasks.spawn(follow_default(context.clone(), shared.clone(), name))),
        None => shared.lock().set_default_database(None),
    }
    tasks.spawn(discover(context.clone(), shared.clone()));
    Watches { _tasks: tasks }
}

async fn follow(context: Context, shared: Shared, kind: Made) {
    let api = context.settings.scope.dynamic(&context.client, &kind.api_resource());
    let config = Config {
        label_selector: Some(format!("{MANAGED_BY}={NAUTHERA},{COMPONENT_LABEL}={SERVER}")),
        ..Config::default().page_size(PAGE)
    };
    let mut events = std::pin::pin!(watcher(api, config).default_backoff());
    let mut complained = false;
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                complained = complained && matches!(event, Event::Init);
                if take(&mut shared.lock(), kind, event) {
                    shared.tell();
                }
            }
            Err(error) if complained => tracing::debug!(kind = kind.as_str(), %error, "the watch fails still"),
            Err(error) => {
                complained = true;
                tracing::warn!(kind = kind.as_str(), %error, "the watch of what was made for AuthServers fails; it is tried again");
            }
        }
    }
}

/// Takes in what a watch tells; whether that is news.
fn take(store: &mut Store, kind: Made, event: Event<DynamicObject>) -> bool {
    match event {
        Event::Init => {
            store.begins(kind);
            false
        }
        Event::InitApply(object) | Event::Apply(object) => store.put(kind, object),
        Event::Delete(object) => {
            let (namespace, name) = (
                object.metadata.namespace.unwrap_or_default(),
                object.metadata.name.unwrap_or_default(),
            );
            store.remove(kind, &namespace, &name)
        }
        Event::InitDone => {
            store.complete(kind);
            true
        }
    }
}

/// Watches the Secret with the operator's default database, and no other of its namespace.
async fn follow_default(context: Context, shared: Shared, name: String) {
    let api: Api<Secret> = Api::namespaced(context.client.clone(), &context.settings.namespace);
    let config = Config::default().fields(&format!("metadata.name={name}"));
    let mut events = std::pin::pin!(watcher(api, config).default_backoff());
    let mut found = None;
    while let Some(event) = events.next().await {
        let secret = match event {
            Ok(Event::Init) => {
                found = None;
                continue;
            }
            Ok(Event::InitApply(secret)) => {
                found = Some(secret::view(secret).1);
                continue;
            }
            Ok(Event::InitDone) => found.take(),
            Ok(Event::Apply(secret)) => Some(secret::view(secret).1),
            Ok(Event::Delete(_)) => None,
            Err(error) => {
                tracing::warn!(secret = name, %error, "the default database's Secret cannot be read; it is tried again");
                continue;
            }
        };
        shared.lock().set_default_database(secret);
        shared.tell();
    }
}

/// Watches the kinds of further APIs as long as they are served.
async fn discover(context: Context, shared: Shared) {
    let mut running: BTreeMap<Extra, Vec<AbortHandle>> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    loop {
        let mut all_known = true;
        for extra in Extra::ALL {
            let Some(served) = served(&context.client, extra).await else {
                all_known = false;
                continue;
            };
            match (served, running.contains_key(&extra)) {
                (true, false) => {
                    tracing::info!(api = extra.api_version(), "the cluster has this API: it is used");
                    shared.lock().set_served(extra, true);
                    let kinds = Made::ALL.into_iter().filter(|kind| kind.needs() == Some(extra));
                    let handles = kinds.map(|kind| tasks.spawn(follow(context.clone(), shared.clone(), kind)));
                    running.insert(extra, handles.collect());
                    shared.tell();
                }
                (false, true) => {
                    tracing::info!(api = extra.api_version(), "the cluster does not have this API any more");
                    for handle in running.remove(&extra).unwrap_or_default() {
                        handle.abort();
                    }
                    shared.lock().set_served(extra, false);
                    shared.tell();
                }
                _ => {}
            }
        }
        if all_known {
            shared.lock().set_looked();
            shared.tell();
        }
        while tasks.try_join_next().is_some() {}
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether an API is served; `None` if that cannot be known now.
async fn served(client: &Client, extra: Extra) -> Option<bool> {
    match client.list_api_group_resources(extra.api_version()).await {
        Ok(found) => {
            let wanted = Made::ALL.into_iter().filter(|kind| kind.needs() == Some(extra));
            let has = |kind: Made| found.resources.iter().any(|resource| resource.kind == kind.as_str());
            Some(wanted.into_iter().all(has))
        }
        Err(kube::Error::Api(status)) if status.code == 404 => Some(false),
        Err(error) => {
            tracing::debug!(api = extra.api_version(), %error, "whether the cluster has this API cannot be known now");
            None
        }
    }
}
