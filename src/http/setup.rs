//! `/second-factor/setup`: an app or a key is set up, on the way of a login that needs one or from the account. `/second-factor/done`: the recovery
//! codes were seen.

use super::account::is_sure;
use super::flow::{self};
use super::form::FormBody;
use super::keys;
use super::login::proved::{self, Proved};
use super::login::second_factor::{Trouble, bad_ticket, look_of, opened};
use super::pages::{FormAction, Look, Values, map, qr};
use super::problem::{Problem, answer};
use super::state::AppState;
use super::ticket::{self, ProvedTicket, SetupTicket, Then};
use super::visit::Visit;
use crate::accounts::totp;
use crate::actors::second_factors::{LONGEST_NAME, OTP};
use crate::oauth::form::Params;
use crate::oauth::ids::UserId;
use crate::oauth::two_factor::{FactorMethod, Missing};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minijinja::value::Value;
use std::collections::BTreeSet;

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/second-factor/setup")
                .route(web::get().to(get))
                .route(web::post().to(post)),
        )
        .service(web::resource("/second-factor/done").route(web::post().to(done)));
}

/// What is to be set up, and for whom.
pub struct Setup {
    /// Where it leads
    pub then: Then,
    /// Whose it will be
    pub user: UserId,
    /// Where its forms may end
    pub leads: FormAction,
    /// Seed of an app that was shown already
    pub seed: Option<String>,
    /// What the person calls it
    pub name: Option<String>,
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let look = visit.look(None);
    let outcome = asked(&visit, request.query_string()).await;
    answer(&visit, &look, outcome)
}

async fn asked(visit: &Visit, query: &str) -> Result<HttpResponse, Problem> {
    let params = Params::parse(query.as_bytes()).map_err(|_| Problem::Form(StatusCode::BAD_REQUEST))?;
    let one = |name| params.one(name).map_err(|_| Problem::Form(StatusCode::BAD_REQUEST));
    let sent = one("ticket")?;
    let proved = match opened(ticket::open::<ProvedTicket>(visit, sent)) {
        Ok(ticket) => ticket.proved,
        Err(Some(late)) => return Ok(super::login::begin_anew(visit, late.proved.request.as_deref())),
        Err(None) => return Err(bad_ticket(visit)),
    };
    let look = look_of(visit, &proved);
    let need = proved::need(visit, &look, &proved).await?;
    let Missing::Enrolment(methods) = &need.missing else {
        return proved::go_on(visit, &look, proved).await;
    };
    let methods = possible(visit, methods);
    let chosen = one("method")?
        .and_then(FactorMethod::parse)
        .filter(|method| methods.contains(method));
    let only = if methods.len() == 1 { methods.first().copied() } else { None };
    let Some(method) = chosen.or(only) else {
        return Ok(choice(&look, sent.unwrap_or_default(), &methods));
    };
    let setup = Setup {
        user: proved.user.clone(),
        then: Then::Login(proved),
        leads: super::login::second_factor::leads(&need),
        seed: None,
        name: None,
    };
    show(visit, &look, setup, method, None).await
}

/// Keys cannot be used everywhere.
pub fn possible(visit: &Visit, methods: &BTreeSet<FactorMethod>) -> BTreeSet<FactorMethod> {
    let keys = keys::are_possible(visit);
    let possible = methods.iter().filter(|method| keys || **method != FactorMethod::Webauthn);
    possible.copied().collect()
}

fn choice(look: &Look, ticket: &str, methods: &BTreeSet<FactorMethod>) -> HttpResponse {
    let values = Values::from([
        ("ticket", Value::from(ticket)),
        ("with_app", Value::from(methods.contains(&FactorMethod::Totp))),
        ("with_key", Value::from(methods.contains(&FactorMethod::Webauthn))),
    ]);
    look.page(StatusCode::OK, "setup_choice.html", values, &FormAction::None)
}

