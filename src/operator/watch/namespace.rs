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
/// … as long as there was no answer to the question.
const RETRY: Duration = Duration::from_secs(1);

/// Tells the index of one namespace's labels, until nobody listens. Without the right to read it, the namespace has only the label that each
/// has (`kubernetes.io/metadata.name`). Until it is known which of the two it is nothing is told: policies may go by labels.
pub async fn poll(client: Client, name: String, changes: mpsc::Sender<Change>) {
    let api: Api<Namespace> = Api::all(client);
    let (mut told, mut complained) = (false, false);
    loop {
        let labels = match api.get_opt(&name).await {
            Ok(namespace) => namespace.and_then(|namespace| namespace.metadata.labels).unwrap_or_default(),
            Err(error) if told => {
                tracing::debug!(%error, "the namespace's labels cannot be read");
                tokio::time::sleep(INTERVAL).await;
                continue;
            }
            Err(error) if !is_forbidden(&error) => {
                if !complained {
                    tracing::warn!(namespace = name, %error, "the namespace's labels cannot be read, and nothing is done until they are; it is tried again");
                    complained = true;
                }
                tokio::time::sleep(RETRY).await;
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

fn is_forbidden(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 403)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::input::Labels;
    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::json;
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    /// The labels that are told first, by an API server that answers with these.
    async fn first_told(answers: &[(u16, serde_json::Value)]) -> Labels {
        let answers = Arc::new(Mutex::new(answers.iter().cloned().collect::<VecDeque<_>>()));
        let server = tower::service_fn(move |_: Request<Body>| {
            let (status, body) = answers.lock().unwrap().pop_front().unwrap();
            let answer = Response::builder().status(status).body(Body::from(body.to_string().into_bytes()));
            async move { Ok::<_, std::convert::Infallible>(answer.unwrap()) }
        });
        let (sender, mut changes) = mpsc::channel(8);
        let task = tokio::spawn(poll(Client::new(server, "identity"), "identity".to_owned(), sender));
        let labels = loop {
            if let Some(Change::Seen(_, seen)) = changes.recv().await
                && let Seen::Namespace(_, labels) = *seen
            {
                break labels;
            }
        };
        task.abort();
        labels
    }

    fn status(code: u16) -> (u16, serde_json::Value) {
        let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "no", "reason": "x", "code": code});
        (code, status)
    }

    fn namespace() -> (u16, serde_json::Value) {
        let labelled = json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "identity", "labels": {"tier": "restricted"}}});
        (200, labelled)
    }

    #[tokio::test(start_paused = true)]
    async fn an_api_server_that_does_not_answer_is_asked_again_before_anything_is_concluded() {
        let labels = first_told(&[status(500), status(503), namespace()]).await;
        assert_eq!(labels.get("tier").map(String::as_str), Some("restricted"));
    }

    #[tokio::test(start_paused = true)]
    async fn without_the_right_to_read_it_the_namespace_has_no_labels() {
        assert_eq!(first_told(&[status(403)]).await, Labels::new());
    }
}
