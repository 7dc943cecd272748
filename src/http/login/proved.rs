//! After a person has proved who they are: what else they have to prove, the session, and on with the request that waited. Every way to log in ends
//! here, so none of them can skip a step.

use super::super::flow::{self, Step};
use super::super::pages::Look;
use super::super::problem::{Problem, answer};
use super::super::ticket::{self, ProvedTicket};
use super::super::visit::Visit;
use super::new_password;
use crate::actors::fault::Fault;
use crate::actors::second_factors::Enrolled;
use crate::actors::session_keeper::messages::{End, Open, Opened, SessionView, StepUp};
use crate::actors::upstream_logins::OriginRecord;
use crate::oauth::acr::Acr;
use crate::oauth::authorize::AuthorizationRequest;
use crate::oauth::authorize::decision::Done;
use crate::oauth::ids::{UserId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::oauth::two_factor::{self, Missing, Standing, TwoFactor};
use actix_web::HttpResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who proved who they are, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    /// Who
    pub user: UserId,
    /// How (RFC 8176)
    pub amr: Vec<String>,
    /// When, by the first factor
    pub at: Timestamp,
    /// The authorization request that waits for it; none when a person just logs in
    pub request: Option<String>,
    /// It was for this request; else an earlier login is gone on with
    pub fresh: bool,
    /// What has to be as it was until there is a session. A page of the release before does not say it.
    #[serde(default)]
    pub ground: Ground,
    /// The session at an upstream provider that it began with
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Origin>>,
    /// Their password has to be changed first: which one it was, as [`ticket::text_of`] writes it
    pub must_change: Option<String>,
}

/// What a proof rests on. Once that is gone, so is the proof: a password that was reset, and a session that was ended, open nothing by a page that
/// waits for a second factor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ground {
    /// A password of ours: which one, as [`ticket::text_of`] writes its mark
    Password(String),
    /// The session with this `sid`
    Session(String),
    /// Something that others keep, or that was used up
    #[default]
    Nothing,
}

impl Ground {
    /// A password of ours, if it is one.
    pub fn password(mark: Option<&TokenHash>) -> Self {
        mark.map_or(Self::Nothing, |mark| Self::Password(ticket::text_of(mark)))
    }

    /// The mark of the password, if it is one.
    pub fn mark(&self) -> Option<TokenHash> {
        match self {
            Self::Password(mark) => ticket::hash_of(mark),
            Self::Session(_) | Self::Nothing => None,
        }
    }

    /// Whether it is there still.
    async fn stands(&self, visit: &Visit, user: &UserId) -> Result<bool, Problem> {
        match self {
            Self::Password(_) => {
                let password = visit.state.platform.store.password(user).await.map_err(Fault::from)?;
                Ok(password.is_some_and(|password| self.mark() == Some(password.mark())))
            }
            Self::Session(id) => match visit.session().await?.filter(|session| session.id.as_str() == id) {
                Some(session) => Ok(visit.is_live(&session).await?),
                None => Ok(false),
            },
            Self::Nothing => Ok(true),
        }
    }
}

impl Proved {
    /// By this way, just now.
    pub fn now(visit: &Visit, user: UserId, amr: &[&str], request: Option<String>) -> Self {
        Self {
            user,
            amr: amr.iter().map(|method| (*method).to_owned()).collect(),
            at: visit.now(),
            request,
            fresh: true,
            ground: Ground::Nothing,
            origin: None,
            must_change: None,
        }
    }

    /// And by this way, too.
    #[must_use]
    pub fn and(mut self, amr: &[&str]) -> Self {
        for method in amr {
            if !self.amr.iter().any(|known| known == method) {
                self.amr.push((*method).to_owned());
            }
        }
        self
    }
}

/// A session at an upstream provider, in digests as [`ticket::text_of`] writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    provider: UserStoreId,
    subject: String,
    sid: Option<String>,
    began_at: Timestamp,
}

impl From<&OriginRecord> for Origin {
    fn from(origin: &OriginRecord) -> Self {
        Self {
            provider: origin.provider.clone(),
            subject: ticket::text_of(&origin.subject),
            sid: origin.sid.as_ref().map(ticket::text_of),
            began_at: origin.began_at,
        }
    }
}

impl Origin {
    fn record(&self) -> Result<OriginRecord, Problem> {
        Ok(OriginRecord {
            provider: self.provider.clone(),
            subject: ticket::hash_of(&self.subject).ok_or(Problem::Ticket)?,
            sid: self.sid.as_deref().and_then(ticket::hash_of),
            began_at: self.began_at,
        })
    }

    /// Whether it has ended at the provider since.
    async fn is_over(&self, visit: &Visit) -> Result<bool, Problem> {
        Ok(visit.state.platform.upstream_logins.is_over(&self.record()?).await?)
    }
}

/// What somebody still lacks for what they are about to do.
pub struct Need {
    /// What is missing
    pub missing: Missing,
    /// What they have set up
    pub enrolled: Enrolled,
    /// What the policies of the waiting client say
    pub rule: TwoFactor,
    /// The waiting request, if it still passes its checks
    pub request: Option<Box<AuthorizationRequest>>,
}