/// The page on which an app or a key is set up.
///
/// # Errors
/// [`Problem`].
pub async fn show(
    visit: &Visit,
    look: &Look,
    setup: Setup,
    method: FactorMethod,
    trouble: Option<Trouble>,
) -> Result<HttpResponse, Problem> {
    let platform = &visit.state.platform;
    let user = platform
        .authenticator
        .find(&setup.user)
        .await
        .map_err(|fault| Problem::from(crate::actors::fault::Fault::from(fault)))?;
    let user = user.ok_or(Problem::Ticket)?;
    let from_account = matches!(setup.then, Then::Account(_));
    let mut values = Values::from([
        ("from_account", Value::from(from_account)),
        ("longest_name", Value::from(LONGEST_NAME)),
        (
            "problem",
            trouble.as_ref().map_or_else(|| Value::from(()), |trouble| trouble.value(look)),
        ),
    ]);
    let default_name = match method {
        FactorMethod::Totp => "factor-name-app",
        FactorMethod::Webauthn => "factor-name-key",
    };
    let name = setup.name.clone().unwrap_or_else(|| look.say(default_name));
    values.insert("name", Value::from(name));
    let (template, content) = match method {
        FactorMethod::Totp => {
            let fresh = || platform.second_factors.new_seed().map(|seed| URL_SAFE_NO_PAD.encode(seed));
            let seed = setup.seed.clone().map_or_else(fresh, Ok)?;
            let enrolment = URL_SAFE_NO_PAD
                .decode(&seed)
                .ok()
                .and_then(|seed| totp::enrolment(&seed, &look.product(), &user.profile.username));
            let enrolment = enrolment.ok_or_else(|| Problem::Internal("a seed that is none".to_owned()))?;
            values.extend([
                (
                    "qr",
                    qr::code(&enrolment.uri).map_or_else(
                        || Value::from(()),
                        |code| map([("size", Value::from(code.size)), ("path", Value::from(code.path))]),
                    ),
                ),
                ("typed", Value::from(enrolment.typed)),
                ("uri", Value::from(enrolment.uri)),
            ]);
            let content = SetupTicket {
                then: setup.then,
                seed: Some(seed),
                key: None,
            };
            ("setup_app.html", content)
        }
        FactorMethod::Webauthn => {
            let enrolled = platform.second_factors.of(&setup.user).await?;
            let known = platform.second_factors.keys(&enrolled);
            let display = user.profile.display_name.as_ref().unwrap_or(&user.profile.username);
            let asked = keys::party(visit, look)?.begin_registration(&setup.user, &user.profile.username, display, &known);
            let (options, state) = asked.map_err(|refused| Problem::Internal(refused.to_string()))?;
            values.insert("key_options", Value::from(options.to_string()));
            let content = SetupTicket {
                then: setup.then,
                seed: None,
                key: Some(state),
            };
            ("setup_key.html", content)
        }
    };
    values.insert("ticket", Value::from(ticket::seal(visit, content).map_err(Problem::Internal)?));
    let status = trouble.as_ref().map_or(StatusCode::OK, |trouble| trouble.status);
    Ok(look.page(status, template, values, &setup.leads))
}

async fn post(state: web::Data<AppState>, request: HttpRequest, body: FormBody) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let outcome = submitted(&visit, body).await;
    let look = visit.look(None);
    answer(&visit, &look, outcome)
}

/// Who may set something up by this ticket, now.
async fn allowed(
    visit: &Visit,
    look: &Look,
    then: &Then,
    method: FactorMethod,
) -> Result<Result<(UserId, FormAction), HttpResponse>, Problem> {
    match then {
        Then::Login(proved) => {
            let need = proved::need(visit, look, proved).await?;
            match &need.missing {
                Missing::Enrolment(methods) if methods.contains(&method) => {
                    Ok(Ok((proved.user.clone(), super::login::second_factor::leads(&need))))
                }
                // Another window has set one up meanwhile: that one has to be proved first.
                _ => Ok(Err(proved::go_on(visit, look, proved.clone()).await?)),
            }
        }
        Then::Account(id) => match visit.session().await? {
            Some(session) if session.id.as_str() == id => {
                if !visit.is_live(&session).await? {
                    return Ok(Err(flow::see_other(&visit.path("/login"))));
                }
                // Another window may have set one up since the page was shown: then one factor is not enough any more.
                let enrolled = visit.state.platform.second_factors.of(&session.user).await?;
                if is_sure(visit, &session, &enrolled) {
                    Ok(Ok((session.user, FormAction::Own)))
                } else {
                    Ok(Err(super::account::confirm(visit)))
                }
            }
            _ => Ok(Err(flow::see_other(&visit.path("/account/security")))),
        },
    }
}

