//! `/account/security`: password, second factors, recovery codes.

use super::{Owner, act, confirm, show, time};
use crate::actors::chosen_password::{Pending, rules};
use crate::actors::second_factors::{Enrolled, FactorKind};
use crate::http::flow::see_other;
use crate::http::form::FormBody;
use crate::http::login::new_password::Trouble;
use crate::http::login::proved::{self, Ground, Proved};
use crate::http::pages::{FormAction, Values, map};
use crate::http::problem::Problem;
use crate::http::setup::{self, Setup};
use crate::http::state::AppState;
use crate::http::ticket::Then;
use crate::oauth::form::Params;
use crate::oauth::ids::FactorId;
use crate::oauth::two_factor::FactorMethod;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;
use secrecy::SecretString;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/account/security")
                .route(web::get().to(get))
                .route(web::post().to(post)),
        )
        .service(web::resource("/account/security/new").route(web::get().to(new_factor)));
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    show(state, request, async |owner: &Owner| page(owner, None).await).await
}

async fn page(owner: &Owner, trouble: Option<&Trouble>) -> Result<HttpResponse, Problem> {
    let platform = &owner.visit.state.platform;
    let enrolled = platform.second_factors.of(&owner.session.user).await?;
    let own = platform.chosen_passwords.own(&owner.session.user).await?;
    let rows: Vec<Value> = enrolled
        .factors
        .iter()
        .map(|factor| {
            let used = factor.used_at.map(time).unwrap_or_default();
            map([
                ("id", Value::from(factor.id.as_str())),
                ("name", Value::from(factor.name.clone())),
                ("is_key", Value::from(factor.kind == FactorKind::Passkey)),
                ("since", Value::from(time(factor.created_at))),
                ("used", Value::from(used)),
            ])
        })
        .collect();
    let possible = setup::possible(&owner.visit, &FactorMethod::ALL.into());
    let least = rules(&owner.visit.snapshot).min_length;
    let values = Values::from([
        ("rows", Value::from(rows)),
        ("codes_left", Value::from(enrolled.recovery_codes)),
        ("is_sure", Value::from(owner.is_sure(&enrolled))),
        ("has_password", Value::from(own.is_some())),
        ("with_key", Value::from(possible.contains(&FactorMethod::Webauthn))),
        ("min_length", Value::from(least)),
        (
            "hint",
            Value::from(owner.look.say_count("new-password-hint", "characters", least.into())),
        ),
        (
            "problem",
            trouble.map_or_else(|| Value::from(()), |trouble| trouble.value(&owner.look)),
        ),
        ("ticket", owner.ticket()?),
    ]);
    let status = if trouble.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok(owner.page(status, "account_security.html", "security", values))
}

/// The page on which an app or a key is set up, from here.
async fn new_factor(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let query = request.query_string().to_owned();
    show(state, request, async |owner: &Owner| begin(owner, &query).await).await
}

async fn begin(owner: &Owner, query: &str) -> Result<HttpResponse, Problem> {
    let params = Params::parse(query.as_bytes()).map_err(|_| Problem::Form(StatusCode::BAD_REQUEST))?;
    let method = params.one("method").ok().flatten().and_then(FactorMethod::parse);
    let possible = setup::possible(&owner.visit, &FactorMethod::ALL.into());
    let method = method.filter(|method| possible.contains(method)).ok_or(Problem::Missing)?;
    let enrolled = owner.visit.state.platform.second_factors.of(&owner.session.user).await?;
    if !owner.is_sure(&enrolled) {
        return Ok(confirm(&owner.visit));
    }
    let setup = Setup {
        then: Then::Account(owner.session.id.as_str().to_owned()),
        user: owner.session.user.clone(),
        leads: FormAction::Own,
        seed: None,
        name: None,
    };
    setup::show(&owner.visit, &owner.look, setup, method, None).await
}

async fn post(state: web::Data<AppState>, request: HttpRequest, body: FormBody) -> HttpResponse {
    act(state, request, body, changed).await
}

async fn changed(owner: &Owner, form: &Params) -> Result<HttpResponse, Problem> {
    let one = |name| form.one(name).map_err(|_| Problem::Form(StatusCode::BAD_REQUEST));
    let factors = &owner.visit.state.platform.second_factors;
    let enrolled: Enrolled = factors.of(&owner.session.user).await?;
    if !owner.is_sure(&enrolled) {
        return Ok(confirm(&owner.visit));
    }
    let back = || see_other(&owner.visit.path("/account/security"));
    match one("do")?.unwrap_or_default() {
        "remove" => {
            let id = FactorId::new(one("factor")?.unwrap_or_default());
            factors.remove(&owner.session.user, &id).await?;
            Ok(back())
        }
        "recovery-codes" if !enrolled.factors.is_empty() => {
            let then = Then::Account(owner.session.id.as_str().to_owned());
            setup::recovery_codes(&owner.visit, &owner.look, &owner.session.user, then, FormAction::Own).await
        }
        "password" => password(owner, one("password")?.unwrap_or_default(), one("again")?.unwrap_or_default()).await,
        _ => Ok(back()),
    }
}

/// Every session of theirs ends with the old password; this browser gets a new one.
async fn password(owner: &Owner, password: &str, again: &str) -> Result<HttpResponse, Problem> {
    let chosen = &owner.visit.state.platform.chosen_passwords;
    let pending: Pending = chosen.own(&owner.session.user).await?.ok_or(Problem::Missing)?;
    let trouble = if password.is_empty() || again.is_empty() {
        Trouble::new("new-password-missing")
    } else if password != again {
        Trouble::new("new-password-differs")
    } else {
        match chosen.choose(&pending, &SecretString::from(password)).await? {
            Err(weakness) => weakness.into(),
            Ok(change) => {
                let ground = Ground::password(Some(&change.after.mark()));
                let origin = owner.visit.state.platform.upstream_logins.origin(&owner.session.id).await?;
                if !owner.visit.state.sessions.ask(change).await?? {
                    return Err(Problem::Ticket);
                }
                let proved = Proved {
                    user: owner.session.user.clone(),
                    amr: owner.session.amr.clone(),
                    at: owner.session.auth_time,
                    request: None,
                    fresh: false,
                    ground,
                    origin: origin.as_ref().map(|origin| Box::new(origin.into())),
                    must_change: None,
                };
                return proved::enter(&owner.visit, &owner.look, proved).await;
            }
        }
    };
    page(owner, Some(&trouble)).await
}
