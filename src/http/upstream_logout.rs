//! `/logout/upstream/{name}`: an upstream provider says that somebody's session there ended (OpenID Connect Back-Channel Logout 1.0 §2.5, §2.8). What
//! began here with that session ends, and applications that want to be told of it are.

use super::answer::{self, Challenge, Refusal};
use super::form::FormBody;
use super::state::AppState;
use crate::actors::fault::Fault;
use crate::actors::session_keeper::messages::End;
use crate::actors::upstream_logins::{AT_ONCE, UpstreamLoginFault};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::upstream::fault::UpstreamFault;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/logout/upstream/{name}").route(web::post().to(post)));
}

async fn post(state: web::Data<AppState>, request: HttpRequest, name: web::Path<String>, form: FormBody) -> HttpResponse {
    match logged_out(&state, &name, form).await {
        Ok(()) => HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish(),
        Err(refusal) => answer::refuse(&refusal, Challenge::Client, &request),
    }
}

async fn logged_out(state: &AppState, name: &str, FormBody(form): FormBody) -> Result<(), Refusal> {
    let form = form?;
    let invalid = |why: &str| Refusal::from(OAuthError::new(ErrorCode::InvalidRequest, why));
    let token = form
        .one("logout_token")
        .map_err(OAuthError::from)?
        .ok_or_else(|| invalid("the parameter logout_token is missing"))?;
    let snapshot = state
        .snapshot()
        .ok_or_else(|| Fault::Unavailable("there is no configuration yet".to_owned()))?;
    let provider = snapshot
        .identity_provider(name)
        .ok_or_else(|| invalid("there is no identity provider of this name here"))?;
    let logins = &state.platform.upstream_logins;
    let ended = logins.ended_there(provider, SecretString::from(token)).await.map_err(|fault| {
        // Anybody may send something here.
        tracing::info!(provider = provider.name, %fault, "a logout that an upstream provider told, or somebody in its name, came to nothing");
        refusal(fault)
    })?;
    loop {
        let sessions = logins.sessions_from(&ended).await?;
        for (session, user) in &sessions {
            let end = End {
                session: session.clone(),
                user: user.clone(),
            };
            state.sessions.ask(end).await??;
        }
        if sessions.len() < AT_ONCE as usize {
            return Ok(());
        }
    }
}

/// 503 for what may work later, so that the provider tells it again.
fn refusal(fault: UpstreamLoginFault) -> Refusal {
    match fault {
        UpstreamLoginFault::Provider(UpstreamFault::Unavailable(reason)) => Fault::Unavailable(reason).into(),
        UpstreamLoginFault::Fault(fault) => fault.into(),
        other => OAuthError::new(ErrorCode::InvalidRequest, format!("the logout token counts for nothing: {other}")).into(),
    }
}
