//! The way to the API server: every request is counted, has a deadline, and may write only while this process leads.

use super::leader::Leader;
use super::metrics::{ApiRequest, Metrics};
use futures::future::BoxFuture;
use http::{Method, Request, Uri};
use kube::Client;
use kube::client::{Body, ClientBuilder};
use std::task::{Context, Poll};
use std::time::Duration;
use tower::{BoxError, Layer, Service};

/// A list or a get that takes longer is given up.
const READ_DEADLINE: Duration = Duration::from_secs(30);
/// A write that takes longer is given up: by then another may lead soon.
const WRITE_DEADLINE: Duration = Duration::from_secs(5);

/// A client whose requests are counted and whose writes go through only while `leader` leads. The Lease itself can always be written.
///
/// # Errors
/// The configuration does not make a client, such as a certificate that cannot be read.
pub fn client(mut config: kube::Config, metrics: Metrics, leader: Leader) -> kube::Result<Client> {
    // Whoever asks knows when to ask again, and what has been overtaken by then; a retry further down does not.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(10));
    Ok(ClientBuilder::try_from(config)?.with_layer(&Guard { metrics, leader }).build())
}

#[derive(Clone)]
struct Guard {
    metrics: Metrics,
    leader: Leader,
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            inner,
            guard: self.clone(),
        }
    }
}

/// The service that [`Guard`] makes.
#[derive(Clone)]
struct Guarded<S> {
    inner: S,
    guard: Guard,
}

/// A write was stopped because this process does not lead.
#[derive(Debug, thiserror::Error)]
#[error("this process does not lead, so it writes nothing")]
pub struct NotLeading;

/// The API server did not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("the API server did not answer within {0:?}")]
struct TooSlow(Duration);

impl<S, R> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = R>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    R: Send + 'static,
{
    type Response = R;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<R, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let what = describe(request.method(), request.uri());
        let writes = !matches!(what.verb, "get" | "list" | "watch");
        if writes && what.resource != "leases" && self.guard.leader.term().is_none() {
            return Box::pin(async { Err(NotLeading.into()) });
        }
        // A watch answers at once, and ends when it ends.
        let deadline = if writes { WRITE_DEADLINE } else { READ_DEADLINE };
        self.guard.metrics.api_request(what);
        let answer = self.inner.call(request);
        Box::pin(async move {
            match tokio::time::timeout(deadline, answer).await {
                Ok(answer) => answer.map_err(Into::into),
                Err(_) => Err(TooSlow(deadline).into()),
            }
        })
    }
}

/// The verb and the resource of a request, as RBAC names them. Names of namespaces and objects stay out: labels are few.
fn describe(method: &Method, uri: &Uri) -> ApiRequest {
    let mut parts = uri.path().split('/').filter(|part| !part.is_empty());
    let resources: Vec<&str> = match parts.next() {
        // /api/v1/…
        Some("api") => parts.skip(1).collect(),
        // /apis/GROUP/VERSION/…
        Some("apis") => parts.skip(2).collect(),
        _ => Vec::new(),
    };
    let (resource, name, subresource) = match *resources.as_slice() {
        ["namespaces", _, resource, ref rest @ ..] => (resource, rest.first(), rest.get(1)),
        [resource, ref rest @ ..] => (resource, rest.first(), rest.get(1)),
        [] => ("other", None, None),
    };
    let verb = match *method {
        Method::GET
            if uri
                .query()
                .is_some_and(|query| query.split('&').any(|part| matches!(part, "watch=true" | "watch=1"))) =>
        {
            "watch"
        }
        Method::GET if name.is_some() => "get",
        Method::GET => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "other",
    };
    let resource = match subresource {
        Some(subresource) => format!("{resource}/{subresource}"),
        None => resource.to_owned(),
    };
    ApiRequest { verb, resource }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::leader;
    use std::time::Instant;
    use tower::ServiceExt;

    fn named(method: Method, uri: &str) -> (&'static str, String) {
        let request = describe(&method, &uri.parse().unwrap());
        (request.verb, request.resource)
    }

    #[test]
    fn requests_are_named_as_rbac_names_them() {
        let ours = "/apis/auth.nauthera.io/v1alpha1";
        for (method, uri, verb, resource) in [
            (Method::GET, format!("{ours}/authclients?limit=250"), "list", "authclients"),
            (
                Method::GET,
                format!("{ours}/authclients?watch=true&resourceVersion=1"),
                "watch",
                "authclients",
            ),
            (Method::GET, format!("{ours}/namespaces/a/authclients"), "list", "authclients"),
            (
                Method::PATCH,
                format!("{ours}/namespaces/a/authclients/b/status?"),
                "patch",
                "authclients/status",
            ),
            (Method::POST, "/api/v1/namespaces/a/secrets".to_owned(), "create", "secrets"),
            (Method::GET, "/api/v1/namespaces/a".to_owned(), "get", "namespaces"),
            (Method::GET, "/api/v1/namespaces".to_owned(), "list", "namespaces"),
            (
                Method::PUT,
                "/apis/coordination.k8s.io/v1/namespaces/a/leases/b".to_owned(),
                "update",
                "leases",
            ),
            (Method::GET, "/version".to_owned(), "list", "other"),
        ] {
            assert_eq!(named(method, &uri), (verb, resource.to_owned()), "{uri}");
        }
    }

    #[tokio::test]
    async fn writes_only_while_leading_and_the_lease_always() {
        let (leadership, leader) = leader::channel();
        let metrics = Metrics::new();
        let echo = tower::service_fn(|_: Request<Body>| async { Ok::<_, BoxError>(()) });
        let service = Guard {
            metrics: metrics.clone(),
            leader,
        }
        .layer(echo);
        let send = |method: &str, uri: &str| {
            let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
            service.clone().oneshot(request)
        };
        let (secrets, lease) = ("/api/v1/namespaces/a/secrets", "/apis/coordination.k8s.io/v1/namespaces/a/leases");
        assert!(send("POST", secrets).await.unwrap_err().is::<NotLeading>());
        assert!(send("GET", secrets).await.is_ok() && send("POST", lease).await.is_ok());
        leadership.begin(1, Instant::now() + Duration::from_secs(60));
        assert!(send("POST", secrets).await.is_ok());
        leadership.extend(Instant::now());
        assert!(send("DELETE", &format!("{secrets}/x")).await.unwrap_err().is::<NotLeading>());
        let sent = metrics.api_requests(&ApiRequest {
            verb: "create",
            resource: "secrets".to_owned(),
        });
        assert_eq!(sent, 1, "what was stopped is not counted");
    }
}
