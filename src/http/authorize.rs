//! `/authorize` (RFC 6749 §3.1, OpenID Connect Core §3.1.2.1).

use super::flow::{self, Step};
use super::form::FormBody;
use super::problem::{Problem, answer};
use super::state::AppState;
use super::visit::Visit;
use crate::oauth::authorize::decision::Done;
use crate::oauth::form::Params;
use actix_web::{HttpRequest, HttpResponse, web};

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/authorize").route(web::get().to(get)).route(web::post().to(post)));
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let query = request.query_string();
    let look = visit.look(Params::parse(query.as_bytes()).ok().as_ref());
    let outcome = async {
        let step = Step {
            visit: &visit,
            look: &look,
            request: query,
            session: visit.session().await?,
            done: Done::default(),
            posted: false,
        };
        flow::advance(step).await
    };
    answer(&visit, &look, outcome.await)
}

/// A form post comes from another site, so the browser holds our cookies back (`SameSite=Lax`). A request that is right is sent round once
/// more as a GET, with which they come.
async fn post(state: web::Data<AppState>, request: HttpRequest, body: FormBody) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let look = visit.look(body.0.as_ref().ok());
    let outcome = match body.0 {
        Err(fault) => Err(Problem::Form(fault.status())),
        Ok(params) => {
            let encoded = params.encode();
            match flow::check(&visit, &look, &encoded) {
                Ok(_) => return flow::see_other(&visit.path(&format!("/authorize?{encoded}"))),
                Err(refused) => *refused,
            }
        }
    };
    // No cookie here: this browser may well have one that it held back.
    outcome.unwrap_or_else(|problem| problem.page(&look, &visit.trace))
}
