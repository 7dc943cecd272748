//! Writes Events (`events.k8s.io`).

use super::series::{Series, Telling};
use super::{Happening, Happenings, Severity};
use crate::operator::context::{Context, Controller, When};
use crate::resources::API_VERSION;
use async_trait::async_trait;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// `reportingController`
const CONTROLLER: &str = "auth.nauthera.io/operator";
/// Events of cluster-wide resources are there.
const DEFAULT_NAMESPACE: &str = "default";
/// Between two Events: somebody else wants to talk to the API server, too.
const INTERVAL: Duration = Duration::from_millis(40);
/// Bytes of a note (`events.k8s.io` allows 1 kB).
const MOST_NOTE: usize = 1000;
/// Characters of `reportingInstance`.
const MOST_INSTANCE: usize = 128;

/// The controller that writes Events. A standby tells of nothing: what it saw the leader saw, too.
pub struct EventWriter {
    happenings: Mutex<Happenings>,
}

impl EventWriter {
    /// Writes what comes from there.
    pub fn new(happenings: Happenings) -> Self {
        Self {
            happenings: Mutex::new(happenings),
        }
    }
}

#[async_trait]
impl Controller for EventWriter {
    fn name(&self) -> &'static str {
        "events"
    }

    fn when(&self) -> When {
        When::Always
    }

    async fn run(&self, context: Context) -> Result<(), String> {
        let mut happenings = self.happenings.lock().await;
        let mut series = Series::default();
        loop {
            let happening = tokio::select! {
                () = context.stop.cancelled() => return Ok(()),
                happening = happenings.recv() => happening,
            };
            let Some(happening) = happening else {
                context.stop.cancelled().await;
                return Ok(());
            };
            if context.leader.fence().is_none() {
                continue;
            }
            if let Err(error) = write(&context, &mut series, &happening).await {
                let Happening { kind, key, reason, .. } = &happening;
                tracing::debug!(%kind, resource = %key, %reason, %error, "an Event could not be written");
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

async fn write(context: &Context, series: &mut Series, happening: &Happening) -> kube::Result<()> {
    let meta = context.now().objects.get(happening.kind, &happening.key).cloned();
    let uid = meta.map(|meta| meta.uid.clone()).unwrap_or_default();
    let namespace = if happening.key.namespace.is_empty() {
        DEFAULT_NAMESPACE
    } else {
        &happening.key.namespace
    };
    let api: Api<Event> = Api::namespaced(context.client.clone(), namespace);
    let (now, wall) = (Instant::now(), Timestamp::now());
    if let Telling::Again { event, count } = series.look(&uid, happening, now) {
        let again = json!({"series": {"count": count, "lastObservedTime": MicroTime(wall)}});
        match api.patch(&event, &PatchParams::default(), &Patch::Merge(&again)).await {
            // Events live for an hour or so: this one is told anew.
            Err(kube::Error::Api(status)) if status.is_not_found() => series.forget(&uid, happening),
            outcome => return outcome.map(drop),
        }
    }
    let event = event(context, happening, uid.clone(), namespace, wall);
    let created = api.create(&PostParams::default(), &event).await?;
    series.remember(&uid, happening, created.metadata.name.unwrap_or_default(), now);
    Ok(())
}

fn event(context: &Context, happening: &Happening, uid: String, namespace: &str, wall: Timestamp) -> Event {
    let Happening {
        kind,
        key,
        severity,
        reason,
        action,
        note,
    } = happening;
    let type_ = match severity {
        Severity::Normal => "Normal",
        Severity::Warning => "Warning",
    };
    // A name has 253 bytes at most; the time makes it one of its own.
    let stem = truncated(&key.name, 220).trim_end_matches(['-', '.']);
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{stem}.{:x}", wall.as_nanosecond())),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(wall)),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(truncated(&context.settings.identity, MOST_INSTANCE).to_owned()),
        action: Some((*action).to_owned()),
        reason: Some(reason.to_string()),
        regarding: Some(ObjectReference {
            api_version: Some(API_VERSION.to_owned()),
            kind: Some(kind.as_str().to_owned()),
            name: Some(key.name.clone()),
            namespace: Some(key.namespace.clone()).filter(|namespace| !namespace.is_empty()),
            uid: Some(uid).filter(|uid| !uid.is_empty()),
            ..ObjectReference::default()
        }),
        note: Some(truncated(note, MOST_NOTE).to_owned()),
        type_: Some(type_.to_owned()),
        ..Event::default()
    }
}

/// The first bytes of a text, whole characters.
fn truncated(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