async fn submitted(visit: &Visit, body: FormBody) -> Result<HttpResponse, Problem> {
    let form = body.0.map_err(|fault| Problem::Form(fault.status()))?;
    let one = |name| form.one(name).map_err(|_| Problem::Form(StatusCode::BAD_REQUEST));
    let content = match opened(ticket::open::<SetupTicket>(visit, one("ticket")?)) {
        Ok(content) => content,
        Err(Some(late)) => {
            return Ok(match late.then {
                Then::Login(proved) => super::login::begin_anew(visit, proved.request.as_deref()),
                Then::Account(_) => flow::see_other(&visit.path("/account/security")),
            });
        }
        Err(None) => return Err(bad_ticket(visit)),
    };
    let look = match &content.then {
        Then::Login(proved) => look_of(visit, proved),
        Then::Account(_) => visit.look(None),
    };
    let method = if content.key.is_some() {
        FactorMethod::Webauthn
    } else {
        FactorMethod::Totp
    };
    let (user, leads) = match allowed(visit, &look, &content.then, method).await? {
        Ok(allowed) => allowed,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let factors = &visit.state.platform.second_factors;
    let is_first = factors.of(&user).await?.factors.is_empty();
    let typed_name = one("name")?.map(str::trim).filter(|name| !name.is_empty());
    let (outcome, amr) = match (&content.key, &content.seed) {
        (Some(state), _) => {
            let party = keys::party(visit, &look)?;
            let name = typed_name.map_or_else(|| look.say("factor-name-key"), str::to_owned);
            let added = factors
                .add_key(&party, &user, &name, one("answer")?.unwrap_or_default(), state)
                .await;
            (added, ["swk", "user", "mfa"].as_slice())
        }
        (None, Some(seed)) => {
            let seed = URL_SAFE_NO_PAD.decode(seed).map_err(|_| Problem::Ticket)?;
            let name = typed_name.map_or_else(|| look.say("factor-name-app"), str::to_owned);
            (
                factors.add_app(&user, &name, &seed, one("code")?.unwrap_or_default()).await,
                OTP.as_slice(),
            )
        }
        (None, None) => return Err(Problem::Ticket),
    };
    let added = match outcome {
        Ok(added) => added,
        Err(fault) => {
            let trouble = Trouble::of(fault, content.key.is_some())?;
            let setup = Setup {
                then: content.then,
                user,
                leads,
                seed: content.seed,
                name: typed_name.map(str::to_owned),
            };
            return show(visit, &look, setup, method, Some(trouble)).await;
        }
    };
    let then = match content.then {
        Then::Login(proved) => {
            let proved = proved.and(amr);
            // What it rests on may have gone since it was looked at: then so does what was set up.
            if let Err(gone) = proved::need(visit, &look, &proved).await {
                factors.remove(&user, &added).await?;
                return Err(gone);
            }
            Then::Login(proved)
        }
        account @ Then::Account(_) => account,
    };
    if is_first {
        return recovery_codes(visit, &look, &user, then, leads).await;
    }
    match then {
        Then::Login(proved) => proved::go_on(visit, &look, proved).await,
        Then::Account(_) => Ok(flow::see_other(&visit.path("/account/security"))),
    }
}

/// The page that shows new recovery codes, once.
///
/// # Errors
/// [`Problem`].
pub async fn recovery_codes(visit: &Visit, look: &Look, user: &UserId, then: Then, leads: FormAction) -> Result<HttpResponse, Problem> {
    let codes = visit.state.platform.second_factors.new_recovery_codes(user).await?;
    let ticket = match then {
        Then::Login(proved) => ticket::seal(visit, ProvedTicket { proved }).map_err(Problem::Internal)?,
        Then::Account(_) => String::new(),
    };
    let values = Values::from([("codes", Value::from(codes)), ("ticket", Value::from(ticket))]);
    Ok(look.page(StatusCode::OK, "recovery_codes.html", values, &leads))
}

/// The codes were seen: on with the login.
async fn done(state: web::Data<AppState>, request: HttpRequest, body: FormBody) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let outcome = async {
        let form = body.0.map_err(|fault| Problem::Form(fault.status()))?;
        let sent = form.one("ticket").map_err(|_| Problem::Form(StatusCode::BAD_REQUEST))?;
        let proved: Proved = match opened(ticket::open::<ProvedTicket>(&visit, sent)) {
            Ok(ticket) => ticket.proved,
            Err(Some(late)) => return Ok(super::login::begin_anew(&visit, late.proved.request.as_deref())),
            Err(None) => return Err(bad_ticket(&visit)),
        };
        let look = look_of(&visit, &proved);
        proved::go_on(&visit, &look, proved).await
    };
    let outcome = outcome.await;
    let look = visit.look(None);
    answer(&visit, &look, outcome)
}
