//! `/account/events`: what happened to one's account lately.

use super::{Owner, show, time};
use crate::http::pages::{Values, map};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;

/// What people are told of, with the words for it. Tokens are issued all the time and tell a person nothing.
const TOLD: [(&str, &str); 17] = [
    ("login.succeeded", "event-login"),
    ("login.failed", "event-login-failed"),
    ("login.password_expired", "event-login-failed"),
    ("session.ended", "event-session-ended"),
    ("password.changed", "event-password-changed"),
    ("password.reset", "event-password-reset"),
    ("factor.added", "event-factor-added"),
    ("factor.removed", "event-factor-removed"),
    ("factor.refused", "event-factor-refused"),
    ("factors.reset", "event-factors-reset"),
    ("recovery_codes.made", "event-codes-made"),
    ("recovery_code.used", "event-code-used"),
    ("consent.given", "event-consent-given"),
    ("consent.withdrawn", "event-consent-withdrawn"),
    ("user.disabled", "event-disabled"),
    ("user.enabled", "event-enabled"),
    ("identity.linked", "event-linked"),
];

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/account/events").route(web::get().to(get)));
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    show(state, request, page).await
}

async fn page(owner: &Owner) -> Result<HttpResponse, Problem> {
    let events = owner.visit.state.platform.account.events(&owner.session.user).await?;
    let rows: Vec<Value> = events
        .into_iter()
        .filter_map(|event| {
            let (_, key) = TOLD.iter().find(|(kind, _)| *kind == event.kind)?;
            let client = event.client.as_ref().map(|client| {
                let known = owner.visit.snapshot.client(client.as_str());
                known.map_or_else(|| client.as_str().to_owned(), |known| known.display_name.clone())
            });
            let address = event.details.get("address").and_then(|address| address.as_str()).map(str::to_owned);
            let more: Vec<String> = client.into_iter().chain(address).collect();
            Some(map([
                ("what", Value::from(owner.look.say(key))),
                ("more", Value::from(more.join(" · "))),
                ("at", Value::from(time(event.at))),
            ]))
        })
        .collect();
    Ok(owner.page(
        StatusCode::OK,
        "account_events.html",
        "events",
        Values::from([("rows", Value::from(rows))]),
    ))
}
