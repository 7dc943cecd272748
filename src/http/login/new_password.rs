//! `/login/password`: whoever proved a password that somebody else set chooses their own, before there is a session.
//!
//! The ticket says which password was proved. Once it is changed, by this form or by anybody, the ticket opens nothing any more.

use super::super::flow;
use super::super::form::FormBody;
use super::super::pages::{FormAction, Look, Values, map};
use super::super::problem::{Problem, answer};
use super::super::state::AppState;
use super::super::ticket::{self, NewPasswordTicket, TicketFault};
use super::super::visit::Visit;
use super::begin_anew;
use super::proved::{self, Ground, Proved};
use crate::actors::chosen_password::{Pending, Weakness, rules};
use crate::oauth::form::Params;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;
use secrecy::SecretString;

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/login/password")
            .route(web::get().to(get))
            .route(web::head().to(get))
            .route(web::post().to(post)),
    );
}

/// Sends the browser to the page, by a redirect: a reload does not post the old password again.
///
/// # Errors
/// [`Problem::Internal`] if there is no key for the ticket.
pub fn ask(visit: &Visit, proved: Proved) -> Result<HttpResponse, Problem> {
    let ticket = ticket::seal(visit, NewPasswordTicket { proved }).map_err(Problem::Internal)?;
    Ok(flow::see_other(&visit.path(&format!("/login/password?ticket={ticket}"))))
}

/// What is wrong with a try.
pub struct Trouble {
    text: &'static str,
    characters: Option<u32>,
}

impl From<Weakness> for Trouble {
    fn from(weakness: Weakness) -> Self {
        let (text, characters) = match weakness {
            Weakness::TooShort(least) => ("new-password-too-short", Some(least)),
            Weakness::TooLong => ("new-password-too-long", None),
            Weakness::Common => ("new-password-common", None),
            Weakness::Personal => ("new-password-personal", None),
            Weakness::Same => ("new-password-same", None),
        };
        Self { text, characters }
    }
}

impl Trouble {
    /// With these words.
    pub const fn new(text: &'static str) -> Self {
        Self { text, characters: None }
    }

    /// As the page shows it.
    pub fn value(&self, look: &Look) -> Value {
        let text = match self.characters {
            Some(count) => look.say_count(self.text, "characters", count.into()),
            None => look.say(self.text),
        };
        map([
            ("title", Value::from(look.say("new-password-problem-title"))),
            ("text", Value::from(text)),
        ])
    }
}

/// A ticket that still opens something.
struct Opened {
    proved: Proved,
    pending: Pending,
    look: Look,
    /// Where the request that waits leads to
    leads: FormAction,
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::super::not_configured(&request);
    };
    let look = visit.look(None);
    let outcome = async {
        let params = Params::parse(request.query_string().as_bytes()).map_err(|_| bad_form())?;
        let sent = params.one("ticket").map_err(|_| bad_form())?;
        match opened(&visit, sent).await? {
            Ok(opened) => Ok(page(&visit, StatusCode::OK, &opened, sent.unwrap_or_default(), None)),
            Err(other) => Ok(other),
        }
    };
    answer(&visit, &look, outcome.await)
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
    let one = |name| form.one(name).map_err(|_| bad_form());
    let sent = one("ticket")?;
    let opened = match opened(visit, sent).await? {
        Ok(opened) => opened,
        Err(other) => return Ok(other),
    };
    let (password, again) = (one("password")?.unwrap_or_default(), one("again")?.unwrap_or_default());
    let trouble = if password.is_empty() || again.is_empty() {
        Trouble::new("new-password-missing")
    } else if password != again {
        Trouble::new("new-password-differs")
    } else {
        let chosen = &visit.state.platform.chosen_passwords;
        match chosen.choose(&opened.pending, &SecretString::from(password)).await? {
            Err(weakness) => weakness.into(),
            Ok(change) => {
                let ground = Ground::password(Some(&change.after.mark()));
                if !visit.state.sessions.ask(change).await?? {
                    return Err(Problem::Ticket);
                }
                let proved = Proved {
                    ground,
                    must_change: None,
                    ..opened.proved
                };
                return proved::go_on(visit, &opened.look, proved).await;
            }
        }
    };
    // The same ticket again: trying does not make it last longer.
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(page(visit, status, &opened, sent.unwrap_or_default(), Some(&trouble)))
}

/// What a ticket opens, or what the browser gets instead: the login once more if the page was open for too long, or what the client gets if its
/// request is no good any more.
async fn opened(visit: &Visit, sent: Option<&str>) -> Result<Result<Opened, HttpResponse>, Problem> {
    let proved = match ticket::open::<NewPasswordTicket>(visit, sent) {
        Ok(content) => content.proved,
        Err(TicketFault::NoCookie) => return Err(Problem::NoCookie),
        Err(TicketFault::Invalid) => return Err(Problem::Ticket),
        Err(TicketFault::Late(content)) => return Ok(Err(begin_anew(visit, content.proved.request.as_deref()))),
    };
    let mark = proved.must_change.as_deref().and_then(ticket::hash_of).ok_or(Problem::Ticket)?;
    let Some(pending) = visit.state.platform.chosen_passwords.pending(&proved.user, &mark).await? else {
        return Err(Problem::Ticket);
    };
    let params = proved.request.as_deref().and_then(|request| Params::parse(request.as_bytes()).ok());
    let look = visit.look(params.as_ref());
    let leads = match &proved.request {
        None => FormAction::Own,
        Some(request) => match flow::check(visit, &look, request) {
            Ok(request) => FormAction::LeadsTo(request.target.redirect_uri),
            Err(refused) => return (*refused).map(Err),
        },
    };
    Ok(Ok(Opened {
        proved,
        pending,
        look,
        leads,
    }))
}

fn page(visit: &Visit, status: StatusCode, opened: &Opened, ticket: &str, trouble: Option<&Trouble>) -> HttpResponse {
    let look = &opened.look;
    let least = rules(&visit.snapshot).min_length;
    let values = Values::from([
        ("ticket", Value::from(ticket)),
        ("name", Value::from(opened.pending.user.profile.username.clone())),
        ("min_length", Value::from(least)),
        ("hint", Value::from(look.say_count("new-password-hint", "characters", least.into()))),
        ("problem", trouble.map_or_else(|| Value::from(()), |trouble| trouble.value(look))),
    ]);
    look.page(status, "new_password.html", values, &opened.leads)
}

fn bad_form() -> Problem {
    Problem::Form(StatusCode::BAD_REQUEST)
}
