//! `/jwks` (RFC 7517 §5).

use super::cors;
use super::state::AppState;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use std::time::Duration;

/// A key is published for its overlap before it signs, so a copy may be kept for a part of that; never longer than this.
const MAX_AGE: Duration = Duration::from_secs(300);

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(cors::resource("/jwks").route(web::get().to(jwks)).route(web::head().to(jwks)));
}

async fn jwks(state: web::Data<AppState>) -> HttpResponse {
    let overlap = state.snapshot().map_or(Duration::ZERO, |snapshot| snapshot.signing.overlap);
    let max_age = MAX_AGE.min(overlap / 2).as_secs();
    let now = state.platform.clock.now();
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={max_age}")))
        .content_type("application/jwk-set+json")
        .json(state.platform.keys.current().jwks(now))
}
