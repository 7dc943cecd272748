//! actix-web: routes, extractors, answers, pages. Thin: parse, one message, render.

mod account;
pub mod answer;
mod authorize;
mod base_path;
mod consent;
mod cookies;
mod cors;
mod deadline;
mod discovery;
mod files;
mod flow;
pub mod form;
mod forwarded;
mod headers;
mod health;
mod introspect;
mod jwks;
mod keys;
pub mod limits;
mod login;
mod logout;
mod observe;
mod pages;
mod problem;
pub mod proxies;
mod rate_limit;
mod revoke;
mod routes;
pub mod server;
mod setup;
mod silence;
mod start;
pub mod state;
mod ticket;
mod token;
pub mod trace;
mod upstream_logout;
mod userinfo;
mod visit;

use actix_web::{HttpRequest, HttpResponse, web};
use pages::Look;
use pages::language::Language;
use problem::Problem;
use state::AppState;
use std::time::Duration;
use trace::TraceId;

/// What a page says before there is a configuration.
fn not_configured(request: &HttpRequest) -> HttpResponse {
    Problem::Unavailable(Duration::from_secs(2)).page(&Look::new(None, language(request)), &TraceId::current(request))
}

/// What a path gets that nobody knows.
async fn missing(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let look = Look::new(state.snapshot().as_deref(), language(&request));
    Problem::Missing.page(&look, &TraceId::current(&request))
}

fn language(request: &HttpRequest) -> Language {
    let accept = request.headers().get("accept-language").and_then(|value| value.to_str().ok());
    Language::choose(None, accept)
}
