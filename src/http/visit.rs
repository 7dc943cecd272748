//! One browser's request to a page: who and where, read once, with what an answer needs.

use super::cookies::Cookies;
use super::pages::Look;
use super::pages::language::Language;
use super::state::AppState;
use super::trace::TraceId;
use crate::actors::authenticator::{Caller, KNOWN_FOR};
use crate::actors::fault::Fault;
use crate::actors::session_keeper::messages::{Resume, SessionView};
use crate::config::snapshot::Snapshot;
use crate::jose::KeyRing;
use crate::oauth::form::Params;
use crate::oauth::ids::UserId;
use crate::oauth::opaque::OpaqueToken;
use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::rand;
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// A visit of a browser.
pub struct Visit {
    /// The worker's state
    pub state: web::Data<AppState>,
    /// The configuration for the whole of this request
    pub snapshot: Arc<Snapshot>,
    /// For pages that report a fault
    pub trace: TraceId,
    /// The browser's id; made now if it brought none
    pub browser: String,
    /// Whether it was made now
    pub browser_is_new: bool,
    /// Where the browser is, as far as that is known
    pub address: Option<IpAddr>,
    session_token: Option<String>,
    device: Option<String>,
    known: Option<String>,
    /// What the browser calls itself
    pub agent: Option<String>,
    accept_language: Option<String>,
    keys: Arc<KeyRing>,
}

impl Visit {
    /// Reads a request; `None` before there is a configuration.
    pub fn of(state: &web::Data<AppState>, request: &HttpRequest) -> Option<Self> {
        let snapshot = state.snapshot()?;
        let cookies = Cookies::new(snapshot.issuer.starts_with("https://"));
        let known = cookies.browser(request);
        let browser_is_new = known.is_none();
        let browser = known.or_else(fresh_id)?;
        Some(Self {
            session_token: cookies.session(request),
            device: cookies.device(request),
            known: cookies.known(request),
            agent: request
                .headers()
                .get("user-agent")
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            accept_language: request
                .headers()
                .get("accept-language")
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            trace: TraceId::current(request),
            address: state.client_address(request),
            keys: state.keys(),
            state: state.clone(),
            snapshot,
            browser,
            browser_is_new,
        })
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.state.platform.clock.now()
    }

    /// The keys for the whole of this request.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The issuer's cookies.
    pub fn cookies(&self) -> Cookies {
        Cookies::new(self.snapshot.issuer.starts_with("https://"))
    }

    /// The looks of a page; `params` may name languages (`ui_locales`).
    pub fn look(&self, params: Option<&Params>) -> Look {
        let asked = params.and_then(|params| params.one("ui_locales").ok().flatten());
        Look::new(Some(&self.snapshot), Language::choose(asked, self.accept_language.as_deref()))
    }

    /// An address of ours as the browser may follow it.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", super::pages::base_path(&self.snapshot.issuer))
    }

    /// The live session of this browser.
    ///
    /// # Errors
    /// [`Fault`] if nobody can tell at the moment.
    pub async fn session(&self) -> Result<Option<SessionView>, Fault> {
        match &self.session_token {
            Some(token) => self.state.sessions.ask(Resume { token: token.clone() }).await?,
            None => Ok(None),
        }
    }

    /// Whether a session is live, as the store says. What [`session`](Self::session) has may be a copy: good enough to show something, and not to set
    /// something up.
    ///
    /// # Errors
    /// [`Fault`] if nobody can tell at the moment.
    pub async fn is_live(&self, session: &SessionView) -> Result<bool, Fault> {
        Ok(self.state.platform.store.session(&session.id, self.now()).await?.is_some())
    }

    /// The session behind a value that was handed out in this very request.
    ///
    /// # Errors
    /// [`Fault`] if nobody can tell at the moment.
    pub async fn session_of(&self, token: &str) -> Result<Option<SessionView>, Fault> {
        self.state.sessions.ask(Resume { token: token.to_owned() }).await?
    }

    /// Whether this browser need not be asked for a second factor of this person: it was remembered no longer ago than that.
    ///
    /// # Errors
    /// [`Fault`] if nobody can tell at the moment.
    pub async fn is_remembered(&self, user: &UserId, how_long: Duration) -> Result<bool, Fault> {
        match &self.device {
            Some(device) if !how_long.is_zero() => self.state.platform.second_factors.is_remembered(device, user, how_long).await,
            _ => Ok(false),
        }
    }

    /// From where somebody tries to log in.
    pub fn caller(&self) -> Caller {
        Caller {
            address: self.address,
            browser: self.known.clone(),
        }
    }

    /// Remembers that this person logged in with this browser. The cookie for that, if it has none yet. Without it the login goes on.
    pub async fn become_known(&self, user: &UserId) -> Option<Cookie<'static>> {
        let fresh = if self.known.is_none() { fresh_id() } else { None };
        let browser = self.known.as_deref().or(fresh.as_deref())?;
        if let Err(fault) = self.state.platform.authenticator.know_browser(user, browser).await {
            tracing::warn!(%fault, "it could not be noted with which browser somebody logged in");
        }
        Some(self.cookies().set_known(browser, KNOWN_FOR))
    }

    /// Whether the browser brought a session cookie at all.
    pub fn has_session_cookie(&self) -> bool {
        self.session_token.is_some()
    }

    /// Adds the browser's id to an answer that holds a ticket.
    pub fn remember_browser(&self, mut response: HttpResponse) -> HttpResponse {
        if self.browser_is_new {
            // A cookie of ours is always a valid header.
            let _ = response.add_cookie(&self.cookies().set_browser(&self.browser));
        }
        response
    }
}

/// A random name of something that a browser carries.
pub(super) fn fresh_id() -> Option<String> {
    let mut entropy = [0; 32];
    rand::fill(&mut entropy).ok()?;
    Some(OpaqueToken::from_entropy(entropy).expose().to_owned())
}
