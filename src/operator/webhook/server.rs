//! The HTTPS endpoint that the API server asks.

use super::PATH;
use super::review::answer;
use crate::operator::settings::Scope;
use crate::operator::world::World;
use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
use kube::api::DynamicObject;
use kube::core::admission::{AdmissionRequest, AdmissionResponse, AdmissionReview};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// A question holds the object twice, and the API server takes objects of up to 1.5 MiB.
const LONGEST_QUESTION: usize = 4 << 20;

/// Questions that are judged at once; others wait, for as long as the API server does.
const AT_ONCE: usize = 4;

/// What the answers are made from. Cheap to clone.
#[derive(Clone)]
pub struct Webhook {
    /// What is known
    pub world: watch::Receiver<Arc<World>>,
    /// Which namespaces the operator looks at
    pub scope: Scope,
}

#[derive(Clone)]
struct State {
    webhook: Webhook,
    turns: Arc<Semaphore>,
}

/// The server; the caller runs and stops it.
///
/// # Errors
/// The listener cannot be used.
pub fn serve(listener: TcpListener, tls: rustls::ServerConfig, webhook: Webhook) -> std::io::Result<Server> {
    let state = State {
        webhook,
        turns: Arc::new(Semaphore::new(AT_ONCE)),
    };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(state.clone()))
            .app_data(web::PayloadConfig::new(LONGEST_QUESTION))
            .route(PATH, web::post().to(validate))
    });
    let server = server
        .workers(1)
        .max_connections(128)
        .client_request_timeout(Duration::from_secs(5))
        .shutdown_timeout(3)
        .disable_signals()
        .listen_rustls_0_23(listener, tls)?;
    Ok(server.run())
}

/// 400 for what is no question, 500 if judging it failed: the API server then goes by its `failurePolicy`.
async fn validate(state: web::Data<State>, body: web::Bytes) -> HttpResponse {
    let review: Option<AdmissionReview<DynamicObject>> = serde_json::from_slice(&body).ok();
    let request: Option<AdmissionRequest<DynamicObject>> = review.and_then(|review| review.try_into().ok());
    let Some(request) = request else {
        return HttpResponse::BadRequest().body("this is no AdmissionReview with a request\n");
    };
    let Ok(turn) = Arc::clone(&state.turns).acquire_owned().await else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    let world = Arc::clone(&state.webhook.world.borrow());
    let scope = state.webhook.scope.clone();
    let judged = web::block(move || {
        let _turn = turn;
        answer(&world, &scope, &request)
    });
    match judged.await {
        Ok(response) => {
            if !response.allowed {
                tracing::info!(message = response.result.message, "refused at admission");
            }
            HttpResponse::Ok().json(AdmissionResponse::into_review(response))
        }
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
