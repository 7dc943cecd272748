//! Writes statuses: what `compile` says, what replicas run, what controllers found out, as one. A status is written only if it differs
//! from the one that is there, and only while this process leads.

mod desk;
#[cfg(test)]
mod desk_tests;
#[cfg(test)]
mod fixtures;
mod merge;
mod patch;
mod programmed;
#[cfg(test)]
mod tests;
mod view;

use super::context::{Context, Controller};
use super::events::{Happening, Severity};
use super::overlay::Overlays;
use super::settings::{FIELD_MANAGER, Scope};
use super::watch::api_resource;
use async_trait::async_trait;
use desk::{Desk, Finding, Patience};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use patch::Urgency;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use view::{Evaluation, Id, View, ready_of};

/// Requests under way at once.
const MOST_SENDING: usize = 16;
/// What is published in so short a time is looked at together.
const GATHER: Duration = Duration::from_millis(20);
/// Everything is looked at no more often than this.
const SCAN_INTERVAL: Duration = Duration::from_millis(150);

/// The controller that writes statuses.
pub struct StatusWriter {
    overlays: Overlays,
}

impl StatusWriter {
    /// Reads these overlays.
    pub fn new(overlays: Overlays) -> Self {
        Self { overlays }
    }
}

#[async_trait]
impl Controller for StatusWriter {
    fn name(&self) -> &'static str {
        "status"
    }

    async fn run(&self, mut context: Context) -> Result<(), String> {
        context.synced().await;
        let mut overlays = self.overlays.clone();
        let mut world = context.world.clone();
        let stop = context.stop.clone();
        let mut writer = Writer::new(context, View::now(Arc::clone(&world.borrow_and_update()), &overlays));
        let mut scan_at = Some(Instant::now());
        loop {
            writer.begin();
            let room = writer.sending.len() < MOST_SENDING;
            let wake = [scan_at, writer.desk.wake(room)].into_iter().flatten().min();
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(sent) = writer.sending.next() => writer.ended(sent),
                changed = changed(&mut world, &mut overlays) => {
                    if !changed {
                        return Ok(());
                    }
                    scan_at.get_or_insert_with(|| (Instant::now() + GATHER).max(writer.scanned + SCAN_INTERVAL));
                }
                () = at(wake) => {
                    if scan_at.is_some_and(|at| at <= Instant::now()) {
                        scan_at = None;
                        writer.view = View::now(Arc::clone(&world.borrow_and_update()), &overlays);
                        writer.scan().await;
                    }
                    writer.look_at_due();
                }
            }
        }
    }
}

/// Waits for news from anyone; `false` when there will be none.
async fn changed(world: &mut tokio::sync::watch::Receiver<Arc<super::world::World>>, overlays: &mut Overlays) -> bool {
    tokio::select! {
        changed = world.changed() => changed.is_ok(),
        Ok(()) = overlays.board.changed() => true,
        Ok(()) = overlays.servers.changed() => true,
        Ok(()) = overlays.clients.changed() => true,
        Ok(()) = overlays.directories.changed() => true,
    }
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}

/// What came of a request.
struct Sent {
    id: Id,
    evaluation: Evaluation,
    outcome: kube::Result<DynamicObject>,
}

struct Writer {
    context: Context,
    view: View,
    desk: Desk,
    sending: FuturesUnordered<BoxFuture<'static, Sent>>,
    scanned: Instant,
}

impl Writer {
    fn new(context: Context, view: View) -> Self {
        Self {
            context,
            view,
            desk: Desk::default(),
            sending: FuturesUnordered::new(),
            scanned: Instant::now(),
        }
    }

    /// Looks at every resource whose status may have to change.
    async fn scan(&mut self) {
        self.scanned = Instant::now();
        let overview = self.view.overview();
        for (state, number) in overview.states() {
            self.context.metrics.replicas(state, number);
        }
        let mut ids = BTreeSet::new();
        // An operator of one namespace reads what is there for the whole cluster, and leaves its status to an operator of that.
        let whole = self.context.settings.scope == Scope::Cluster;
        let own = self.view.ids().filter(|(kind, _)| whole || kind.is_namespaced());
        for (index, id) in own.enumerate() {
            if let Some(inputs) = self.view.inputs(&overview, &id) {
                if self.desk.is_news(&id, &inputs) {
                    evaluate(&self.view, &overview, &mut self.desk, &id);
                }
                ids.insert(id);
            }
            if index % 256 == 255 {
                // Pushing configuration to servers comes first, and there may be one core for all.
                tokio::task::yield_now().await;
            }
        }
        self.desk.keep_only(&ids);
    }

