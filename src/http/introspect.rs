//! `/introspect` (RFC 7662 §2). Callers are services, so there are no cross-origin headers.

use super::answer::{self, Challenge, Refusal};
use super::form::FormBody;
use super::state::AppState;
use crate::actors::token_issuer::messages::Introspect;
use crate::oauth::introspection::Introspection;
use actix_web::{HttpRequest, HttpResponse, web};

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/introspect").route(web::post().to(introspect)));
}

async fn introspect(state: web::Data<AppState>, request: HttpRequest, form: FormBody) -> HttpResponse {
    match ask(&state, &request, form).await {
        Ok(introspection) => answer::json(&introspection),
        Err(refusal) => answer::refuse(&refusal, Challenge::Client, &request),
    }
}

async fn ask(state: &AppState, request: &HttpRequest, FormBody(form): FormBody) -> Result<Introspection, Refusal> {
    let message = Introspect {
        params: form?,
        authorization: answer::authorization(request)?,
    };
    Ok(state.tokens.ask(message).await??)
}
