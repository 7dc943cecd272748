//! SessionKeeper: login sessions and what people allowed, one actor per HTTP worker.
//!
//! Each keeper holds hot copies of the sessions that its worker has just seen. What ends or changes a session in this process is seen at once
//! by all of its keepers, and so is what another replica did, if the store tells of it. While it does not, a copy lives for [`HOT_TTL`] at most.

mod hot;
pub mod messages;

use super::audit_log::AuditHandle;
use super::clock::SharedClock;
use super::directories::Directories;
use super::fault::Fault;
use super::gate::callable;
use super::logout_notifier::LogoutHandle;
use super::platform::Platform;
use crate::oauth::ids::SessionId;
use crate::oauth::opaque::{OpaqueToken, TokenHash};
use crate::store::records::{AuditEvent, SessionRecord, UserRecord};
use crate::store::{Notices, Reads, Store};
use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use aws_lc_rs::rand;
pub use hot::{HOT_TTL, TOLD_TTL};
use hot::{HotSessions, Standing};
use jiff::{SignedDuration, Timestamp};
use messages::{Allow, Allowed, ChangePassword, End, Open, Opened, Resume, SessionView, StepUp, Withdraw};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// A session ends by itself after this long; a client's `maxSessionAge` asks for a fresh login earlier.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// Counts what made hot copies stale. All keepers of a process share one.
#[derive(Clone, Debug)]
pub struct Changes {
    own: Arc<AtomicU64>,
    others: watch::Receiver<Notices>,
}

impl Changes {
    /// Changes of this process, and those of others that the store tells of.
    pub fn of(store: &dyn Store) -> Self {
        Self {
            own: Arc::default(),
            others: store.notices(),
        }
    }

    fn now(&self) -> Standing {
        let notices = *self.others.borrow();
        Standing {
            own: self.own.load(Ordering::Acquire),
            others: notices.sessions,
            told: notices.told,
        }
    }

    fn note(&self) {
        self.own.fetch_add(1, Ordering::AcqRel);
    }
}

/// The actor.
pub struct SessionKeeper {
    store: Arc<dyn Store>,
    reads: Reads,
    clock: SharedClock,
    changes: Changes,
    audit: AuditHandle,
    logouts: LogoutHandle,
    directories: Directories,
    hot: HotSessions,
}

impl SessionKeeper {
    /// A keeper of one worker; all of a process share `changes`.
    pub fn new(platform: &Platform, changes: &Changes) -> Self {
        Self {
            store: Arc::clone(&platform.store),
            reads: platform.reads.clone(),
            clock: Arc::clone(&platform.clock),
            changes: changes.clone(),
            audit: platform.audit.clone(),
            logouts: platform.logouts.clone(),
            directories: platform.directories.clone(),
            hot: HotSessions::default(),
        }
    }
}

impl Actor for SessionKeeper {
    type Context = Context<Self>;
}

impl Supervised for SessionKeeper {
    /// The copies may be half-written; the store has the truth.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.hot = HotSessions::default();
    }
}

callable!(SessionKeeper);

impl Handler<Open> for SessionKeeper {
    type Result = ResponseFuture<Result<Option<Opened>, Fault>>;

    fn handle(&mut self, open: Open, _: &mut Self::Context) -> Self::Result {
        let (store, changes, now) = (Arc::clone(&self.store), self.changes.clone(), self.clock.now());
        let logouts = self.logouts.clone();
        Box::pin(async move {
            let token = fresh_token()?;
            let session = SessionRecord {
                id: SessionId::new(uuid::Uuid::now_v7().to_string()),
                token: token.hash(),
                user: open.user,
                auth_time: open.auth_time,
                amr: open.amr,
                created_at: now,
                expires_at: expiry(now)?,
            };
            let opened = match open.password {
                None => store.open_session(&session, None).await?,
                Some(mark) => match store.password(&session.user).await? {
                    Some(password) if password.mark() == mark => store.open_session(&session, Some(&password)).await?,
                    _ => false,
                },
            };
            // A session that the browser brought is someone else's or an older one of theirs; it ends, so that it cannot be used from elsewhere.
            if let Some(earlier) = open.instead_of.filter(|_| opened) {
                store.end_session(&earlier, now).await?;
                logouts.notify();
            }
            changes.note();
            Ok(opened.then_some(Opened { id: session.id, token }))
        })
    }
}

impl Handler<StepUp> for SessionKeeper {
    type Result = ResponseFuture<Result<Option<Opened>, Fault>>;

    fn handle(&mut self, step: StepUp, _: &mut Self::Context) -> Self::Result {
        let (store, changes, now) = (Arc::clone(&self.store), self.changes.clone(), self.clock.now());
        Box::pin(async move {
            let Some(mut session) = store.session(&step.session, now).await? else {
                return Ok(None);
            };
            if session.user != step.user {
                return Ok(None);
            }
            let token = fresh_token()?;
            session.token = token.hash();
            session.auth_time = step.auth_time;
            session.amr = step.amr;
            session.expires_at = expiry(now)?;
            let renewed = store.renew_session(&session, now).await?;
            changes.note();
            Ok(renewed.then_some(Opened { id: session.id, token }))
        })
    }
}

impl Handler<Resume> for SessionKeeper {
    type Result = ResponseFuture<Result<Option<SessionView>, Fault>>;