    fn look_at_due(&mut self) {
        let due = self.desk.due(Instant::now());
        if due.is_empty() {
            return;
        }
        let overview = self.view.overview();
        for id in due {
            evaluate(&self.view, &overview, &mut self.desk, &id);
        }
    }

    /// Sends as many as may be under way.
    fn begin(&mut self) {
        while self.sending.len() < MOST_SENDING {
            let Some(id) = self.desk.next(Instant::now()) else {
                return;
            };
            let overview = self.view.overview();
            // What is known now counts, not what was known when it was queued.
            let Some(evaluation) = evaluation(&self.view, &overview, &mut self.desk, &id) else {
                self.desk.forget(&id);
                continue;
            };
            let Some((patch, _)) = &evaluation.patch else {
                self.desk.left(&id);
                continue;
            };
            let request = self.request(&id, patch.clone());
            self.sending.push(Box::pin(async move {
                let outcome = request.await;
                Sent { id, evaluation, outcome }
            }));
        }
    }

    fn request(&self, (kind, key): &Id, status: Value) -> impl Future<Output = kube::Result<DynamicObject>> + Send + use<> {
        let resource = api_resource(*kind);
        let client = self.context.client.clone();
        let api: Api<DynamicObject> = if kind.is_namespaced() {
            Api::namespaced_with(client, &key.namespace, &resource)
        } else {
            Api::all_with(client, &resource)
        };
        // Another resource of the same name, made since, is not the one that was judged.
        let uid = self.view.world.objects.get(*kind, key).map(|meta| meta.uid.clone());
        let patch = json!({"metadata": {"uid": uid}, "status": status});
        let name = key.name.clone();
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        async move { api.patch_status(&name, &params, &Patch::Merge(&patch)).await }
    }

    fn ended(&mut self, sent: Sent) {
        let Sent { id, evaluation, outcome } = sent;
        match outcome {
            Ok(object) => {
                self.context.metrics.reconciled("status");
                let version = object.metadata.resource_version.unwrap_or_default();
                let told = happening(&id, &evaluation);
                let status = object.data.get("status").cloned().unwrap_or(evaluation.wanted.status);
                if self.desk.wrote(&id, status, version) {
                    let overview = self.view.overview();
                    evaluate(&self.view, &overview, &mut self.desk, &id);
                }
                if let Some(happening) = told {
                    tell(&self.context, happening);
                }
            }
            Err(kube::Error::Api(status)) if status.is_not_found() || status.code == 404 => self.desk.forget(&id),
            Err(error) => {
                let (kind, key) = &id;
                tracing::warn!(%kind, resource = %key, %error, "a status cannot be written; it is tried again");
                self.desk.failed(&id, Instant::now());
            }
        }
    }
}

fn evaluation(view: &View, overview: &programmed::Overview<'_>, desk: &mut Desk, id: &Id) -> Option<Evaluation> {
    let version = view.world.objects.get(id.0, &id.1)?.resource_version.clone();
    let written = desk.written(id, &version);
    view.evaluate(overview, id, written, Timestamp::now())
}

fn evaluate(view: &View, overview: &programmed::Overview<'_>, desk: &mut Desk, id: &Id) {
    let Some(evaluation) = evaluation(view, overview, desk, id) else {
        return desk.forget(id);
    };
    let finding = match &evaluation.patch {
        None => Finding::Nothing,
        Some((_, urgency)) => {
            let patience = match (urgency, evaluation.wanted.unheard) {
                (Urgency::Pending, true) => Patience::Long,
                (Urgency::Pending, false) => Patience::Short,
                _ => Patience::None,
            };
            Finding::Different(*urgency, patience)
        }
    };
    desk.found(id, finding, Instant::now());
}

/// What a person would want to know of a status that was just written.
fn happening((kind, key): &Id, evaluation: &Evaluation) -> Option<Happening> {
    if evaluation.wanted.pending {
        return None;
    }
    let before = ready_of(&evaluation.observed);
    let after = ready_of(&evaluation.wanted.status)?;
    let same = before.is_some_and(|before| match after.0 {
        true => before.0,
        false => before == after,
    });
    let (holds, reason, message) = after;
    (!same).then(|| Happening {
        kind: *kind,
        key: key.clone(),
        severity: if holds { Severity::Normal } else { Severity::Warning },
        reason: reason.to_owned().into(),
        action: "Reconcile",
        note: message.to_owned(),
    })
}

/// As an Event, and in the log.
fn tell(context: &Context, happening: Happening) {
    let Happening {
        kind, key, reason, note, ..
    } = &happening;
    match happening.severity {
        Severity::Normal => tracing::info!(%kind, resource = %key, %reason, note, "in force"),
        Severity::Warning => tracing::warn!(%kind, resource = %key, %reason, note, "not in force as it is written"),
    }
    context.events.tell(happening);
}
