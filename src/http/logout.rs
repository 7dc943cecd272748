//! `/logout` (OpenID Connect RP-Initiated Logout 1.0): by an application's request, or by the person's own button.

use super::flow::{self, HintClaims, read_hint};
use super::form::FormBody;
use super::pages::{FormAction, Look, Values, map};
use super::problem::{Problem, answer};
use super::state::AppState;
use super::ticket::{self, LogoutTicket, TicketFault};
use super::visit::Visit;
use crate::actors::session_keeper::messages::{End, SessionView};
use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Params;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;
use std::sync::Arc;
use url::Url;
use url::form_urlencoded::Serializer;

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/logout").route(web::get().to(get)).route(web::post().to(post)));
}

/// A request that was understood.
struct Asked {
    hint: Option<HintClaims>,
    /// Where to go afterwards, verified, with the state
    then: Option<String>,
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let params = Params::parse(request.query_string().as_bytes());
    let look = visit.look(params.as_ref().ok());
    let outcome = async {
        let params = params.map_err(|error| Problem::Request(error.into()))?;
        let asked = understand(&visit, &params).map_err(Problem::Request)?;
        begin(&visit, &look, asked).await
    };
    answer(&visit, &look, outcome.await)
}

/// Either our own form, or an application's request. The latter comes from another site, so the browser holds our cookies back and it is
/// sent round once more as a GET.
async fn post(state: web::Data<AppState>, request: HttpRequest, body: FormBody) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let params = match body.0 {
        Ok(params) => params,
        Err(fault) => return Problem::Form(fault.status()).page(&visit.look(None), &visit.trace),
    };
    let look = visit.look(Some(&params));
    let outcome = match params.one("ticket") {
        Err(_) => Err(Problem::Form(StatusCode::BAD_REQUEST)),
        Ok(None) => {
            let checked = understand(&visit, &params).map(|_| flow::see_other(&visit.path(&format!("/logout?{}", params.encode()))));
            return checked.unwrap_or_else(|error| Problem::Request(error).page(&look, &visit.trace));
        }
        Ok(Some(ticket)) => confirmed(&visit, &look, ticket).await,
    };
    answer(&visit, &look, outcome)
}

fn understand(visit: &Visit, params: &Params) -> Result<Asked, OAuthError> {
    let invalid = |why: &str| OAuthError::new(ErrorCode::InvalidRequest, why);
    let hint = params.one("id_token_hint")?.and_then(|token| read_hint(visit, token));
    let named = params.one("client_id")?;
    if let (Some(hint), Some(named)) = (&hint, named)
        && !hint.aud.contains(named)
    {
        return Err(invalid("client_id is not the client of id_token_hint"));
    }
    let client = named
        .or_else(|| hint.as_ref().and_then(|hint| hint.aud.first()))
        .and_then(|id| visit.snapshot.client(id));
    let then = match params.one("post_logout_redirect_uri")? {
        None => None,
        Some(uri) => Some(verified(client, uri, params.one("state")?).ok_or_else(|| {
            invalid(
                "post_logout_redirect_uri is not registered for this client; send a valid id_token_hint or client_id with a registered one",
            )
        })?),
    };
    Ok(Asked { hint, then })
}

/// The address, if the client registered exactly it, with the state added.
fn verified(client: Option<&Arc<Client>>, uri: &str, state: Option<&str>) -> Option<String> {
    let known = client?.post_logout_redirect_uris.iter().any(|known| known == uri);
    known.then(|| match state {
        None => uri.to_owned(),
        Some(state) => {
            let separator = if uri.contains('?') { '&' } else { '?' };
            format!(
                "{uri}{separator}{}",
                Serializer::new(String::new()).append_pair("state", state).finish()
            )
        }
    })
}

async fn begin(visit: &Visit, look: &Look, asked: Asked) -> Result<HttpResponse, Problem> {
    let Some(session) = visit.session().await? else {
        return Ok(done(visit, look, asked.then.as_deref(), None));
    };
    // Who holds an ID token of this very session may end it; anybody else has only made the browser come here.
    let is_theirs = asked
        .hint
        .as_ref()
        .is_some_and(|hint| hint.sub == session.user.as_str() && hint.sid.as_deref().is_none_or(|sid| sid == session.id.as_str()));
    if is_theirs {
        let elsewhere = end(visit, session, asked.then.as_deref()).await?;
        return Ok(done(visit, look, asked.then.as_deref(), elsewhere));
    }
    question(visit, look, &session, asked.then)
}

fn question(visit: &Visit, look: &Look, session: &SessionView, then: Option<String>) -> Result<HttpResponse, Problem> {
    let form = match &then {
        Some(uri) => FormAction::LeadsTo(uri.clone()),
        None => FormAction::Own,
    };
    let content = LogoutTicket {
        session: Some(session.id.as_str().to_owned()),
        then,
    };
    let values = Values::from([
        ("name", Value::from(session.username.clone())),
        ("ticket", Value::from(ticket::seal(visit, content).map_err(Problem::Internal)?)),
    ]);
    Ok(look.page(StatusCode::OK, "logout.html", values, &form))
}

async fn confirmed(visit: &Visit, look: &Look, sent: &str) -> Result<HttpResponse, Problem> {
    let content = match ticket::open::<LogoutTicket>(visit, Some(sent)) {
        Ok(content) => content,
        Err(TicketFault::NoCookie) => return Err(Problem::NoCookie),
        Err(TicketFault::Invalid) => return Err(Problem::Ticket),
        Err(TicketFault::Late(_)) => return Ok(flow::see_other(&visit.path("/logout"))),
    };
    let mut elsewhere = None;
    if let Some(session) = visit.session().await? {
        // Someone else signed in since the question was put.
        if content.session.as_deref() != Some(session.id.as_str()) {
            return Ok(flow::see_other(&visit.path("/logout")));
        }
        elsewhere = end(visit, session, content.then.as_deref()).await?;
    }
    Ok(done(visit, look, content.then.as_deref(), elsewhere))
}

/// An upstream provider where somebody may still be signed in, and where they sign out there.
type Elsewhere = Option<(String, Url)>;

/// Ends a session. Whoever goes on to an application is offered nothing else.
async fn end(visit: &Visit, session: SessionView, then: Option<&str>) -> Result<Elsewhere, Problem> {
    let user = session.user.clone();
    let session = End {
        session: session.id,
        user: session.user,
    };
    visit.state.sessions.ask(session).await??;
    Ok(match then {
        Some(_) => None,
        None => visit.state.platform.upstream_logins.sign_out(&user).await,
    })
}

fn done(visit: &Visit, look: &Look, then: Option<&str>, elsewhere: Elsewhere) -> HttpResponse {
    let elsewhere =
        elsewhere.map(|(provider, address)| map([("provider", Value::from(provider)), ("address", Value::from(address.to_string()))]));
    let values = Values::from([("elsewhere", elsewhere.unwrap_or_else(|| Value::from(())))]);
    let mut response = match then {
        Some(uri) => flow::see_other(uri),
        None => look.page(StatusCode::OK, "logged_out.html", values, &FormAction::None),
    };
    if visit.has_session_cookie() {
        // A cookie of ours is always a valid header.
        let _ = response.add_cookie(&visit.cookies().clear_session());
    }
    response
}
