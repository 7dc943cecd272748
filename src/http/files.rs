//! `/assets/…`: style sheet, mark, script and theme.

use super::pages::assets;
use super::pages::theme;
use super::state::AppState;
use crate::config::snapshot::Branding;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/assets/theme.css")
                .route(web::get().to(theme_css))
                .route(web::head().to(theme_css)),
        )
        .service(
            web::resource("/assets/{name}")
                .route(web::get().to(asset))
                .route(web::head().to(asset)),
        );
}

/// The name changes with the content.
async fn asset(state: web::Data<AppState>, request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    match assets::find(&name) {
        Some(asset) => HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .content_type(asset.content_type)
            .body(asset.content.clone()),
        None => super::missing(state, request).await,
    }
}

/// Pages name it with the digest of its content, so it too may be kept; for a while only, since the query is not checked.
async fn theme_css(state: web::Data<AppState>) -> HttpResponse {
    let css = match state.snapshot() {
        Some(snapshot) => theme::css(&snapshot.branding),
        None => theme::css(&Branding::default()),
    };
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .content_type("text/css; charset=utf-8")
        .body(css)
}