/// Works that out. Every step of a login begins with it.
///
/// # Errors
/// [`Problem`] of the store; [`Problem::Ticket`] if what was proved counts no more.
pub async fn need(visit: &Visit, look: &Look, proved: &Proved) -> Result<Need, Problem> {
    let found = visit.state.platform.authenticator.find(&proved.user).await.map_err(Fault::from)?;
    let is_barred = found.is_none_or(|user| user.profile.disabled);
    let is_over = match &proved.origin {
        Some(origin) => origin.is_over(visit).await?,
        None => false,
    };
    if is_barred || is_over || !proved.ground.stands(visit, &proved.user).await? {
        return Err(Problem::Ticket);
    }
    // A request that passes its checks no more is refused after the login, as any other is.
    let request = proved.request.as_deref().and_then(|request| flow::check(visit, look, request).ok());
    let rule = request
        .as_ref()
        .map(|request| request.client.limits.two_factor.clone())
        .unwrap_or_default();
    let wanted: &[Acr] = request.as_ref().map_or(&[], |request| &request.acr_values);
    let enrolled = visit.state.platform.second_factors.of(&proved.user).await?;
    let standing = Standing {
        amr: proved.amr.clone(),
        has: enrolled.methods(),
        remembered: visit.is_remembered(&proved.user, rule.remember).await?,
    };
    let missing = match two_factor::missing(&rule, wanted, &standing) {
        // The client is told so; but not before the person has proved what they would have to in any case.
        Missing::Unattainable => two_factor::missing(&TwoFactor::default(), &[], &standing),
        missing => missing,
    };
    Ok(Need {
        missing,
        enrolled,
        rule,
        request,
    })
}

/// Asks for what is missing; else opens the session and goes on with the request.
///
/// # Errors
/// [`Problem`] if there is no session; once there is one, what becomes of the request is part of the answer.
pub async fn go_on(visit: &Visit, look: &Look, proved: Proved) -> Result<HttpResponse, Problem> {
    let need = need(visit, look, &proved).await?;
    match need.missing {
        Missing::Nothing | Missing::Unattainable if proved.must_change.is_some() => new_password::ask(visit, proved),
        Missing::Nothing | Missing::Unattainable => enter(visit, look, proved).await,
        Missing::Proof(_) | Missing::Enrolment(_) => ask(visit, proved, &need.missing),
    }
}

/// The way to the page that asks for what is missing.
///
/// # Errors
/// [`Problem`] if there is no key for the ticket.
pub fn ask(visit: &Visit, proved: Proved, missing: &Missing) -> Result<HttpResponse, Problem> {
    let page = match missing {
        Missing::Enrolment(_) => "/second-factor/setup",
        Missing::Proof(_) | Missing::Nothing | Missing::Unattainable => "/login/second-factor",
    };
    let ticket = ticket::seal(visit, ProvedTicket { proved }).map_err(Problem::Internal)?;
    Ok(flow::see_other(&visit.path(&format!("{page}?ticket={ticket}"))))
}

/// Opens the session, or goes on with the one that is there, and with the request.
///
/// # Errors
/// [`Problem`] if there is no session.
pub async fn enter(visit: &Visit, look: &Look, proved: Proved) -> Result<HttpResponse, Problem> {
    let earlier = visit.session().await?;
    let opened = open(visit, &proved, earlier).await?;
    let platform = &visit.state.platform;
    if let Some(origin) = &proved.origin
        && !platform.upstream_logins.note_origin(&opened.id, &origin.record()?).await?
    {
        let end = End {
            session: opened.id,
            user: proved.user,
        };
        visit.state.sessions.ask(end).await??;
        return Err(Problem::Ticket);
    }
    let account = &platform.account;
    account.note_device(&opened.id, visit.agent.as_deref(), visit.address).await;
    let outcome = match &proved.request {
        None => Ok(flow::see_other(&visit.path("/account"))),
        Some(request) => {
            let step = Step {
                visit,
                look,
                request,
                session: visit.session_of(opened.token.expose()).await?,
                done: Done {
                    login: proved.fresh,
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
    if let Some(cookie) = visit.become_known(&proved.user).await {
        response.add_cookie(&cookie).map_err(|error| Problem::Internal(error.to_string()))?;
    }
    Ok(response)
}

/// Every login gives the session a new cookie value (session fixation). The same person keeps their session; another one begins anew.
async fn open(visit: &Visit, proved: &Proved, earlier: Option<SessionView>) -> Result<Opened, Problem> {
    let sessions = &visit.state.sessions;
    if let Some(session) = earlier.as_ref().filter(|session| session.user == proved.user) {
        let step = StepUp {
            session: session.id.clone(),
            user: proved.user.clone(),
            auth_time: proved.at,
            amr: proved.amr.clone(),
        };
        if let Some(opened) = sessions.ask(step).await?? {
            return Ok(opened);
        }
    }
    // It was ended in this very moment: what was proved for it is no proof for another one.
    if matches!(proved.ground, Ground::Session(_)) {
        return Err(Problem::Ticket);
    }
    let open = Open {
        user: proved.user.clone(),
        auth_time: proved.at,
        amr: proved.amr.clone(),
        password: proved.ground.mark(),
        instead_of: earlier.map(|session| session.id),
    };
    // Their password was changed, or they were disabled, in this very moment.
    sessions.ask(open).await??.ok_or(Problem::Ticket)
}
