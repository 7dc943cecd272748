//! `/login`: the page that asks for a name and a password, and what it posts.

use super::answer::whole_seconds;
use super::flow::{self, Step};
use super::form::FormBody;
use super::pages::{FormAction, Look, Values, map};
use super::problem::{Problem, answer};
use super::state::AppState;
use super::ticket::{self, LoginTicket, TicketFault};
use super::visit::Visit;
use crate::actors::authenticator::LoginFault;
use crate::actors::session_keeper::messages::{Open, Opened, SessionView, StepUp};
use crate::oauth::authorize::AuthorizationRequest;
use crate::oauth::authorize::decision::Done;
use crate::oauth::form::Params;
use crate::oauth::ids::UserId;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::value::Value;
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
}

/// What the page shows.
pub struct Form<'a> {
    /// Its ticket
    pub ticket: String,
    /// The request that waits, if one does
    pub client: Option<&'a AuthorizationRequest>,
    /// Whether someone is signed in and is asked again
    pub again: bool,
    /// What stands in the name field
    pub username: String,
    /// What went wrong with the last try
    pub problem: Option<Trouble>,
}

/// What went wrong with a try.
pub struct Trouble {
    title: &'static str,
    text: &'static str,
    seconds: Option<u64>,
    is_credentials: bool,
    status: StatusCode,
}

impl Trouble {
    const fn new(title: &'static str, text: &'static str, status: StatusCode) -> Self {
        Self {
            title,
            text,
            seconds: None,
            is_credentials: false,
            status,
        }
    }
}

/// The page.
pub fn page(look: &Look, status: StatusCode, form: &Form<'_>) -> HttpResponse {
    let problem = form.problem.as_ref().map(|trouble| {
        let text = match trouble.seconds {
            Some(seconds) => look.say_count(trouble.text, "seconds", seconds),
            None => look.say(trouble.text),
        };
        map([
            ("title", Value::from(look.say(trouble.title))),
            ("text", Value::from(text)),
            ("is_credentials", Value::from(trouble.is_credentials)),
        ])
    });
    let values = Values::from([
        ("ticket", Value::from(form.ticket.clone())),
        (
            "client",
            Value::from(form.client.map(|request| request.client.display_name.clone()).unwrap_or_default()),
        ),
        ("again", Value::from(form.again)),
        ("username", Value::from(form.username.clone())),
        ("problem", problem.unwrap_or_else(|| Value::from(()))),
    ]);
    let leads = match form.client {
        Some(request) => FormAction::LeadsTo(request.target.redirect_uri.clone()),
        None => FormAction::Own,
    };
    look.page(status, "login.html", values, &leads)
}

/// A login that no application asked for.
async fn get(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let Some(visit) = Visit::of(&state, &request) else {
        return super::not_configured(&request);
    };
    let look = visit.look(Params::parse(request.query_string().as_bytes()).ok().as_ref());
    let outcome = async {
        if visit.session().await?.is_some() {
            return Ok(flow::see_other(&visit.path("/")));
        }
        let form = Form {
            ticket: ticket::seal(&visit, LoginTicket::default()).map_err(Problem::Internal)?,
            client: None,
            again: false,
            username: String::new(),
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
            .authenticate(&username, &password, visit.address)
            .await
        {
            Ok(user) => return logged_in(visit, &look, content, user.id).await,
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
        ticket: ticket::seal(visit, content).map_err(Problem::Internal)?,
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

async fn logged_in(visit: &Visit, look: &Look, content: LoginTicket, user: UserId) -> Result<HttpResponse, Problem> {
    let earlier = visit.session().await?;
    let opened = open(visit, user.clone(), earlier).await?;
    let outcome = match &content.request {
        None => Ok(flow::see_other(&visit.path("/"))),
        Some(request) => {
            let step = Step {
                visit,
                look,
                request,
                session: visit.session_of(opened.token.expose()).await?,
                done: Done {
                    login: true,
                    consent: false,
                },
                posted: true,
            };
            flow::advance(step).await
        }
    };
    // The person is logged in, whatever becomes of the request.
    let mut response = answer(visit, look, outcome);
    response
        .add_cookie(&visit.cookies().set_session(opened.token.expose()))
        .map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(response)
}

/// Every login gives the session a new cookie value (session fixation). The same person keeps their session; another one begins anew.
async fn open(visit: &Visit, user: UserId, earlier: Option<SessionView>) -> Result<Opened, Problem> {
    let amr = vec![PASSWORD.to_owned()];
    let sessions = &visit.state.sessions;
    if let Some(session) = earlier.as_ref().filter(|session| session.user == user) {
        let step = StepUp {
            session: session.id.clone(),
            user: user.clone(),
            amr: amr.clone(),
        };
        if let Some(opened) = sessions.ask(step).await?? {
            return Ok(opened);
        }
    }
    let open = Open {
        user,
        amr,
        instead_of: earlier.map(|session| session.id),
    };
    Ok(sessions.ask(open).await??)
}

/// A page that was open for too long: the same request once more.
pub fn begin_anew(visit: &Visit, request: Option<&str>) -> HttpResponse {
    match request {
        Some(request) => flow::see_other(&visit.path(&format!("/authorize?{request}"))),
        None => flow::see_other(&visit.path("/login")),
    }
}
