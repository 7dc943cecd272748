//! `/consent`: the page that asks whether a client may have what it asks for (OpenID Connect Core §3.1.2.4), and what it posts.

use super::flow::{self, Step};
use super::form::FormBody;
use super::pages::{FormAction, Look, Values, map};
use super::problem::{Problem, answer};
use super::state::AppState;
use super::ticket::{self, ConsentTicket, TicketFault};
use super::visit::Visit;
use crate::actors::session_keeper::messages::SessionView;
use crate::oauth::authorize::AuthorizationRequest;
use crate::oauth::authorize::decision::Done;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::{Duplicate, Params};
use crate::oauth::scope::Scopes;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;

/// Scopes that have words of their own, in the order in which a person reads them
const EXPLAINED: [(&str, &str); 5] = [
    ("openid", "scope-openid"),
    ("profile", "scope-profile"),
    ("email", "scope-email"),
    ("groups", "scope-groups"),
    ("offline_access", "scope-offline-access"),
];

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/consent").route(web::get().to(get)).route(web::post().to(post)));
}

/// The page.
pub fn page(look: &Look, request: &AuthorizationRequest, session: &SessionView, ticket: &str) -> HttpResponse {
    let values = Values::from([
        ("client", Value::from(request.client.display_name.clone())),
        ("name", Value::from(session.username.clone())),
        ("scopes", explain(look, &request.scopes)),
        ("ticket", Value::from(ticket)),
        ("host", Value::from(flow::host(&request.target.redirect_uri))),
    ]);
    let leads = FormAction::LeadsTo(request.target.redirect_uri.clone());
    look.page(StatusCode::OK, "consent.html", values, &leads)
}

/// Scopes in the words of the page, those without words after the others.
pub fn explain(look: &Look, scopes: &Scopes) -> Value {
    let known = EXPLAINED
        .iter()
        .filter(|(scope, _)| scopes.contains(scope))
        .map(|(scope, key)| (*scope, look.say(key)));
    let others = scopes
        .iter()
        .filter(|scope| !EXPLAINED.iter().any(|(known, _)| known == scope))
        .map(|scope| (scope, String::new()));
    let each = known
        .chain(others)
        .map(|(name, text)| map([("name", Value::from(name)), ("text", Value::from(text))]));
    Value::from(each.collect::<Vec<_>>())
}

/// After a login the browser comes here by a redirect.
async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let outcome = asked(&visit, request.query_string()).await;
    let look = visit.look(None);
    answer(&visit, &look, outcome)
}

async fn asked(visit: &Visit, query: &str) -> Result<HttpResponse, Problem> {
    let params = Params::parse(query.as_bytes()).map_err(|_| Problem::Form(StatusCode::BAD_REQUEST))?;
    let sent = params.one("ticket").map_err(duplicate)?;
    let (content, session) = match opened(visit, sent).await? {
        Ok(opened) => opened,
        Err(again) => return Ok(again),
    };
    let look = look_of(visit, &content.request);
    match flow::check(visit, &look, &content.request) {
        Ok(request) => Ok(page(&look, &request, &session, sent.unwrap_or_default())),
        Err(refused) => *refused,
    }
}

async fn post(state: web::Data<AppState>, request: HttpRequest, body: FormBody) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let outcome = submitted(&visit, body).await;
    let look = visit.look(None);
    answer(&visit, &look, outcome)
}

async fn submitted(visit: &Visit, body: FormBody) -> Result<HttpResponse, Problem> {
    let form = body.0.map_err(|fault| Problem::Form(fault.status()))?;
    let (content, session) = match opened(visit, form.one("ticket").map_err(duplicate)?).await? {
        Ok(opened) => opened,
        Err(again) => return Ok(again),
    };
    let look = look_of(visit, &content.request);
    match form.one("decision").map_err(duplicate)? {
        Some("allow") => {
            let step = Step {
                visit,
                look: &look,
                request: &content.request,
                session: Some(session),
                done: Done {
                    login: content.login,
                    consent: true,
                },
                posted: true,
            };
            flow::advance(step).await
        }
        Some("deny") => match flow::check(visit, &look, &content.request) {
            Ok(request) => {
                let error = OAuthError::new(ErrorCode::AccessDenied, "the person did not allow it");
                let answer = request.target.error(&visit.snapshot.issuer, &error);
                Ok(flow::send(visit, &look, &request.target, &request.client.display_name, answer))
            }
            Err(refused) => *refused,
        },
        _ => Err(Problem::Form(StatusCode::BAD_REQUEST)),
    }
}

/// The ticket's content and the session that it asks, or the request once more if the page is too old or someone else is signed in now.
async fn opened(visit: &Visit, sent: Option<&str>) -> Result<Result<(ConsentTicket, SessionView), HttpResponse>, Problem> {
    let content = match ticket::open::<ConsentTicket>(visit, sent) {
        Ok(content) => content,
        Err(TicketFault::NoCookie) => return Err(Problem::NoCookie),
        Err(TicketFault::Invalid) => return Err(Problem::Ticket),
        Err(TicketFault::Late(content)) => return Ok(Err(super::login::begin_anew(visit, Some(&content.request)))),
    };
    Ok(match visit.session().await? {
        Some(session) if session.id.as_str() == content.session => Ok((content, session)),
        _ => Err(super::login::begin_anew(visit, Some(&content.request))),
    })
}

fn look_of(visit: &Visit, request: &str) -> Look {
    visit.look(Params::parse(request.as_bytes()).ok().as_ref())
}

fn duplicate(_: Duplicate) -> Problem {
    Problem::Form(StatusCode::BAD_REQUEST)
}
