//! The end of a request's time, whatever it waits for: no request holds its connection for longer, and none outlasts a shutdown.

use super::answer::{self, Challenge};
use super::pages::Look;
use super::problem::Problem;
use super::silence::Watch;
use super::state::AppState;
use super::trace::TraceId;
use super::{cors, routes};
use crate::actors::fault::Fault;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::middleware::Next;
use std::time::Duration;

/// Answers a request to this route, in time. What the request began is not undone: a message that an actor has taken is handled.
pub async fn hold(
    state: &AppState,
    route: &str,
    trace: &TraceId,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let _running = request.conn_data::<Watch>().map(Watch::begin);
    // What is needed of the request afterwards: it goes with the future that is given up.
    let page = routes::is_page(route).then(|| super::language(request.request()));
    if let Ok(answered) = tokio::time::timeout(state.times.handling, next.call(request)).await {
        return Ok(answered?.map_into_boxed_body());
    }
    let mut response = match page {
        Some(language) => Problem::Unavailable(Duration::from_secs(1)).page(&Look::new(state.snapshot().as_deref(), language), trace),
        None => answer::answer(
            &Fault::Unavailable("the request took too long".to_owned()),
            Challenge::Client,
            trace,
        ),
    };
    if routes::is_open(route) {
        cors::open(response.headers_mut());
    }
    Err(InternalError::from_response("the request took too long", response).into())
}
