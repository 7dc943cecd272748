//! `/`: what this is, who is signed in, and the way out.

use super::pages::{FormAction, Values};
use super::problem::{Problem, answer};
use super::state::AppState;
use super::ticket::{self, LogoutTicket};
use super::visit::Visit;
use crate::oauth::form::Params;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/").route(web::get().to(get)).route(web::head().to(get)));
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let look = visit.look(Params::parse(request.query_string().as_bytes()).ok().as_ref());
    let outcome = async {
        let session = visit.session().await?;
        let (name, ticket) = match session {
            None => (String::new(), String::new()),
            Some(session) => {
                let content = LogoutTicket {
                    session: Some(session.id.as_str().to_owned()),
                    then: None,
                };
                (session.username, ticket::seal(&visit, content).map_err(Problem::Internal)?)
            }
        };
        let values = Values::from([("name", Value::from(name)), ("ticket", Value::from(ticket))]);
        Ok(look.page(StatusCode::OK, "start.html", values, &FormAction::Own))
    };
    answer(&visit, &look, outcome.await)
}
