//! `/account/applications`: what one allowed, and taking it back.

use super::{Owner, act, show, time};
use crate::actors::session_keeper::messages::Withdraw;
use crate::http::consent::explain;
use crate::http::flow::see_other;
use crate::http::form::FormBody;
use crate::http::pages::{Values, map};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::oauth::form::Params;
use crate::oauth::ids::ClientId;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/account/applications")
            .route(web::get().to(get))
            .route(web::post().to(post)),
    );
}

async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    show(state, request, page).await
}

async fn page(owner: &Owner) -> Result<HttpResponse, Problem> {
    let given = owner.visit.state.platform.account.applications(&owner.session.user).await?;
    let rows: Vec<Value> = given
        .into_iter()
        .map(|one| {
            let client = owner.visit.snapshot.client(one.client.as_str());
            let name = client.map_or_else(|| one.client.as_str().to_owned(), |client| client.display_name.clone());
            map([
                ("id", Value::from(one.client.as_str())),
                ("name", Value::from(name)),
                ("scopes", explain(&owner.look, &one.scopes)),
                ("since", Value::from(time(one.given_at))),
            ])
        })
        .collect();
    let values = Values::from([("rows", Value::from(rows)), ("ticket", owner.ticket()?)]);
    Ok(owner.page(StatusCode::OK, "account_applications.html", "applications", values))
}

async fn post(state: web::Data<AppState>, request: HttpRequest, body: FormBody) -> HttpResponse {
    act(state, request, body, async |owner: &Owner, form: &Params| {
        let client = form.one("client").ok().flatten().ok_or(Problem::Form(StatusCode::BAD_REQUEST))?;
        let withdraw = Withdraw {
            user: owner.session.user.clone(),
            client: ClientId::new(client),
        };
        owner.visit.state.sessions.ask(withdraw).await??;
        Ok(see_other(&owner.visit.path("/account/applications")))
    })
    .await
}
