//! Around every request: a trace id, a span, metrics, its limits, a caught panic, and the headers that every answer carries. One middleware for all
//! of it, since each costs every request.

use super::base_path;
use super::deadline;
use super::headers;
use super::rate_limit;
use super::routes;
use super::state::AppState;
use super::trace::TraceId;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::{ConnectionType, header};
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
    let bounded = bounded(state.as_deref().map(AsRef::as_ref), route, &trace, request, next);
    let answered = AssertUnwindSafe(bounded).catch_unwind().instrument(span.clone()).await;
    let _entered = span.enter();
    match answered {
        Ok(Ok(mut response)) => {
            let status = response.status().as_u16();
            if let (405, Some(methods)) = (status, routes::allow(route)) {
                response
                    .headers_mut()
                    .insert(header::ALLOW, header::HeaderValue::from_static(methods));
            }
            headers::secure(response.headers_mut(), https);
            headers::trace(response.headers_mut(), &trace);
            if state.as_ref().is_some_and(|state| state.platform.guardian.is_shutting_down()) {
                // Whoever keeps connections open goes elsewhere with its next request, and is not cut off between two.
                response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
            }
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

/// The request's own way, within its limits.
async fn bounded(
    state: Option<&AppState>,
    route: &str,
    trace: &TraceId,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(state) = state else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    match rate_limit::refused(state, route, request.request()) {
        Some(refused) => Ok(request.into_response(refused)),
        None => deadline::hold(state, route, trace, request, next).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::App;
    use actix_web::body::to_bytes;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, try_call_service};

    async fn boom() -> HttpResponse {
        std::panic::resume_unwind(Box::new("a secret that the request brought"))
    }

    #[actix_rt::test]
    async fn a_panic_is_a_500_that_names_its_trace_id_and_nothing_else() {
        let app = init_service(App::new().route("/boom", web::get().to(boom)).wrap(from_fn(observe))).await;
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let request = TestRequest::get()
            .uri("/boom")
            .insert_header(("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")));
        let error = try_call_service(&app, request.to_request()).await.unwrap_err();
        let response = error.as_response_error().error_response();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers().get("x-trace-id").unwrap(), trace);
        assert!(response.headers().contains_key("content-security-policy"));
        let body = to_bytes(response.into_body()).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"], "server_error");
        assert!(body["error_description"].as_str().unwrap().contains(trace));
        // The worker goes on.
        let again = try_call_service(&app, TestRequest::get().uri("/nowhere").to_request())
            .await
            .unwrap();
        assert_eq!(again.status(), 404);
    }
}
