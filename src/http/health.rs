//! `/healthz`, `/readyz` and `/metrics`: what Kubernetes and Prometheus ask.

use super::state::AppState;
use actix_web::{HttpResponse, web};

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/healthz")
                .route(web::get().to(healthz))
                .route(web::head().to(healthz)),
        )
        .service(web::resource("/readyz").route(web::get().to(readyz)).route(web::head().to(readyz)))
        .service(
            web::resource("/metrics")
                .route(web::get().to(metrics))
                .route(web::head().to(metrics)),
        );
}

/// The process answers.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Whether requests should come here; if not, what is missing, one line each.
async fn readyz(state: web::Data<AppState>) -> HttpResponse {
    let mut text = String::new();
    let mut ready = true;
    for check in state.platform.readiness() {
        ready = ready && check.ok;
        let verdict = if check.ok { "ok" } else { check.why.as_str() };
        text.push_str(&format!("{}: {verdict}\n", check.name));
    }
    let mut response = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response.content_type("text/plain; charset=utf-8").body(text)
}

/// OpenMetrics text.
async fn metrics(state: web::Data<AppState>) -> HttpResponse {
    match state.platform.metrics.render() {
        Ok(text) => HttpResponse::Ok()
            .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
            .body(text),
        Err(error) => HttpResponse::InternalServerError().body(format!("the metrics could not be written: {error}\n")),
    }
}
