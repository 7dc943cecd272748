//! After a person has proved who they are: the session, and on with the request that waited. Every way to log in ends here, so none of them can
//! skip a step.

use super::super::flow::{self, Step};
use super::super::pages::Look;
use super::super::problem::{Problem, answer};
use super::super::visit::Visit;
use super::new_password;
use crate::actors::session_keeper::messages::{Open, Opened, SessionView, StepUp};
use crate::oauth::authorize::decision::Done;
use crate::oauth::ids::UserId;
use crate::oauth::opaque::TokenHash;
use actix_web::HttpResponse;

/// Who proved who they are, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// Who
    pub user: UserId,
    /// How (RFC 8176)
    pub amr: Vec<String>,
    /// The authorization request that waits for it; none when a person just logs in
    pub request: Option<String>,
    /// Their password has to be changed first: which one it was
    pub must_change: Option<TokenHash>,
}

/// Asks for a new password if there has to be one; else opens the session and goes on with the request. Whatever else a person has to prove is
/// asked before this.
///
/// # Errors
/// [`Problem`] if there is no session; once there is one, what becomes of the request is part of the answer.
pub async fn go_on(visit: &Visit, look: &Look, mut proved: Proved) -> Result<HttpResponse, Problem> {
    if let Some(mark) = proved.must_change.take() {
        return new_password::ask(visit, proved, &mark);
    }
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
        };
        if let Some(opened) = sessions.ask(step).await?? {
            return Ok(opened);
        }
    }
    let open = Open {
        user: proved.user.clone(),
        amr: proved.amr.clone(),
        instead_of: earlier.map(|session| session.id),
    };
    Ok(sessions.ask(open).await??)
}
