//! The HTTPS endpoint that the API server asks, and that anybody in the cluster can reach: what one question takes is bounded, and what all
//! of them take together.

use super::PATH;
use super::body::{LONGEST, Room, Unread};
use super::review::answer;
use super::weight::unfolded;
use crate::operator::settings::Scope;
use crate::operator::world::World;
use actix_web::dev::Server;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use kube::api::DynamicObject;
use kube::core::admission::{AdmissionRequest, AdmissionResponse, AdmissionReview};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// Connections at a time. Each gets its question out at once, or ends.
const CONNECTIONS: usize = 512;
/// A TLS handshake, and then the request's head, must be complete after so long.
const BEGINS_WITHIN: Duration = Duration::from_secs(2);
/// Memory that questions may take while they are judged.
const MEMORY: usize = 96 << 20;
/// Questions that are judged at once; others wait, for as long as the API server does.
const AT_ONCE: usize = 4;
/// What a permit stands for.
const KIB: usize = 1024;

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
    room: Room,
    memory: Arc<Semaphore>,
}

/// The server; the caller runs and stops it.
///
/// # Errors
/// The listener cannot be used.
pub fn serve(listener: TcpListener, tls: rustls::ServerConfig, webhook: Webhook) -> std::io::Result<Server> {
    let state = State {
        webhook,
        room: Room::default(),
        memory: Arc::new(Semaphore::new(MEMORY / KIB)),
    };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(state.clone()))
            .route(PATH, web::post().to(validate))
    });
    let server = server
        .workers(1)
        .max_connections(CONNECTIONS)
        .max_connection_rate(CONNECTIONS)
        .tls_handshake_timeout(BEGINS_WITHIN)
        .client_request_timeout(BEGINS_WITHIN)
        .shutdown_timeout(3)
        .disable_signals()
        .listen_rustls_0_23(listener, tls)?;
    Ok(server.run())
}

/// 400 for what is no question, 413 for one that is too large, 500 if judging it failed: the API server then goes by its `failurePolicy`.
async fn validate(state: web::Data<State>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let said = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if said
        .and_then(|length| length.parse::<usize>().ok())
        .is_some_and(|length| length > LONGEST)
    {
        return unread(Unread::TooLong);
    }
    let body = match state.room.read(payload).await {
        Ok(body) => body,
        Err(why) => return unread(why),
    };
    let weight = unfolded(&body.bytes);
    if weight > MEMORY {
        return unread(Unread::TooLong);
    }
    let permits = u32::try_from(weight.max(MEMORY / AT_ONCE) / KIB).unwrap_or(u32::MAX);
    let Ok(turn) = Arc::clone(&state.memory).acquire_many_owned(permits).await else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    let world = Arc::clone(&state.webhook.world.borrow());
    let scope = state.webhook.scope.clone();
    let judged = web::block(move || {
        let _turn = turn;
        let request = question(&body.bytes)?;
        drop(body);
        Some(answer(&world, &scope, &request))
    });
    match judged.await {
        Ok(Some(response)) => {
            if !response.allowed {
                // Whoever asked reads it; and anybody may ask, as often as they like.
                tracing::debug!(message = response.result.message, "refused at admission");
            }
            HttpResponse::Ok().json(AdmissionResponse::into_review(response))
        }
        Ok(None) => HttpResponse::BadRequest().body("this is no AdmissionReview with a request\n"),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn unread(why: Unread) -> HttpResponse {
    HttpResponse::build(why.status()).body(format!("{why}\n"))
}

fn question(text: &[u8]) -> Option<AdmissionRequest<DynamicObject>> {
    let review: AdmissionReview<DynamicObject> = serde_json::from_slice(text).ok()?;
    review.try_into().ok()
}
