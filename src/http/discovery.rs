//! The two discovery documents (OpenID Connect Discovery §4, RFC 8414 §3). They say the same.

use super::answer::{self, Challenge, Refusal};
use super::cors;
use super::state::AppState;
use crate::actors::fault::Fault;
use crate::config::snapshot::{Revision, Snapshot};
use crate::jose::signing_key::algorithm_name;
use crate::oauth::discovery::{self, Facts};
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use std::cell::RefCell;
use std::sync::Arc;

/// Routes of this file. An issuer's path is taken off before (RFC 8414 §3.1 puts it last), see `base_path`.
pub fn configure(config: &mut web::ServiceConfig) {
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        config.service(cors::resource(path).route(web::get().to(document)).route(web::head().to(document)));
    }
}

async fn document(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    match state.snapshot() {
        Some(snapshot) => render(&snapshot, &request),
        None => not_ready(&request),
    }
}

fn not_ready(request: &HttpRequest) -> HttpResponse {
    let fault = Fault::Unavailable("no configuration was applied yet".to_owned());
    answer::refuse(&Refusal::Fault(fault), Challenge::Client, request)
}

thread_local! {
    /// The document of the configuration that this worker last described: it takes a walk over all clients.
    static RENDERED: RefCell<Option<(Revision, Bytes)>> = const { RefCell::new(None) };
}

fn render(snapshot: &Arc<Snapshot>, request: &HttpRequest) -> HttpResponse {
    let rendered = RENDERED.with_borrow_mut(|rendered| match rendered {
        Some((revision, bytes)) if *revision == snapshot.revision => Ok(bytes.clone()),
        _ => {
            let bytes = describe(snapshot)?;
            *rendered = Some((snapshot.revision.clone(), bytes.clone()));
            Ok::<_, Fault>(bytes)
        }
    });
    match rendered {
        Ok(bytes) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-cache"))
            .content_type("application/json")
            .body(bytes),
        Err(fault) => answer::refuse(&Refusal::Fault(fault), Challenge::Client, request),
    }
}

fn describe(snapshot: &Snapshot) -> Result<Bytes, Fault> {
    let algorithm = snapshot
        .id_token_algorithm()
        .ok_or_else(|| Fault::Internal("the configuration names no signing algorithm".to_owned()))?;
    let facts = Facts {
        issuer: &snapshot.issuer,
        id_token_algorithm: algorithm_name(algorithm),
    };
    let metadata = discovery::metadata(&facts, snapshot.clients.values().map(Arc::as_ref));
    let json = serde_json::to_vec(&metadata).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(Bytes::from(json))
}
