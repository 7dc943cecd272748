//! `/token` (RFC 6749 §3.2).

use super::answer::{self, Challenge, Refusal};
use super::cors;
use super::form::FormBody;
use super::state::AppState;
use crate::actors::token_issuer::messages::Exchange;
use crate::oauth::grants::TokenResponse;
use actix_web::{HttpRequest, HttpResponse, web};

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(cors::resource("/token").route(web::post().to(token)));
}

async fn token(state: web::Data<AppState>, request: HttpRequest, form: FormBody) -> HttpResponse {
    match exchange(&state, &request, form).await {
        Ok(response) => answer::json(&response),
        Err(refusal) => answer::refuse(&refusal, Challenge::Client, &request),
    }
}

async fn exchange(state: &AppState, request: &HttpRequest, FormBody(form): FormBody) -> Result<TokenResponse, Refusal> {
    let message = Exchange {
        params: form?,
        authorization: answer::authorization(request)?,
    };
    Ok(state.tokens.ask(message).await??)
}
