//! `/login/second-factor`: after the first factor, a code of an app, a recovery code, or a key.

use super::super::answer::whole_seconds;
use super::super::form::FormBody;
use super::super::keys::{self, party};
use super::super::pages::{FormAction, Look, Values, map};
use super::super::problem::{Problem, answer};
use super::super::state::AppState;
use super::super::ticket::{self, FactorTicket, ProvedTicket, TicketFault};
use super::super::visit::Visit;
use super::proved::{self, Need, Proved};
use crate::actors::second_factors::{OTP, ProofFault};
use crate::oauth::form::Params;
use crate::oauth::opaque::TokenHash;
use crate::oauth::two_factor::{FactorMethod, Missing};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/login/second-factor")
            .route(web::get().to(get))
            .route(web::post().to(post)),
    );
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::super::not_configured(&request);
    };
    let look = visit.look(None);
    let outcome = async {
        let params = Params::parse(request.query_string().as_bytes()).map_err(|_| Problem::Form(StatusCode::BAD_REQUEST))?;
        let sent = params.one("ticket").map_err(|_| Problem::Form(StatusCode::BAD_REQUEST))?;
        let proved = match opened(ticket::open::<ProvedTicket>(&visit, sent)) {
            Ok(ticket) => ticket.proved,
            Err(Some(late)) => return Ok(super::begin_anew(&visit, late.proved.request.as_deref())),
            Err(None) => return Err(bad_ticket(&visit)),
        };
        show(&visit, proved, None).await
    };
    let outcome = outcome.await;
    answer(&visit, &look, outcome)
}

/// A ticket's content; `Err(Some)`: it was open for too long.
pub(in crate::http) fn opened<T>(opened: Result<T, TicketFault<T>>) -> Result<T, Option<T>> {
    match opened {
        Ok(content) => Ok(content),
        Err(TicketFault::Late(content)) => Err(Some(content)),
        Err(TicketFault::NoCookie | TicketFault::Invalid) => Err(None),
    }
}

/// Why there is no content.
pub(in crate::http) fn bad_ticket(visit: &Visit) -> Problem {
    if visit.browser_is_new { Problem::NoCookie } else { Problem::Ticket }
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
    let one = |name| form.one(name).map_err(|_| Problem::Form(StatusCode::BAD_REQUEST));
    let sent = one("ticket")?.unwrap_or_default();
    let content = match opened(ticket::open::<FactorTicket>(visit, Some(sent))) {
        Ok(content) => content,
        Err(Some(late)) => return Ok(super::begin_anew(visit, late.proved.request.as_deref())),
        Err(None) => return Err(bad_ticket(visit)),
    };
    let look = look_of(visit, &content.proved);
    // Before anything is looked at or used up.
    let rule = proved::need(visit, &look, &content.proved).await?.rule;
    let factors = &visit.state.platform.second_factors;
    let user = &content.proved.user;
    let (key, code) = (one("answer")?.filter(|text| !text.is_empty()), one("code")?.unwrap_or_default());
    let outcome = match (key, &content.key) {
        (Some(answer), Some(state)) => {
            let (party, ceremony) = (party(visit, &look)?, TokenHash::of(sent));
            let proof = factors.prove_by_key(&party, user, answer, state, &ceremony, visit.address).await;
            proof.map(|amr| content.proved.clone().and(&amr))
        }
        _ if code.trim().is_empty() => return show(visit, content.proved, Some(Trouble::missing())).await,
        _ => {
            let proof = factors.prove_by_code(user, code, &visit.caller()).await;
            proof.map(|()| content.proved.clone().and(&OTP))
        }
    };
    let proved = match outcome {
        Ok(proved) => proved,
        Err(fault) => {
            let trouble = Trouble::of(fault, key.is_some())?;
            return show(visit, content.proved, Some(trouble)).await;
        }
    };
    let remember = one("remember")?.is_some();
    let user = proved.user.clone();
    let mut response = proved::go_on(visit, &look, proved).await?;
    if remember && !rule.remember.is_zero() {
        let device = factors.remember_device(&user, rule.remember).await?;
        response
            .add_cookie(&visit.cookies().set_device(device.expose(), rule.remember))
            .map_err(|error| Problem::Internal(error.to_string()))?;
    }
    Ok(response)
}

