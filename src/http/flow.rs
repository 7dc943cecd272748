//! The way of an authorization request: validate, decide, and show or send what comes next. Every endpoint that takes part ends here, so
//! none of them can skip a check.

use super::login::proved::{self, Ground, Proved};
use super::pages::{FormAction, Look, Values, map};
use super::problem::Problem;
use super::ticket::{self, ConsentTicket};
use super::visit::Visit;
use crate::actors::session_keeper::messages::{Allow, Allowed, SessionView};
use crate::actors::token_issuer::messages::IssueCode;
use crate::jose::TokenType;
use crate::jose::key_ring::{Expiry, Timed};
use crate::oauth::authorize::decision::{Decision, Done, Person, decide};
use crate::oauth::authorize::response::{Answer, ResponseTarget};
use crate::oauth::authorize::{AuthorizationRequest, Refusal, validate};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Params;
use crate::oauth::ids::UserId;
use crate::oauth::scope::Scopes;
use crate::oauth::two_factor::{self, Missing, Standing};
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use minijinja::value::Value;
use serde::Deserialize;
use std::time::Duration;

/// Longest request that is carried through login and consent; it travels in a ticket.
pub const MAX_REQUEST_BYTES: usize = 8 * 1024;

/// Where a request stands.
pub struct Step<'a> {
    /// The browser
    pub visit: &'a Visit,
    /// Its looks
    pub look: &'a Look,
    /// The request, as it was encoded
    pub request: &'a str,
    /// The live session
    pub session: Option<SessionView>,
    /// What the person did for this request
    pub done: Done,
    /// Whether a form was posted: then a page is redirected to, so that a reload does not post again
    pub posted: bool,
}

/// What a request gets that did not pass its checks.
pub type Refused = Box<Result<HttpResponse, Problem>>;

/// A request that passed its checks, or the answer that it gets.
///
/// # Errors
/// The answer: a page, or a redirect to the client.
pub fn check(visit: &Visit, look: &Look, request: &str) -> Result<Box<AuthorizationRequest>, Refused> {
    if request.len() > MAX_REQUEST_BYTES {
        let error = OAuthError::new(ErrorCode::InvalidRequest, "the authorization request is longer than 8 KiB");
        return Err(Box::new(Err(Problem::Request(error))));
    }
    let params = Params::parse(request.as_bytes()).map_err(|error| Box::new(Err(Problem::Request(error.into()))))?;
    match validate(&params, |id| visit.snapshot.client(id).cloned()) {
        Ok(valid) => Ok(Box::new(valid)),
        Err(Refusal::Page(error)) => Err(Box::new(Err(Problem::Request(error)))),
        Err(Refusal::Client(target, error)) => {
            tracing::info!(
                code = error.code.as_str(),
                reason = error.description,
                "an authorization request was refused"
            );
            let answer = target.error(&visit.snapshot.issuer, &error);
            Err(Box::new(Ok(send(visit, look, &target, "", answer))))
        }
    }
}

/// Takes the next step.
pub async fn advance(step: Step<'_>) -> Result<HttpResponse, Problem> {
    let request = match check(step.visit, step.look, step.request) {
        Ok(request) => request,
        Err(answer) => return *answer,
    };
    let issuer = &step.visit.snapshot.issuer;
    let hinted = match hinted(step.visit, &request) {
        Ok(hinted) => hinted,
        Err(error) => return Ok(tell(&step, &request, request.target.error(issuer, &error))),
    };
    let person = match &step.session {
        Some(session) => Some(person(&step, &request, session).await?),
        None => None,
    };
    match decide(&request, person.as_ref(), hinted.as_ref(), step.done, step.visit.now()) {
        Decision::Login => login_page(&step, &request),
        Decision::Consent => consent(&step, &request),
        Decision::Prove(methods) => further(&step, &Missing::Proof(methods)),
        Decision::Enrol(methods) => further(&step, &Missing::Enrolment(methods)),
        Decision::Refuse(error) => Ok(tell(&step, &request, request.target.error(issuer, &error))),
        Decision::Issue => issue(&step, &request).await,
    }
}