    fn handle(&mut self, resume: Resume, _: &mut Self::Context) -> Self::Result {
        let token = TokenHash::of(&resume.token);
        let (reads, hot, now) = (self.reads.clone(), self.hot.clone(), self.clock.now());
        let directories = self.directories.clone();
        // Read before the store is asked: what changes meanwhile makes the copy stale.
        let changes = self.changes.now();
        Box::pin(async move {
            if let Some(view) = hot.get(&token, changes, now) {
                return Ok(Some(view));
            }
            let Some(session) = reads.session_by_token(&token, now).await? else {
                return Ok(None);
            };
            let Some(user) = reads.user(&session.user, now).await? else {
                return Ok(None);
            };
            let user = directories.current(user).await;
            if user.profile.disabled {
                return Ok(None);
            }
            let view = view(session, user);
            hot.put(token, view.clone(), changes, now);
            Ok(Some(view))
        })
    }
}

impl Handler<End> for SessionKeeper {
    type Result = ResponseFuture<Result<(), Fault>>;

    fn handle(&mut self, end: End, _: &mut Self::Context) -> Self::Result {
        let (store, changes, now) = (Arc::clone(&self.store), self.changes.clone(), self.clock.now());
        let (audit, logouts) = (self.audit.clone(), self.logouts.clone());
        Box::pin(async move {
            let ended = store.end_session(&end.session, now).await;
            changes.note();
            ended?;
            logouts.notify();
            audit.record(AuditEvent {
                at: now,
                kind: "session.ended".to_owned(),
                user: Some(end.user),
                client: None,
                details: serde_json::json!({ "session": end.session.as_str() }),
            });
            Ok(())
        })
    }
}

impl Handler<ChangePassword> for SessionKeeper {
    type Result = ResponseFuture<Result<bool, Fault>>;

    fn handle(&mut self, change: ChangePassword, _: &mut Self::Context) -> Self::Result {
        let (store, changes, now) = (Arc::clone(&self.store), self.changes.clone(), self.clock.now());
        let (audit, logouts) = (self.audit.clone(), self.logouts.clone());
        Box::pin(async move {
            let ChangePassword { user, before, after } = change;
            let changed = store.replace_password(&user, Some(&before), &after, Some(now)).await;
            changes.note();
            if !changed? {
                return Ok(false);
            }
            logouts.notify();
            audit.record(AuditEvent {
                at: now,
                kind: "password.changed".to_owned(),
                user: Some(user),
                client: None,
                details: serde_json::json!({}),
            });
            Ok(true)
        })
    }
}

impl Handler<Allowed> for SessionKeeper {
    type Result = ResponseFuture<Result<crate::oauth::scope::Scopes, Fault>>;

    fn handle(&mut self, allowed: Allowed, _: &mut Self::Context) -> Self::Result {
        let store = Arc::clone(&self.store);
        Box::pin(async move {
            let consent = store.consent(&allowed.user, &allowed.client).await?;
            Ok(consent.map(|consent| consent.scopes).unwrap_or_default())
        })
    }
}

impl Handler<Allow> for SessionKeeper {
    type Result = ResponseFuture<Result<(), Fault>>;

    fn handle(&mut self, allow: Allow, _: &mut Self::Context) -> Self::Result {
        let (store, audit, now) = (Arc::clone(&self.store), self.audit.clone(), self.clock.now());
        Box::pin(async move {
            store.give_consent(&allow.user, &allow.client, &allow.scopes, now).await?;
            audit.record(AuditEvent {
                at: now,
                kind: "consent.given".to_owned(),
                user: Some(allow.user),
                client: Some(allow.client),
                details: serde_json::json!({ "scopes": allow.scopes.to_string() }),
            });
            Ok(())
        })
    }
}

impl Handler<Withdraw> for SessionKeeper {
    type Result = ResponseFuture<Result<(), Fault>>;

    fn handle(&mut self, withdraw: Withdraw, _: &mut Self::Context) -> Self::Result {
        let (store, audit, now) = (Arc::clone(&self.store), self.audit.clone(), self.clock.now());
        let logouts = self.logouts.clone();
        Box::pin(async move {
            store.withdraw_consent(&withdraw.user, &withdraw.client, now).await?;
            logouts.notify();
            audit.record(AuditEvent {
                at: now,
                kind: "consent.withdrawn".to_owned(),
                user: Some(withdraw.user),
                client: Some(withdraw.client),
                details: serde_json::json!({}),
            });
            Ok(())
        })
    }
}

fn view(session: SessionRecord, user: UserRecord) -> SessionView {
    SessionView {
        id: session.id,
        user: user.id,
        username: user.profile.username,
        display_name: user.profile.display_name,
        groups: user.profile.groups,
        auth_time: session.auth_time,
        amr: session.amr,
        expires_at: session.expires_at,
    }
}

fn fresh_token() -> Result<OpaqueToken, Fault> {
    let mut entropy = [0; 32];
    rand::fill(&mut entropy).map_err(|_| Fault::Internal("the random generator failed".to_owned()))?;
    Ok(OpaqueToken::from_entropy(entropy))
}

fn expiry(now: Timestamp) -> Result<Timestamp, Fault> {
    now.checked_add(SESSION_LIFETIME)
        .map_err(|_| Fault::Internal("the clock is beyond what a time can hold".to_owned()))
}
