//! `/account/sessions`: where one is signed in, and signing out there.

use super::{Owner, act, device, show, time};
use crate::actors::fault::Fault;
use crate::actors::session_keeper::messages::End;
use crate::http::flow::see_other;
use crate::http::form::FormBody;
use crate::http::pages::{Values, map};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::oauth::form::Params;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/account/sessions")
            .route(web::get().to(get))
            .route(web::post().to(post)),
    );
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    show(state, request, page).await
}

async fn page(owner: &Owner) -> Result<HttpResponse, Problem> {
    let devices = owner.visit.state.platform.account.devices(&owner.session.user).await?;
    let rows: Vec<Value> = devices
        .into_iter()
        .map(|one| {
            map([
                ("id", Value::from(one.session.as_str())),
                (
                    "agent",
                    Value::from(device::describe(&one.agent).unwrap_or_else(|| owner.look.say("sessions-unknown"))),
                ),
                ("address", Value::from(one.address)),
                ("since", Value::from(time(one.auth_time))),
                ("is_this", Value::from(one.session == owner.session.id)),
            ])
        })
        .collect();
    let values = Values::from([("rows", Value::from(rows)), ("ticket", owner.ticket()?)]);
    Ok(owner.page(StatusCode::OK, "account_sessions.html", "sessions", values))
}

async fn post(state: web::Data<AppState>, request: HttpRequest, body: FormBody) -> HttpResponse {
    act(state, request, body, async |owner: &Owner, form: &Params| {
        sign_out(owner, form).await?;
        Ok(see_other(&owner.visit.path("/account/sessions")))
    })
    .await
}

/// One's own sessions alone: a session of somebody else is not among those that are looked through.
async fn sign_out(owner: &Owner, form: &Params) -> Result<(), Fault> {
    let chosen = form.one("session").ok().flatten().unwrap_or_default();
    let others = form.one("others").ok().flatten().is_some();
    let state = &owner.visit.state;
    for one in state.platform.account.devices(&owner.session.user).await? {
        let is_this = one.session == owner.session.id;
        if (others && !is_this) || one.session.as_str() == chosen {
            let end = End {
                session: one.session,
                user: owner.session.user.clone(),
            };
            state.sessions.ask(end).await??;
        }
    }
    Ok(())
}