async fn person(step: &Step<'_>, request: &AuthorizationRequest, session: &SessionView) -> Result<Person, Problem> {
    let consented = if request.client.require_consent {
        let allowed = Allowed {
            user: session.user.clone(),
            client: request.client.id.clone(),
        };
        step.visit.state.sessions.ask(allowed).await??
    } else {
        Scopes::default()
    };
    Ok(Person {
        user: session.user.clone(),
        session: session.id.clone(),
        auth_time: session.auth_time,
        groups: session.groups.clone(),
        consented,
        standing: standing(step, request, session).await?,
    })
}

/// What the person could prove besides matters only where what they proved is not enough.
async fn standing(step: &Step<'_>, request: &AuthorizationRequest, session: &SessionView) -> Result<Standing, Problem> {
    let mut standing = Standing {
        amr: session.amr.clone(),
        ..Standing::default()
    };
    let rule = &request.client.limits.two_factor;
    if two_factor::lacks(rule, &request.acr_values, &session.amr) {
        let enrolled = step.visit.state.platform.second_factors.of(&session.user).await?;
        standing.has = enrolled.methods();
        standing.remembered = step.visit.is_remembered(&session.user, rule.remember).await?;
    }
    Ok(standing)
}

/// On from a session that is not enough for this request.
fn further(step: &Step<'_>, missing: &Missing) -> Result<HttpResponse, Problem> {
    let Some(session) = &step.session else {
        return Err(Problem::Internal("a second factor without a session".to_owned()));
    };
    let proved = Proved {
        user: session.user.clone(),
        amr: session.amr.clone(),
        at: session.auth_time,
        request: Some(step.request.to_owned()),
        fresh: step.done.login,
        ground: Ground::Session(session.id.as_str().to_owned()),
        origin: None,
        must_change: None,
    };
    proved::ask(step.visit, proved, missing)
}

fn login_page(step: &Step<'_>, request: &AuthorizationRequest) -> Result<HttpResponse, Problem> {
    let ticket = super::login::ticket_for(step.visit, step.look, Some(step.request.to_owned()))?;
    let known = step.session.as_ref().map(|session| session.username.clone());
    Ok(super::login::page(
        step.look,
        StatusCode::OK,
        &super::login::Form {
            snapshot: &step.visit.snapshot,
            ticket,
            client: Some(request),
            again: step.session.is_some(),
            username: request.login_hint.clone().or(known).unwrap_or_default(),
            problem: None,
        },
    ))
}

fn consent(step: &Step<'_>, request: &AuthorizationRequest) -> Result<HttpResponse, Problem> {
    let Some(session) = &step.session else {
        return Err(Problem::Internal("consent without a session".to_owned()));
    };
    let content = ConsentTicket {
        request: step.request.to_owned(),
        session: session.id.as_str().to_owned(),
        login: step.done.login,
    };
    let ticket = ticket::seal(step.visit, content).map_err(Problem::Internal)?;
    Ok(if step.posted {
        see_other(&step.visit.path(&format!("/consent?ticket={ticket}")))
    } else {
        super::consent::page(step.look, request, session, &ticket)
    })
}

async fn issue(step: &Step<'_>, request: &AuthorizationRequest) -> Result<HttpResponse, Problem> {
    let Some(session) = &step.session else {
        return Err(Problem::Internal("a code without a session".to_owned()));
    };
    if step.done.consent {
        let allow = Allow {
            user: session.user.clone(),
            client: request.client.id.clone(),
            scopes: request.scopes.clone(),
        };
        step.visit.state.sessions.ask(allow).await??;
    }
    let code = IssueCode {
        client: request.client.id.clone(),
        session: session.id.clone(),
        user: session.user.clone(),
        auth_time: session.auth_time,
        amr: session.amr.clone(),
        scopes: request.scopes.clone(),
        resources: request.resources.clone(),
        redirect_uri: request.target.redirect_uri.clone(),
        redirect_uri_was_sent: request.redirect_uri_was_sent,
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
    };
    let code = step.visit.state.tokens.ask(code).await??;
    Ok(tell(step, request, request.target.code(&step.visit.snapshot.issuer, code.expose())))
}

