//! `/login`: the page that asks for a name and a password, or offers other providers, and what it posts.

pub mod new_password;
pub mod passkey;
pub mod proved;
pub mod second_factor;
mod upstream;

use super::answer::whole_seconds;
use super::flow;
use super::form::FormBody;
use super::keys;
use super::pages::{FormAction, Look, Values, map};
use super::problem::{Problem, answer};
use super::state::AppState;
use super::ticket::{self, LoginTicket, TicketFault};
use super::visit::Visit;
use crate::actors::authenticator::LoginFault;
use crate::config::snapshot::{IdentityProviderConfig, Snapshot};
use crate::oauth::authorize::AuthorizationRequest;
use crate::oauth::form::Params;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;
use proved::{Ground, Proved};
use secrecy::SecretString;

/// How a person proved themselves here (RFC 8176).
const PASSWORD: &str = "pwd";

/// Routes of this file.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/login")
            .route(web::get().to(get))
            .route(web::head().to(get))
            .route(web::post().to(post)),
    );
    new_password::configure(config);
    upstream::configure(config);
}

/// What the page shows.
pub struct Form<'a> {
    /// The ways to log in
    pub snapshot: &'a Snapshot,
    /// Its ticket, and what a passkey is asked
    pub ticket: FormTicket,
    /// The request that waits, if one does
    pub client: Option<&'a AuthorizationRequest>,
    /// Whether someone is signed in and is asked again
    pub again: bool,
    /// What stands in the name field
    pub username: String,
    /// What went wrong with the last try
    pub problem: Option<Trouble>,
}

/// What a login page carries.
#[derive(Clone, Debug)]
pub struct FormTicket {
    /// The sealed ticket
    sealed: String,
    /// What a passkey is asked, for the page's script; empty where there can be none
    key_options: String,
}

/// What the login page for a request carries.
///
/// # Errors
/// [`Problem`] if there is no key for the ticket.
pub fn ticket_for(visit: &Visit, look: &Look, request: Option<String>) -> Result<FormTicket, Problem> {
    let (key_options, passkey) = keys::login(visit, look).unzip();
    let content = LoginTicket { request, passkey };
    Ok(FormTicket {
        sealed: ticket::seal(visit, content).map_err(Problem::Internal)?,
        key_options: key_options.unwrap_or_default(),
    })
}

/// What went wrong with a try.
pub struct Trouble {
    title: &'static str,
    text: &'static str,
    seconds: Option<u64>,
    /// Whom the text is about
    provider: Option<String>,
    is_credentials: bool,
    status: StatusCode,
}

impl Trouble {
    const fn new(title: &'static str, text: &'static str, status: StatusCode) -> Self {
        Self {
            title,
            text,
            seconds: None,
            provider: None,
            is_credentials: false,
            status,
        }
    }

    /// With an upstream provider.
    fn of_provider(text: &'static str, status: StatusCode, provider: &IdentityProviderConfig) -> Self {
        let title = match status {
            StatusCode::SERVICE_UNAVAILABLE => "login-unavailable-title",
            _ => "login-failed-title",
        };
        Self {
            provider: Some(provider.display_name.clone()),
            ..Self::new(title, text, status)
        }
    }
}

/// The page.
pub fn page(look: &Look, status: StatusCode, form: &Form<'_>) -> HttpResponse {
    let problem = form.problem.as_ref().map(|trouble| {
        let text = match (trouble.seconds, &trouble.provider) {
            (Some(seconds), _) => look.say_count(trouble.text, "seconds", seconds),
            (None, Some(provider)) => look.say_of(trouble.text, "provider", provider),
            (None, None) => look.say(trouble.text),
        };
        map([
            ("title", Value::from(look.say(trouble.title))),
            ("text", Value::from(text)),
            ("is_credentials", Value::from(trouble.is_credentials)),
        ])
    });
    let providers = form.snapshot.identity_providers.iter().map(|provider| {
        map([
            ("name", Value::from(provider.name.clone())),
            ("display_name", Value::from(provider.display_name.clone())),
        ])
    });
    let values = Values::from([
        ("ticket", Value::from(form.ticket.sealed.clone())),
        ("key_options", Value::from(form.ticket.key_options.clone())),
        ("takes_passwords", Value::from(form.snapshot.takes_passwords())),
        ("providers", Value::from(providers.collect::<Vec<_>>())),
        (
            "client",
            Value::from(form.client.map(|request| request.client.display_name.clone()).unwrap_or_default()),
        ),
        ("again", Value::from(form.again)),
        ("username", Value::from(form.username.clone())),
        ("problem", problem.unwrap_or_else(|| Value::from(()))),
    ]);
    let client = form.client.map(|request| request.target.redirect_uri.clone());
    let providers = form.snapshot.identity_providers.iter().map(|provider| provider.issuer.clone());
    look.page(
        status,
        "login.html",
        values,
        &FormAction::leads_to(client.into_iter().chain(providers)),
    )
}

