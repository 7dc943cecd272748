//! Around every request: a trace id, a span, metrics, a caught panic, and the headers that every answer carries.

use super::base_path;
use super::headers;
use super::routes;
use super::state::AppState;
use super::trace::TraceId;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use tracing::Instrument;

/// The outermost middleware. A panic in a handler becomes a 500 that names its trace id; actix-web alone would close the connection.
pub async fn observe(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let trace = TraceId::of(&request);
    request.extensions_mut().insert(trace.clone());
    let method = routes::method_label(request.method().as_str());
    let state = request.app_data::<web::Data<AppState>>().cloned();
    let route = match &state {
        Some(state) => routes::label(&base_path::below(state, request.path())),
        None => routes::label(request.path()),
    };
    let https = state.as_ref().is_some_and(|state| state.is_https());
    let span = tracing::info_span!("request", trace_id = %trace, method, route);
    let done = |status: u16| {
        if let Some(state) = &state {
            state.platform.metrics.request(route, method, status, began.elapsed());
        }
    };
    let answered = AssertUnwindSafe(next.call(request)).catch_unwind().instrument(span.clone()).await;
    let _entered = span.enter();
    match answered {
        Ok(Ok(response)) => {
            let mut response = response.map_into_boxed_body();
            let status = response.status().as_u16();
            if let (405, Some(methods)) = (status, routes::allow(route)) {
                response
                    .headers_mut()
                    .insert(header::ALLOW, header::HeaderValue::from_static(methods));
            }
            headers::secure(response.headers_mut(), https);
            headers::trace(response.headers_mut(), &trace);
            done(status);
            tracing::debug!(status, "answered");
            Ok(response)
        }
        Ok(Err(error)) => {
            let mut response = error.error_response();
            done(response.status().as_u16());
            tracing::warn!(%error, status = response.status().as_u16(), "a request failed outside its handler");
            headers::secure(response.headers_mut(), https);
            headers::trace(response.headers_mut(), &trace);
            Err(InternalError::from_response(error, response).into())
        }
        Err(_panic) => {
            // The panic hook has already logged message and place; the payload may hold what a request brought.
            tracing::error!("a handler panicked; the request gets 500 and the worker goes on");
            done(500);
            let mut response = HttpResponse::InternalServerError().json(serde_json::json!({
                "error": "server_error",
                "error_description": format!("an internal fault; the trace id is {trace}"),
            }));
            headers::secure(response.headers_mut(), https);
            headers::trace(response.headers_mut(), &trace);
            Err(InternalError::from_response("panic in a handler", response).into())
        }
    }
}