fn tell(step: &Step<'_>, request: &AuthorizationRequest, answer: Answer) -> HttpResponse {
    send(step.visit, step.look, &request.target, &request.client.display_name, answer)
}

/// Sends the browser to the client.
pub fn send(visit: &Visit, look: &Look, target: &ResponseTarget, client: &str, answer: Answer) -> HttpResponse {
    match answer {
        Answer::Redirect(uri) => see_other(&uri),
        Answer::FormPost { action, fields } => {
            let host = host(&target.redirect_uri);
            let client = if client.is_empty() { host } else { client.to_owned() };
            let fields: Vec<Value> = fields
                .into_iter()
                .map(|(name, value)| map([("name", Value::from(name)), ("value", Value::from(value))]))
                .collect();
            let values = Values::from([
                ("client", Value::from(client)),
                ("action", Value::from(action)),
                ("fields", Value::from(fields)),
            ]);
            let response = look.page(
                StatusCode::OK,
                "continue.html",
                values,
                &FormAction::LeadsTo(target.redirect_uri.clone()),
            );
            visit.remember_browser(response)
        }
    }
}

/// 303: whatever the method was, the browser goes on with GET (RFC 9700 §4.12).
pub fn see_other(location: &str) -> HttpResponse {
    match header::HeaderValue::from_str(location) {
        Ok(location) => HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish(),
        Err(_) => HttpResponse::InternalServerError().body("An internal fault: an address that is not one.\n"),
    }
}

/// Host and port of an address, for people to read; a native app's scheme.
pub fn host(uri: &str) -> String {
    url::Url::parse(uri)
        .ok()
        .and_then(|url| {
            let host = url.host_str()?.to_owned();
            Some(url.port().map_or(host.clone(), |port| format!("{host}:{port}")))
        })
        .unwrap_or_else(|| uri.split(':').next().unwrap_or_default().to_owned())
}

/// What is read of an ID token that comes back as a hint.
#[derive(Debug, Deserialize)]
pub struct HintClaims {
    iss: String,
    exp: i64,
    /// Who
    pub sub: String,
    /// Whom it was for
    pub aud: Audience,
    /// The login session
    pub sid: Option<String>,
}

/// `aud`: one or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One
    One(String),
    /// Several
    Many(Vec<String>),
}

impl Audience {
    /// Whether this client is one of them.
    pub fn contains(&self, client: &str) -> bool {
        match self {
            Self::One(one) => one == client,
            Self::Many(many) => many.iter().any(|one| one == client),
        }
    }

    /// The first.
    pub fn first(&self) -> Option<&str> {
        match self {
            Self::One(one) => Some(one),
            Self::Many(many) => many.first().map(String::as_str),
        }
    }
}

impl Timed for HintClaims {
    fn issuer(&self) -> &str {
        &self.iss
    }

    fn expires_at(&self) -> i64 {
        self.exp
    }
}

/// Reads an ID token of ours; it may have expired.
pub fn read_hint(visit: &Visit, token: &str) -> Option<HintClaims> {
    let expiry = Expiry::Ignored(visit.now());
    visit
        .keys()
        .verify(token, TokenType::Id, &visit.snapshot.issuer, expiry, Duration::ZERO)
        .ok()
}

fn hinted(visit: &Visit, request: &AuthorizationRequest) -> Result<Option<UserId>, OAuthError> {
    let Some(token) = &request.id_token_hint else {
        return Ok(None);
    };
    read_hint(visit, token)
        .filter(|claims| claims.aud.contains(request.client.id.as_str()))
        .map(|claims| Some(UserId::new(claims.sub)))
        .ok_or_else(|| {
            OAuthError::new(
                ErrorCode::InvalidRequest,
                "id_token_hint is not an ID token that this server gave this client",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_hosts_and_not_addresses() {
        assert_eq!(host("https://shop.example/cb?x"), "shop.example");
        assert_eq!(host("http://127.0.0.1:8081/cb"), "127.0.0.1:8081");
        assert_eq!(host("com.example.app:/cb"), "com.example.app");
    }
}
