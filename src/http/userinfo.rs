//! `/userinfo` (OpenID Connect Core §5.3): GET or POST, the token in the header or in the form (RFC 6750 §2.1, §2.2).

use super::answer::{self, Challenge, Refusal};
use super::cors;
use super::form::{FormBody, FormFault};
use super::state::AppState;
use crate::actors::token_issuer::messages::{UserInfo, UserInfoAnswer};
use crate::oauth::bearer;
use crate::oauth::form::Params;
use actix_web::{HttpRequest, HttpResponse, web};

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(cors::resource("/userinfo").route(web::get().to(get)).route(web::post().to(post)));
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    answer(&state, &request, Ok(Params::default())).await
}

async fn post(state: web::Data<AppState>, request: HttpRequest, FormBody(form): FormBody) -> HttpResponse {
    // A POST need not have a form; then the token is in the header
    let form = match form {
        Err(FormFault::WrongType) => Ok(Params::default()),
        other => other,
    };
    answer(&state, &request, form).await
}

async fn answer(state: &AppState, request: &HttpRequest, form: Result<Params, FormFault>) -> HttpResponse {
    match ask(state, request, form).await {
        Ok(userinfo) => answer::json(&userinfo),
        Err(refusal) => answer::refuse(&refusal, Challenge::Bearer, request),
    }
}

async fn ask(state: &AppState, request: &HttpRequest, form: Result<Params, FormFault>) -> Result<UserInfoAnswer, Refusal> {
    let (form, authorization) = (form?, answer::authorization(request)?);
    let token = bearer::read(authorization.as_deref(), Some(&form))?.ok_or(Refusal::NoToken)?;
    let message = UserInfo { token: token.to_owned() };
    Ok(state.tokens.ask(message).await??)
}
