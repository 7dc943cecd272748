//! The demo's pages and buttons.

use super::DemoError;
use super::relying_party::{RelyingParty, RoundError};
use super::sessions::{Session, Sessions};
use super::view::LoginView;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Environment, context};
use serde::Deserialize;

const COOKIE: &str = "nauthera_demo_client";
const PAGE: &str = include_str!("../../templates/demo/page.html");
const STYLE: &str = include_str!("../../templates/demo/demo.css");

/// What the handlers share.
pub struct Demo {
    party: RelyingParty,
    sessions: Sessions,
    templates: Environment<'static>,
}

impl Demo {
    /// Parses the page.
    ///
    /// # Errors
    /// The template does not parse.
    pub fn new(party: RelyingParty, sessions: Sessions) -> Result<Self, DemoError> {
        let mut templates = Environment::new();
        templates
            .add_template("page.html", PAGE)
            .map_err(|error| DemoError::Settings(error.to_string()))?;
        Ok(Self {
            party,
            sessions,
            templates,
        })
    }

    fn page(&self, status: StatusCode, login: Option<LoginView>, problem: Option<(&str, &str)>) -> HttpResponse {
        let problem = problem.map(|(title, text)| context! { title, text });
        let login = login.map(|login| minijinja::Value::from(minijinja::value::Serde(login)));
        let client_id = self.party.client().map(|client| client.client_id);
        let html = self.templates.get_template("page.html").and_then(|page| {
            page.render(context! { login, problem, client_id, issuer => self.party.issuer(), redirect_uri => self.party.redirect_uri() })
        });
        match html {
            Ok(html) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html),
            Err(error) => {
                tracing::error!(%error, "the demo's page does not render");
                HttpResponse::InternalServerError().body("The demo's page does not render; the log says why.")
            }
        }
    }

    fn round_failed(&self, error: &RoundError) -> HttpResponse {
        tracing::warn!(%error, "demo client");
        self.page(StatusCode::BAD_GATEWAY, None, Some((error.step, &error.reason)))
    }
}

/// The demo's routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(home))
        .route("/login", web::get().to(begin))
        .route("/callback", web::get().to(callback))
        .route("/refresh", web::post().to(refresh))
        .route("/logout", web::post().to(logout))
        .route("/demo.css", web::get().to(style))
        .default_service(web::to(async |demo: web::Data<Demo>| {
            demo.page(StatusCode::NOT_FOUND, None, Some(("Not found", "There is no such page here.")))
        }));
}

/// Headers of every answer. The logout button posts here and is then sent to the issuer, which browsers count as `form-action`.
pub fn security_headers(issuer: &str) -> DefaultHeaders {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {issuer}/"
    );
    DefaultHeaders::new()
        .add(("Content-Security-Policy", policy))
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Referrer-Policy", "no-referrer"))
        .add((CACHE_CONTROL, "no-store"))
}

fn session_id(request: &HttpRequest) -> Option<String> {
    request.cookie(COOKIE).map(|cookie| cookie.value().to_owned())
}

fn session_cookie(id: String) -> Cookie<'static> {
    Cookie::build(COOKIE, id)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

fn go(to: &str) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, to));
    answer
}

async fn home(demo: web::Data<Demo>, request: HttpRequest) -> HttpResponse {
    let login = session_id(&request)
        .and_then(|id| demo.sessions.with(&id, |session| session.login.clone()))
        .flatten();
    demo.page(StatusCode::OK, login.as_ref().map(LoginView::of), None)
}

async fn begin(demo: web::Data<Demo>, request: HttpRequest) -> HttpResponse {
    let (url, pending) = match demo.party.begin().await {
        Ok(begun) => begun,
        Err(error) => return demo.round_failed(&error),
    };
    let mut pending = Some(pending);
    let known = session_id(&request).filter(|id| demo.sessions.with(id, |session| session.began(&mut pending)).is_some());
    let id = known.unwrap_or_else(|| {
        let mut session = Session::default();
        session.began(&mut pending);
        demo.sessions.open(session)
    });
    go(&url).cookie(session_cookie(id)).finish()
}

/// The authorization response (RFC 6749 §4.1.2, with `iss` by RFC 9207).
#[derive(Deserialize)]
struct Answer {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn callback(demo: web::Data<Demo>, request: HttpRequest) -> HttpResponse {
    let answer = match web::Query::<Answer>::from_query(request.query_string()) {
        Ok(answer) => answer.into_inner(),
        Err(_) => {
            return demo.page(
                StatusCode::BAD_REQUEST,
                None,
                Some(("Not an answer of the server", "The query does not parse.")),
            );
        }
    };
    let refuse = |title: &str, text: &str| demo.page(StatusCode::BAD_REQUEST, None, Some((title, text)));
    let id = session_id(&request).unwrap_or_default();
    let pending = answer
        .state
        .as_deref()
        .and_then(|state| demo.sessions.with(&id, |session| session.returned(state)).flatten());
    let Some(pending) = pending else {
        return refuse(
            "Unknown state",
            "This browser began no such login, or it has returned already. Log in again.",
        );
    };
    if answer.iss.as_deref() != Some(demo.party.issuer()) {
        return refuse(
            "Wrong issuer",
            "The answer does not name the issuer that this login was begun with (RFC 9207).",
        );
    }
    if let Some(error) = answer.error {
        let description = answer
            .error_description
            .unwrap_or_else(|| "The server gave no description.".to_owned());
        return refuse(&error, &description);
    }
    let Some(code) = answer.code else {
        return refuse("No code", "The answer carries neither a code nor an error.");
    };
    match demo.party.finish(pending, code).await {
        Ok(login) => {
            // A fresh id for the logged-in session: one that was planted before the login is worth nothing after it.
            demo.sessions.close(&id);
            let id = demo.sessions.open(Session {
                login: Some(login),
                ..Session::default()
            });
            go("/").cookie(session_cookie(id)).finish()
        }
        Err(error) => demo.round_failed(&error),
    }
}

async fn refresh(demo: web::Data<Demo>, request: HttpRequest) -> HttpResponse {
    let id = session_id(&request).unwrap_or_default();
    let Some(login) = demo.sessions.with(&id, |session| session.login.clone()).flatten() else {
        return go("/").finish();
    };
    match demo.party.refresh(&login).await {
        Ok(fresh) => {
            demo.sessions.with(&id, |session| session.login = Some(fresh));
            go("/").finish()
        }
        Err(error) => demo.round_failed(&error),
    }
}

async fn logout(demo: web::Data<Demo>, request: HttpRequest) -> HttpResponse {
    let session = session_id(&request).and_then(|id| demo.sessions.close(&id));
    let Some(login) = session.and_then(|session| session.login) else {
        return go("/").finish();
    };
    match demo.party.logout(&login).await {
        Ok(url) => go(&url).finish(),
        Err(error) => demo.round_failed(&error),
    }
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(STYLE)
}
