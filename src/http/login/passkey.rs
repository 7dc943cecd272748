//! `/login/passkey`: a login by a key alone, without a name and a password.

use super::super::form::FormBody;
use super::super::keys::party;
use super::super::problem::{Problem, answer};
use super::super::state::AppState;
use super::super::ticket::{self, LoginTicket};
use super::super::visit::Visit;
use super::proved::{self, Proved};
use super::second_factor::{Trouble as ProofTrouble, bad_ticket, opened};
use super::{Trouble, begin_anew};
use crate::actors::second_factors::ProofFault;
use crate::oauth::form::Params;
use crate::oauth::opaque::TokenHash;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/login/passkey").route(web::post().to(post)));
}

async fn post(state: web::Data<AppState>, request: HttpRequest, body: FormBody) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::super::not_configured(&request);
    };
    let outcome = submitted(&visit, body).await;
    let look = visit.look(None);
    answer(&visit, &look, outcome)
}

async fn submitted(visit: &Visit, body: FormBody) -> Result<HttpResponse, Problem> {
    let form = body.0.map_err(|fault| Problem::Form(fault.status()))?;
    let one = |name| form.one(name).map_err(|_| Problem::Form(StatusCode::BAD_REQUEST));
    let sent = one("ticket")?.unwrap_or_default();
    let mut content = match opened(ticket::open::<LoginTicket>(visit, Some(sent))) {
        Ok(content) => content,
        Err(Some(late)) => return Ok(begin_anew(visit, late.request.as_deref())),
        Err(None) => return Err(bad_ticket(visit)),
    };
    let params = content
        .request
        .as_deref()
        .and_then(|request| Params::parse(request.as_bytes()).ok());
    let look = visit.look(params.as_ref());
    let (party, answer) = (party(visit, &look)?, one("answer")?.unwrap_or_default());
    let state = content.passkey.take().ok_or(Problem::Form(StatusCode::BAD_REQUEST))?;
    let platform = &visit.state.platform;
    let proof = platform
        .second_factors
        .log_in_by_key(&party, answer, state, &TokenHash::of(sent), visit.address)
        .await;
    let proof = match proof {
        Ok((user, amr)) if platform.authenticator.may_log_in(&user).await? => Ok(Proved::now(visit, user, &amr, content.request.clone())),
        Ok(_) => Err(ProofFault::Wrong),
        Err(fault) => Err(fault),
    };
    match proof {
        Ok(proved) => proved::go_on(visit, &look, proved).await,
        Err(fault) => {
            let ProofTrouble {
                title,
                text,
                seconds,
                status,
            } = ProofTrouble::of(fault, true)?;
            let trouble = Trouble {
                title,
                text,
                seconds,
                provider: None,
                is_credentials: false,
                status,
            };
            super::failed(visit, &look, content, String::new(), trouble)
        }
    }
}