/// The page in the language of the request that waits.
pub(in crate::http) fn look_of(visit: &Visit, proved: &Proved) -> Look {
    let params = proved.request.as_deref().and_then(|request| Params::parse(request.as_bytes()).ok());
    visit.look(params.as_ref())
}

/// What went wrong with a try.
pub(in crate::http) struct Trouble {
    pub(in crate::http) title: &'static str,
    pub(in crate::http) text: &'static str,
    pub(in crate::http) seconds: Option<u64>,
    pub(in crate::http) status: StatusCode,
}

impl Trouble {
    pub(in crate::http) const fn new(text: &'static str) -> Self {
        Self {
            title: "login-failed-title",
            text,
            seconds: None,
            status: StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    pub(in crate::http) const fn missing() -> Self {
        Self::new("factor-missing")
    }

    pub(in crate::http) fn of(fault: ProofFault, by_key: bool) -> Result<Self, Problem> {
        Ok(match fault {
            ProofFault::Wrong if by_key => Self::new("factor-key-failed"),
            ProofFault::Wrong => Self::new("factor-failed"),
            ProofFault::CountedBack => Self::new("factor-key-copied"),
            ProofFault::Full => Self::new("setup-full"),
            ProofFault::Throttled { retry_after } => Self {
                title: "login-throttled-title",
                text: "login-throttled",
                seconds: Some(whole_seconds(retry_after)),
                status: StatusCode::TOO_MANY_REQUESTS,
            },
            ProofFault::Fault(fault) => return Err(fault.into()),
        })
    }

    pub(in crate::http) fn value(&self, look: &Look) -> Value {
        let text = match self.seconds {
            Some(seconds) => look.say_count(self.text, "seconds", seconds),
            None => look.say(self.text),
        };
        map([("title", Value::from(look.say(self.title))), ("text", Value::from(text))])
    }

    /// Tells programs when to come back.
    pub(in crate::http) fn mark(&self, response: &mut HttpResponse) {
        if let Some(seconds) = self.seconds {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

async fn show(visit: &Visit, proved: Proved, trouble: Option<Trouble>) -> Result<HttpResponse, Problem> {
    let look = look_of(visit, &proved);
    let need = proved::need(visit, &look, &proved).await?;
    let methods = match &need.missing {
        Missing::Proof(methods) => methods.clone(),
        Missing::Nothing | Missing::Unattainable | Missing::Enrolment(_) => return proved::go_on(visit, &look, proved).await,
    };
    let by_key = methods.contains(&FactorMethod::Webauthn);
    let key = if by_key {
        keys::question(visit, &look, &need.enrolled)
    } else {
        None
    };
    let with_app = methods.contains(&FactorMethod::Totp);
    let with_recovery = need.enrolled.recovery_codes > 0 && need.rule.methods.contains(&FactorMethod::Totp);
    let (options, state) = key.unzip();
    let content = FactorTicket { proved, key: state };
    let days = need.rule.remember.as_secs().div_ceil(24 * 3600);
    let values = Values::from([
        ("ticket", Value::from(ticket::seal(visit, content).map_err(Problem::Internal)?)),
        ("key_options", Value::from(options.unwrap_or_default())),
        ("by_key", Value::from(by_key)),
        ("with_app", Value::from(with_app)),
        ("with_recovery", Value::from(with_recovery)),
        ("remember_days", Value::from(days)),
        (
            "problem",
            trouble.as_ref().map_or_else(|| Value::from(()), |trouble| trouble.value(&look)),
        ),
    ]);
    let status = trouble.as_ref().map_or(StatusCode::OK, |trouble| trouble.status);
    let mut response = look.page(status, "second_factor.html", values, &leads(&need));
    if let Some(trouble) = &trouble {
        trouble.mark(&mut response);
    }
    Ok(response)
}

/// Where the form of somebody may end for whom a request waits.
pub(in crate::http) fn leads(need: &Need) -> FormAction {
    match &need.request {
        Some(request) => FormAction::LeadsTo(request.target.redirect_uri.clone()),
        None => FormAction::Own,
    }
}