/// A login that no application asked for.
async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let params = Params::parse(request.query_string().as_bytes()).ok();
    let look = visit.look(params.as_ref());
    let outcome = async {
        let session = visit.session().await?;
        // Whoever is about to change what guards their account proves once more who they are.
        let confirms = params.as_ref().is_some_and(|params| params.one("confirm").ok().flatten().is_some());
        if session.is_some() && !confirms {
            return Ok(flow::see_other(&visit.path("/account")));
        }
        let form = Form {
            snapshot: &visit.snapshot,
            ticket: ticket_for(&visit, &look, None)?,
            client: None,
            again: session.is_some(),
            username: session.map(|session| session.username).unwrap_or_default(),
            problem: None,
        };
        Ok(page(&look, StatusCode::OK, &form))
    };
    answer(&visit, &look, outcome.await)
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
    let one = |name| form.one(name).map_err(|_| Problem::Form(StatusCode::BAD_REQUEST));
    let content = match ticket::open::<LoginTicket>(visit, one("ticket")?) {
        Ok(content) => content,
        Err(TicketFault::NoCookie) => return Err(Problem::NoCookie),
        Err(TicketFault::Invalid) => return Err(Problem::Ticket),
        Err(TicketFault::Late(content)) => return Ok(begin_anew(visit, content.request.as_deref())),
    };
    let username = one("username")?.unwrap_or_default().to_owned();
    let password = one("password")?.map(|password| SecretString::from(password.to_owned()));
    let params = content
        .request
        .as_deref()
        .and_then(|request| Params::parse(request.as_bytes()).ok());
    let look = visit.look(params.as_ref());

    let trouble = match password.filter(|_| !username.is_empty()) {
        None => {
            let mut trouble = Trouble::new("login-failed-title", "login-missing", StatusCode::UNPROCESSABLE_ENTITY);
            trouble.is_credentials = true;
            trouble
        }
        Some(password) => match visit
            .state
            .platform
            .authenticator
            .authenticate_from(&username, &password, visit.caller())
            .await
        {
            Ok(proven) => {
                let mut proved = Proved::now(visit, proven.user.id, &[PASSWORD], content.request);
                proved.ground = Ground::password(proven.password.as_ref());
                proved.must_change = proven.password.filter(|_| proven.must_change).as_ref().map(ticket::text_of);
                return proved::go_on(visit, &look, proved).await;
            }
            Err(fault) => trouble(fault)?,
        },
    };
    failed(visit, &look, content, username, trouble)
}

fn trouble(fault: LoginFault) -> Result<Trouble, Problem> {
    let unavailable = || Trouble::new("login-unavailable-title", "login-unavailable", StatusCode::SERVICE_UNAVAILABLE);
    match fault {
        LoginFault::BadCredentials => {
            let mut trouble = Trouble::new("login-failed-title", "login-failed", StatusCode::UNPROCESSABLE_ENTITY);
            trouble.is_credentials = true;
            Ok(trouble)
        }
        LoginFault::PasswordExpired => Ok(Trouble::new(
            "login-expired-title",
            "login-expired",
            StatusCode::UNPROCESSABLE_ENTITY,
        )),
        LoginFault::Throttled { retry_after } => {
            let mut trouble = Trouble::new("login-throttled-title", "login-throttled", StatusCode::TOO_MANY_REQUESTS);
            trouble.seconds = Some(whole_seconds(retry_after));
            Ok(trouble)
        }
        LoginFault::Busy { .. } => Ok(unavailable()),
        LoginFault::Unavailable(reason) => {
            tracing::warn!(reason, "a login could not be checked");
            Ok(unavailable())
        }
        LoginFault::Internal(reason) => Err(Problem::Internal(reason)),
    }
}

/// The page again, with the name kept and a fresh ticket.
fn failed(visit: &Visit, look: &Look, content: LoginTicket, username: String, trouble: Trouble) -> Result<HttpResponse, Problem> {
    let request = match &content.request {
        None => None,
        Some(request) => match flow::check(visit, look, request) {
            Ok(request) => Some(request),
            // The client was changed or removed meanwhile.
            Err(refused) => return *refused,
        },
    };
    let (status, seconds) = (trouble.status, trouble.seconds);
    let form = Form {
        snapshot: &visit.snapshot,
        ticket: ticket_for(visit, look, content.request)?,
        client: request.as_deref(),
        again: false,
        username,
        problem: Some(trouble),
    };
    let mut response = page(look, status, &form);
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.unwrap_or(2)));
    }
    Ok(response)
}

/// A page that was open for too long: the same request once more.
pub fn begin_anew(visit: &Visit, request: Option<&str>) -> HttpResponse {
    match request {
        Some(request) => flow::see_other(&visit.path(&format!("/authorize?{request}"))),
        None => flow::see_other(&visit.path("/login")),
    }
}
