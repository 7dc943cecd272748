//! `/account`: what people see and change of their own account.
//!
//! A session shows; what guards the account is changed only after a fresh login (five minutes), with a second factor if there is one. So whoever has
//! got hold of a session's cookie changes nothing.

mod applications;
mod device;
mod events;
mod profile;
mod security;
mod sessions;

use super::flow::see_other;
use super::form::FormBody;
use super::login::second_factor::{bad_ticket, opened};
use super::pages::{FormAction, Look, Values};
use super::problem::{Problem, answer};
use super::state::AppState;
use super::ticket::{self, AccountTicket};
use super::visit::Visit;
use crate::actors::second_factors::Enrolled;
use crate::actors::session_keeper::messages::SessionView;
use crate::oauth::acr::Acr;
use crate::oauth::authorize::decision::is_recent_login;
use crate::oauth::form::Params;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use minijinja::value::Value;

/// Routes of this folder.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .configure(profile::configure)
        .configure(security::configure)
        .configure(sessions::configure)
        .configure(applications::configure)
        .configure(events::configure);
}

/// A visit of somebody who is signed in.
struct Owner {
    visit: Visit,
    look: Look,
    session: SessionView,
}

impl Owner {
    fn is_sure(&self, enrolled: &Enrolled) -> bool {
        is_sure(&self.visit, &self.session, enrolled)
    }

    /// The ticket of this page's forms.
    fn ticket(&self) -> Result<Value, Problem> {
        let content = AccountTicket {
            session: self.session.id.as_str().to_owned(),
        };
        Ok(Value::from(ticket::seal(&self.visit, content).map_err(Problem::Internal)?))
    }

    fn page(&self, status: StatusCode, template: &str, here: &'static str, mut values: Values) -> HttpResponse {
        values.insert("here", Value::from(here));
        values.insert("name", Value::from(self.session.username.clone()));
        self.look.page(status, template, values, &FormAction::Own)
    }
}

/// Whether somebody has just proved who they are, as well as they can.
pub fn is_sure(visit: &Visit, session: &SessionView, enrolled: &Enrolled) -> bool {
    let well = enrolled.factors.is_empty() || Acr::of(&session.amr) >= Acr::TwoFactors;
    well && is_recent_login(session.auth_time, visit.now())
}

/// Shows a page to whoever is signed in; others are sent to the login.
async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    page: impl AsyncFnOnce(&Owner) -> Result<HttpResponse, Problem>,
) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let look = visit.look(Params::parse(request.query_string().as_bytes()).ok().as_ref());
    let session = match visit.session().await {
        Ok(Some(session)) => session,
        Ok(None) => return see_other(&visit.path("/login")),
        Err(fault) => return answer(&visit, &look, Err(fault.into())),
    };
    let owner = Owner { visit, look, session };
    let outcome = page(&owner).await;
    answer(&owner.visit, &owner.look, outcome)
}

/// Does what a form of one's own asks for. It came from this browser, and from a page of the session that is live.
async fn act(
    state: web::Data<AppState>,
    request: HttpRequest,
    body: FormBody,
    act: impl AsyncFnOnce(&Owner, &Params) -> Result<HttpResponse, Problem>,
) -> HttpResponse {
    show(state, request, async move |owner: &Owner| {
        let form = body.0.map_err(|fault| Problem::Form(fault.status()))?;
        let sent = form.one("ticket").ok().flatten();
        match opened(ticket::open::<AccountTicket>(&owner.visit, sent)) {
            Ok(content) if content.session == owner.session.id.as_str() => act(owner, &form).await,
            // It was open for too long, or somebody else is signed in meanwhile: the page again.
            Ok(_) | Err(Some(_)) => Ok(see_other(&owner.visit.path("/account"))),
            Err(None) => Err(bad_ticket(&owner.visit)),
        }
    })
    .await
}

/// To the login page, which asks who it is although somebody is signed in.
pub fn confirm(visit: &Visit) -> HttpResponse {
    see_other(&visit.path("/login?confirm=yes"))
}

/// A time as people read it; UTC, since nobody told where they are.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
