//! What tests of controllers share.

use super::context::Context;
use super::leader::Leader;
use super::metrics::Metrics;
use super::settings::{Scope, Settings};
use super::{events, world::World};
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Settings that name nothing real.
pub fn settings() -> Settings {
    Settings {
        namespace: "nauthera-system".to_owned(),
        identity: "operator-0".to_owned(),
        lease_name: "nauthera-operator".to_owned(),
        scope: Scope::Cluster,
        cluster_policies: true,
        server_image: "nauthera:test".to_owned(),
        default_database_secret: None,
        default_database_namespaces: Vec::new(),
        metrics_listen: ([127, 0, 0, 1], 0).into(),
    }
}

/// A context whose API server answers 404 to everything.
pub fn context(leader: Leader) -> Context {
    let nothing = tower::service_fn(|_: http::Request<kube::client::Body>| async {
        let mut answer = http::Response::new(kube::client::Body::empty());
        *answer.status_mut() = http::StatusCode::NOT_FOUND;
        Ok::<_, tower::BoxError>(answer)
    });
    let (world, reader) = watch::channel(Arc::new(World::default()));
    // The world stays as it is for as long as anyone looks.
    std::mem::forget(world);
    Context {
        client: kube::Client::new(nothing, "default"),
        settings: Arc::new(settings()),
        world: reader,
        leader,
        metrics: Metrics::new(),
        events: events::channel().0,
        stop: CancellationToken::new(),
    }
}
