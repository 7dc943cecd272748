//! Logins by way of an upstream provider: `/login/upstream/{name}` sends the browser there, `/login/callback/{name}` is where it comes back (OpenID
//! Connect Core §3.1.2). Each provider has a callback of its own, so that an answer of one is never taken for another's (RFC 9700 §4.4.2).

use super::super::flow;
use super::super::form::FormBody;
use super::super::pages::Look;
use super::super::problem::{Problem, answer};
use super::super::state::AppState;
use super::super::ticket::{self, LoginTicket, TicketFault, UpstreamTicket};
use super::super::visit::{Visit, fresh_id};
use super::proved::{self, Proved};
use super::{Trouble, begin_anew, failed};
use crate::actors::fault::Fault;
use crate::actors::upstream_logins::UpstreamLoginFault;
use crate::config::snapshot::IdentityProviderConfig;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Params;
use crate::upstream::client::Answered;
use crate::upstream::fault::UpstreamFault;
use crate::upstream::request::{Ask, Wish};
use crate::upstream::secrets::Secrets;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;

/// How a person proved themselves: elsewhere. RFC 8176 has no word for it; `fed` is the one that is in use. What the provider's own `amr` says is not
/// repeated: nobody here has seen it.
const ELSEWHERE: &str = "fed";
/// Longest request of a client that can wait meanwhile. It travels in `state`, and providers take no address of any length.
const MAX_CARRIED_BYTES: usize = 4 * 1024;

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/login/upstream/{name}").route(web::post().to(post)))
        .service(web::resource("/login/callback/{name}").route(web::get().to(get)));
}

async fn post(state: web::Data<AppState>, request: HttpRequest, name: web::Path<String>, body: FormBody) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::super::not_configured(&request);
    };
    let outcome = begin(&visit, &name, body).await;
    let look = visit.look(None);
    answer(&visit, &look, outcome)
}

async fn begin(visit: &Visit, name: &str, body: FormBody) -> Result<HttpResponse, Problem> {
    let form = body.0.map_err(|fault| Problem::Form(fault.status()))?;
    let sent = form.one("ticket").map_err(|_| Problem::Form(StatusCode::BAD_REQUEST))?;
    let content = match ticket::open::<LoginTicket>(visit, sent) {
        Ok(content) => content,
        Err(TicketFault::NoCookie) => return Err(Problem::NoCookie),
        Err(TicketFault::Invalid) => return Err(Problem::Ticket),
        Err(TicketFault::Late(content)) => return Ok(begin_anew(visit, content.request.as_deref())),
    };
    let provider = visit.snapshot.identity_provider(name).ok_or(Problem::Missing)?;
    let look = look_of(visit, content.request.as_deref());
    let mut wish = match wish(visit, &look, content.request.as_deref()) {
        Ok(wish) => wish,
        Err(answer) => return *answer,
    };
    // Whoever is signed in already confirms who they are, to change what guards their account.
    wish.again = content.request.is_none() && visit.session().await?.is_some();
    let number = fresh_id().ok_or_else(|| Problem::Internal("the random generator failed".to_owned()))?;
    let secrets = Secrets::of(&visit.browser, &provider.id, &number);
    let carried = UpstreamTicket {
        provider: provider.id.to_string(),
        number,
        began: visit.now().as_second(),
        request: content.request.clone(),
    };
    let ask = Ask {
        redirect_uri: callback(visit, provider),
        state: ticket::seal(visit, carried).map_err(Problem::Internal)?,
        nonce: secrets.nonce,
        verifier: secrets.verifier,
        wish,
    };
    match visit.state.platform.upstream_logins.begin(provider, ask).await {
        Ok(url) => Ok(flow::see_other(url.as_str())),
        Err(fault) => failed(visit, &look, content, String::new(), trouble(fault, provider)?),
    }
}

async fn get(state: web::Data<AppState>, request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::super::not_configured(&request);
    };
    let outcome = come_back(&visit, &name, request.query_string()).await;
    let look = visit.look(None);
    answer(&visit, &look, outcome)
}

