//! The limit of requests from one address, before anything of a request's body is read. That of clients is where they prove themselves.

use super::answer::{self, Challenge, Refusal};
use super::problem::Problem;
use super::state::AppState;
use super::trace::TraceId;
use super::{cors, pages::Look, routes};
use crate::actors::fault::Fault;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse};
use std::time::Duration;

/// The answer to a request that is one too many to this route.
pub fn refused(state: &AppState, route: &str, request: &HttpRequest) -> Option<HttpResponse> {
    refusal(state, route, request).map(|retry_after| refuse(state, route, request, retry_after))
}

/// How long the caller has to wait, if it has to. One whose address is not known is not limited, as with failed logins: it shares it with
/// everybody else of whom nothing is known.
fn refusal(state: &AppState, route: &str, request: &HttpRequest) -> Option<Duration> {
    let snapshot = state.snapshot()?;
    let rate = snapshot.rate_limits.per_address.as_ref()?;
    if !is_counted(route, request) {
        return None;
    }
    let address = state.client_address(request)?;
    let too_many = state.platform.limiters.address(Some(rate), address).err()?;
    state.platform.metrics.rate_limited("address");
    Some(too_many.retry_after)
}

/// What Kubernetes and Prometheus ask has to be answered always. A page's files and a browser's preflights cost no more than a refusal, and
/// a page without its files, or an application that is not told why, would be nobody's gain.
fn is_counted(route: &str, request: &HttpRequest) -> bool {
    !matches!(route, "/healthz" | "/readyz" | "/metrics" | "/assets") && request.method() != Method::OPTIONS
}

fn refuse(state: &AppState, route: &str, request: &HttpRequest, retry_after: Duration) -> HttpResponse {
    if routes::is_page(route) {
        let look = Look::new(state.snapshot().as_deref(), super::language(request));
        return Problem::TooMany(retry_after).page(&look, &TraceId::current(request));
    }
    let mut response = answer::refuse(&Refusal::Fault(Fault::TooMany { retry_after }), Challenge::Client, request);
    if routes::is_open(route) {
        cors::open(response.headers_mut());
    }
    response
}
