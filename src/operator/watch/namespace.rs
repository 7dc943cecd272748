//! Namespaces: watched for their labels. In the single-namespace mode nothing may be listed beyond the namespace, so it is asked for by
//! name, now and then.

use super::{Change, Seen, Source};
use crate::config::input::Key;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the one namespace is asked for.
const INTERVAL: Duration = Duration::from_secs(60);

/// Tells the index of one namespace's labels, until nobody listens. Without the right to read it, the namespace has only the label that each
/// has (`kubernetes.io/metadata.name`).
pub async fn poll(client: Client, name: String, changes: mpsc::Sender<Change>) {
    let api: Api<Namespace> = Api::all(client);
    let mut told = false;
    loop {
        let labels = match api.get_opt(&name).await {
            Ok(namespace) => namespace.and_then(|namespace| namespace.metadata.labels).unwrap_or_default(),
            Err(error) if told => {
                tracing::debug!(%error, "the namespace's labels cannot be read");
                tokio::time::sleep(INTERVAL).await;
                continue;
            }
            Err(error) => {
                tracing::warn!(
                    namespace = name, %error,
                    "the namespace's labels cannot be read (`get` on this one namespace): selectors over namespaces see its name alone"
                );
                Default::default()
            }
        };
        told = true;
        let seen = Seen::Namespace(Key::new("", name.clone()), labels);
        for change in [
            Change::Begins(Source::Namespaces),
            Change::Seen(Source::Namespaces, Box::new(seen)),
            Change::Listed(Source::Namespaces),
        ] {
            if changes.send(change).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