async fn come_back(visit: &Visit, name: &str, query: &str) -> Result<HttpResponse, Problem> {
    let bad = || Problem::Form(StatusCode::BAD_REQUEST);
    let params = Params::parse(query.as_bytes()).map_err(|_| bad())?;
    let one = |name| params.one(name).map_err(|_| bad());
    let content = match ticket::open::<UpstreamTicket>(visit, one("state")?) {
        Ok(content) => content,
        Err(TicketFault::NoCookie) => return Err(Problem::NoCookie),
        Err(TicketFault::Invalid) => return Err(Problem::Ticket),
        Err(TicketFault::Late(content)) => return Ok(begin_anew(visit, content.request.as_deref())),
    };
    // One that was sent to another provider, or one that is no longer here.
    let provider = visit
        .snapshot
        .identity_provider(name)
        .filter(|provider| provider.id.as_str() == content.provider);
    let provider = provider.ok_or(Problem::Ticket)?;
    let look = look_of(visit, content.request.as_deref());
    let wish = match wish(visit, &look, content.request.as_deref()) {
        Ok(wish) => wish,
        Err(answer) => return *answer,
    };
    let waiting = LoginTicket {
        request: content.request.clone(),
        passkey: None,
    };
    let iss = one("iss")?.map(str::to_owned);
    let (code, error) = (one("code")?, one("error")?);
    let is_foreign = iss.as_deref().is_some_and(|iss| iss != provider.issuer);
    let Some(code) = code.filter(|_| error.is_none() && !is_foreign) else {
        let trouble = if error.is_some() && !is_foreign {
            tracing::info!(provider = provider.name, "a provider sent somebody back with an error");
            Trouble::of_provider("login-provider-denied", StatusCode::UNPROCESSABLE_ENTITY, provider)
        } else {
            tracing::warn!(
                provider = provider.name,
                is_foreign,
                "a provider's answer has no code, or is another provider's"
            );
            Trouble::of_provider("login-provider-failed", StatusCode::BAD_REQUEST, provider)
        };
        return failed(visit, &look, waiting, String::new(), trouble);
    };
    let secrets = Secrets::of(&visit.browser, &provider.id, &content.number);
    let answered = Answered {
        code: code.into(),
        iss,
        redirect_uri: callback(visit, provider),
        nonce: secrets.nonce,
        verifier: secrets.verifier,
        wish,
        began: Timestamp::from_second(content.began).map_err(|_| Problem::Ticket)?,
        now: visit.now(),
    };
    match visit.state.platform.upstream_logins.finish(provider, answered, visit.address).await {
        Ok(arrived) => {
            let mut proved = Proved::now(visit, arrived.user.id, &[ELSEWHERE], content.request);
            proved.origin = Some(Box::new((&arrived.origin).into()));
            // When they proved themselves there, and never later than now: the provider's clock may be ahead.
            proved.at = arrived.auth_time.unwrap_or(proved.at).min(proved.at);
            proved::go_on(visit, &look, proved).await
        }
        Err(fault) => failed(visit, &look, waiting, String::new(), trouble(fault, provider)?),
    }
}

/// What is asked of the provider for the client's request, which is checked anew: it may have been changed, or removed, since.
fn wish(visit: &Visit, look: &Look, request: Option<&str>) -> Result<Wish, flow::Refused> {
    let Some(request) = request else {
        return Ok(Wish::default());
    };
    if request.len() > MAX_CARRIED_BYTES {
        let why = "the authorization request is longer than 4 KiB, which is too long for a login by way of another provider";
        return Err(Box::new(Err(Problem::Request(OAuthError::new(ErrorCode::InvalidRequest, why)))));
    }
    let checked = flow::check(visit, look, request)?;
    let params = Params::parse(request.as_bytes()).unwrap_or_default();
    Ok(Wish::of(&checked, params.one("ui_locales").ok().flatten()))
}

/// Where a provider sends people back to; the platform team registers it there.
fn callback(visit: &Visit, provider: &IdentityProviderConfig) -> String {
    format!("{}/login/callback/{}", visit.snapshot.issuer, provider.name)
}

fn look_of(visit: &Visit, request: Option<&str>) -> Look {
    visit.look(request.and_then(|request| Params::parse(request.as_bytes()).ok()).as_ref())
}

/// What a page says. The log has the reason.
fn trouble(fault: UpstreamLoginFault, provider: &IdentityProviderConfig) -> Result<Trouble, Problem> {
    let (words, status) = match fault {
        UpstreamLoginFault::Provider(UpstreamFault::Unavailable(_)) => ("login-provider-unavailable", StatusCode::SERVICE_UNAVAILABLE),
        UpstreamLoginFault::Provider(UpstreamFault::Stale) => ("login-provider-stale", StatusCode::FORBIDDEN),
        UpstreamLoginFault::Provider(_) => ("login-provider-failed", StatusCode::BAD_REQUEST),
        UpstreamLoginFault::NotAllowed(_) => ("login-provider-not-allowed", StatusCode::FORBIDDEN),
        UpstreamLoginFault::Fault(Fault::Internal(reason)) => return Err(Problem::Internal(reason)),
        UpstreamLoginFault::Fault(_) => ("login-provider-unavailable", StatusCode::SERVICE_UNAVAILABLE),
    };
    Ok(Trouble::of_provider(words, status, provider))
}
