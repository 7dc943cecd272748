//! `/revoke` (RFC 7009 §2). A token that is unknown, or another client's, is answered like one that was revoked (§2.2).

use super::answer::{self, Challenge, Refusal};
use super::cors;
use super::form::FormBody;
use super::state::AppState;
use crate::actors::token_issuer::messages::Revoke;
use actix_web::{HttpRequest, HttpResponse, web};

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(cors::resource("/revoke").route(web::post().to(revoke)));
}

async fn revoke(state: web::Data<AppState>, request: HttpRequest, form: FormBody) -> HttpResponse {
    match ask(&state, &request, form).await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(refusal) => answer::refuse(&refusal, Challenge::Client, &request),
    }
}

async fn ask(state: &AppState, request: &HttpRequest, FormBody(form): FormBody) -> Result<(), Refusal> {
    let message = Revoke {
        params: form?,
        authorization: answer::authorization(request)?,
    };
    Ok(state.tokens.ask(message).await??)
}
