//! After a person has proved who they are: the session, and on with the request that waited. Every way to log in ends here, so none of them can
//! skip a step.

use super::super::flow::{self, Step};
use super::super::pages::Look;
use super::super::problem::{Problem, answer};
use super::super::visit::Visit;
use crate::actors::session_keeper::messages::{Open, Opened, SessionView, StepUp};
use crate::oauth::authorize::decision::Done;
use crate::oauth::ids::UserId;
use actix_web::HttpResponse;
use jiff::Timestamp;

/// Who proved who they are, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// Who
    pub user: UserId,
    /// How (RFC 8176)
    pub amr: Vec<String>,
    /// When, if it was before now: at an upstream provider
    pub at: Option<Timestamp>,
    /// The authorization request that waits for it; none when a person just logs in
    pub request: Option<String>,
}

/// Opens the session and goes on with the request.
///
/// # Errors
/// [`Problem`] if there is no session; once there is one, what becomes of the request is part of the answer.
pub async fn go_on(visit: &Visit, look: &Look, proved: Proved) -> Result<HttpResponse, Problem> {
    let earlier = visit.session().await?;
    let opened = open(visit, &proved, earlier).await?;
    let outcome = match &proved.request {
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
async fn open(visit: &Visit, proved: &Proved, earlier: Option<SessionView>) -> Result<Opened, Problem> {
    let sessions = &visit.state.sessions;
    if let Some(session) = earlier.as_ref().filter(|session| session.user == proved.user) {
        let step = StepUp {
            session: session.id.clone(),
            user: proved.user.clone(),
            amr: proved.amr.clone(),
            at: proved.at,
        };
        if let Some(opened) = sessions.ask(step).await?? {
            return Ok(opened);
        }
    }
    let open = Open {
        user: proved.user.clone(),
        amr: proved.amr.clone(),
        at: proved.at,
        instead_of: earlier.map(|session| session.id),
    };
    Ok(sessions.ask(open).await??)
}
