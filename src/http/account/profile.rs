//! `/account`: who one is here.

use super::{Owner, show};
use crate::actors::fault::Fault;
use crate::http::pages::{Values, map};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/account").route(web::get().to(get)).route(web::head().to(get)));
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    show(state, request, page).await
}

async fn page(owner: &Owner) -> Result<HttpResponse, Problem> {
    let found = owner.visit.state.platform.authenticator.find(&owner.session.user).await;
    let user = found.map_err(|fault| Problem::from(Fault::from(fault)))?.ok_or(Problem::Ticket)?;
    let profile = user.profile;
    let known = [
        ("account-username", Some(profile.username)),
        ("account-name", profile.display_name),
        ("account-given-name", profile.given_name),
        ("account-family-name", profile.family_name),
        ("account-email", profile.email),
        ("account-groups", (!profile.groups.is_empty()).then(|| profile.groups.join(", "))),
    ];
    let rows: Vec<Value> = known
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .map(|(key, value)| map([("label", Value::from(owner.look.say(key))), ("value", Value::from(value))]))
        .collect();
    let values = Values::from([
        ("rows", Value::from(rows)),
        ("ticket", owner.ticket()?),
        ("logout", owner.logout()?),
    ]);
    Ok(owner.page(StatusCode::OK, "account.html", "account", values))
}

impl Owner {
    /// The ticket of the form that signs out.
    fn logout(&self) -> Result<Value, Problem> {
        let content = crate::http::ticket::LogoutTicket {
            session: Some(self.session.id.as_str().to_owned()),
            then: None,
        };
        let sealed = crate::http::ticket::seal(&self.visit, content).map_err(Problem::Internal)?;
        Ok(Value::from(sealed))
    }
}
