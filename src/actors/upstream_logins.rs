//! Logs people in by way of an upstream provider: sends them there, and says who came back.
//!
//! Not an actor: it holds no state. The provider's own actor bounds what is asked of it.

use super::audit_log::AuditHandle;
use super::clock::SharedClock;
use super::config_holder::ConfigReader;
use super::directories::Directories;
use super::fault::Fault;
use super::key_keeper::after;
use super::upstream_connector::Upstreams;
use super::upstream_connector::messages::{Begin, EndSession, Finish, LoggedOut};
use crate::config::snapshot::{IdentityProviderConfig, Linking, Snapshot};
use crate::oauth::attributes::Attributes;
use crate::oauth::ids::{SessionId, UserId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{AuditEvent, UserProfile, UserRecord};
pub use crate::store::records::{EndedRecord, OriginRecord};
use crate::store::{Store, StoreError};
use crate::telemetry::metrics::Metrics;
use crate::upstream::client::Answered;
use crate::upstream::fault::UpstreamFault;
use crate::upstream::person::Identity;
use crate::upstream::request::Ask;
use jiff::Timestamp;
use secrecy::SecretString;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A sign-out waits no longer for the address of the provider's.
const END_SESSION_PATIENCE: Duration = Duration::from_secs(1);
/// Sessions that one look for those which a provider ended finds at most.
pub const AT_ONCE: u32 = 100;
/// Nobody is on their way from a provider to a session here for longer: the pages in between wait ten or fifteen minutes each.
const WAITS_FOR: Duration = Duration::from_secs(3600);

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamLoginFault {
    /// The provider's, or that of its answer
    #[error(transparent)]
    Provider(#[from] UpstreamFault),
    /// This person may not log in here
    #[error("this person may not log in: {0}")]
    NotAllowed(&'static str),
    /// The way there
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for UpstreamLoginFault {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl UpstreamLoginFault {
    const fn outcome(&self) -> &'static str {
        match self {
            Self::Provider(UpstreamFault::Unavailable(_)) | Self::Fault(Fault::Unavailable(_)) => "unavailable",
            Self::Fault(Fault::Busy { .. } | Fault::TooMany { .. }) => "busy",
            Self::Fault(_) => "internal",
            Self::Provider(_) | Self::NotAllowed(_) => "bad_credentials",
        }
    }
}

/// Somebody who logged in.
#[derive(Debug)]
pub struct Arrived {
    /// Who
    pub user: UserRecord,
    /// When they proved themselves at the provider, if it says
    pub auth_time: Option<Timestamp>,
    /// Their session at the provider
    pub origin: OriginRecord,
}

struct Inner {
    config: ConfigReader,
    store: Arc<dyn Store>,
    directories: Directories,
    upstreams: Upstreams,
    clock: SharedClock,
    metrics: Metrics,
    audit: AuditHandle,
}

/// Logs people in by way of upstream providers. Cheap to clone.
#[derive(Clone)]
pub struct UpstreamLogins(Arc<Inner>);

impl UpstreamLogins {
    /// Over these parts of the platform.
    pub fn new(
        config: ConfigReader,
        store: Arc<dyn Store>,
        directories: Directories,
        upstreams: Upstreams,
        clock: SharedClock,
        metrics: Metrics,
        audit: AuditHandle,
    ) -> Self {
        Self(Arc::new(Inner {
            config,
            store,
            directories,
            upstreams,
            clock,
            metrics,
            audit,
        }))
    }

    /// Where a browser goes.
    ///
    /// # Errors
    /// [`UpstreamLoginFault`].
    pub async fn begin(&self, provider: &Arc<IdentityProviderConfig>, ask: Ask) -> Result<Url, UpstreamLoginFault> {
        let outcome = async { Ok(self.0.upstreams.of(provider).await?.ask(Begin(ask)).await??) }.await;
        outcome.inspect_err(|fault: &UpstreamLoginFault| {
            self.0.metrics.login(fault.outcome());
            tracing::warn!(provider = provider.name, %fault, "nobody can be sent to an upstream provider");
        })
    }

    /// Who came back. What was wrong goes to the log.
    ///
    /// # Errors
    /// [`UpstreamLoginFault`].
    pub async fn finish(
        &self,
        provider: &Arc<IdentityProviderConfig>,
        answered: Answered,
        address: Option<IpAddr>,
    ) -> Result<Arrived, UpstreamLoginFault> {
        let outcome = self.0.arrive(provider, answered, address).await;
        self.0.metrics.login(match &outcome {
            Ok(_) => "succeeded",
            Err(fault) => fault.outcome(),
        });
        match &outcome {
            Ok(arrived) => self.0.audit("login.succeeded", Some(arrived.user.id.clone()), provider, address),
            Err(fault) => {
                tracing::warn!(provider = provider.name, %fault, "a login by way of an upstream provider came to nothing");
                self.0.audit("login.failed", None, provider, address);
            }
        }
        outcome
    }

    /// What ended at a provider, as a logout token of it says (OpenID Connect Back-Channel Logout §2.6). From now on whoever is still on the way here
    /// from that does not arrive.
    ///
    /// # Errors
    /// [`UpstreamLoginFault`].
    pub async fn ended_there(
        &self,
        provider: &Arc<IdentityProviderConfig>,
        token: SecretString,
    ) -> Result<EndedRecord, UpstreamLoginFault> {
        let now = self.0.clock.now();
        let ended = self.0.upstreams.of(provider).await?.ask(LoggedOut { token, now }).await??;
        let ended = EndedRecord {
            provider: provider.id.clone(),
            subject: ended.subject.map(|subject| there(provider, "sub", &subject)),
            sid: ended.sid.map(|sid| there(provider, "sid", &sid)),
            at: at(ended.at),
        };
        self.0
            .store
            .note_departures(&departed(&ended), ended.at, after(now, WAITS_FOR))
            .await?;
        Ok(ended)
    }

    /// Sessions of ours that began with what ended, at most [`AT_ONCE`] of them.
    ///
    /// # Errors
    /// [`Fault`] of the store.
    pub async fn sessions_from(&self, ended: &EndedRecord) -> Result<Vec<(SessionId, UserId)>, Fault> {
        Ok(self.0.store.sessions_from(ended, AT_ONCE).await?)
    }

    /// Whether what a login here rests on has ended at the provider since.
    ///
    /// # Errors
    /// [`Fault`] if nobody can tell at the moment.
    pub async fn is_over(&self, origin: &OriginRecord) -> Result<bool, Fault> {
        let keys = departures_of(origin);
        Ok(self.0.store.departed_since(&keys, origin.began_at, self.0.clock.now()).await?)
    }

    /// Where a session began, if that was at a provider.
    ///
    /// # Errors
    /// [`Fault`] of the store.
    pub async fn origin(&self, session: &SessionId) -> Result<Option<OriginRecord>, Fault> {
        Ok(self.0.store.origin(session).await?)
    }

    /// Remembers where a session began. `false` if that is over by now: then this one has to end.
    ///
    /// # Errors
    /// [`Fault`] if it cannot be kept.
    pub async fn note_origin(&self, session: &SessionId, origin: &OriginRecord) -> Result<bool, Fault> {
        self.0.store.note_origin(session, origin).await?;
        // After it was noted: what ends there from now on finds it.
        Ok(!self.is_over(origin).await?)
    }

    /// The provider that somebody came from, and where they sign out there: if it is offered, and if they have no other account here.
    pub async fn sign_out(&self, user: &UserId) -> Option<(String, Url)> {
        let snapshot = self.0.config.current()?;
        if !snapshot.identity_providers.iter().any(|provider| provider.logout) {
            return None;
        }
        let user = self.0.store.user(user).await.ok()??;
        let provider = snapshot
            .identity_providers
            .iter()
            .find(|provider| provider.logout && provider.id == user.store)?;
        let asked = async { self.0.upstreams.of(provider).await.ok()?.ask(EndSession).await.ok()?.ok()? };
        let url = tokio::time::timeout(END_SESSION_PATIENCE, asked).await.ok()??;
        Some((provider.display_name.clone(), url))
    }
}

impl Inner {
    async fn arrive(
        &self,
        provider: &Arc<IdentityProviderConfig>,
        answered: Answered,
        address: Option<IpAddr>,
    ) -> Result<Arrived, UpstreamLoginFault> {
        let snapshot = self.config.current();
        let snapshot = snapshot.ok_or_else(|| Fault::Unavailable("there is no configuration yet".to_owned()))?;
        let identity = self.upstreams.of(provider).await?.ask(Finish(Box::new(answered))).await??;
        if !identity.is_of(&provider.allowed_email_domains) {
            return Err(UpstreamLoginFault::NotAllowed(
                "they have no verified e-mail address of an allowed domain",
            ));
        }
        let auth_time = identity.auth_time.and_then(|second| Timestamp::from_second(second).ok());
        let origin = OriginRecord {
            provider: provider.id.clone(),
            subject: there(provider, "sub", &identity.subject),
            sid: identity.sid.as_deref().map(|sid| there(provider, "sid", sid)),
            began_at: at(identity.said_at),
        };
        let user = self.user(&snapshot, provider, identity, address).await?;
        Ok(Arrived { user, auth_time, origin })
    }

    /// Who somebody is here. Decided at their first login, by the provider's own id of them, and so for ever (decision 0018).
    async fn user(
        &self,
        snapshot: &Snapshot,
        provider: &IdentityProviderConfig,
        identity: Identity,
        address: Option<IpAddr>,
    ) -> Result<UserRecord, UpstreamLoginFault> {
        // With the issuer: a provider's resource that names another one later has other people.
        let external = format!("{} {}", provider.issuer, identity.subject);
        if provider.linking == Linking::VerifiedEmail {
            if let Some(user) = self.store.linked_user(&provider.id, &external).await? {
                return self.usable(snapshot, user).await;
            }
            let is_new = self.store.directory_user(&provider.id, &external).await?.is_none();
            if let Some(email) = identity.verified_email().filter(|_| is_new)
                && let Some(namesake) = self.namesake(snapshot, email).await?
            {
                let linked = self
                    .store
                    .link_user(&provider.id, &external, &namesake.id, self.clock.now())
                    .await?;
                self.audit("identity.linked", Some(linked.clone()), provider, address);
                let user = self.store.user(&linked).await?;
                let user = user.ok_or(UpstreamLoginFault::NotAllowed("the user whom they were linked to is gone"))?;
                return self.usable(snapshot, user).await;
            }
        }
        let profile = profile(identity);
        Ok(self
            .store
            .put_directory_user(&provider.id, &external, &profile, self.clock.now())
            .await?)
    }

    /// The one user of this server's UserStores with this address. None if there are several: nobody knows which one is meant. If all who have it may
    /// not log in, neither may this person, by a way around.
    async fn namesake(&self, snapshot: &Snapshot, email: &str) -> Result<Option<UserRecord>, UpstreamLoginFault> {
        let stores: Vec<_> = snapshot.user_stores.iter().map(|store| store.id.clone()).collect();
        let mut found = Vec::new();
        for user in self.store.users_by_verified_email(&stores, email).await? {
            // A directory may say something else by now.
            let user = self.directories.current(user).await;
            let same = user.profile.email.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(email));
            if same && user.profile.email_verified {
                found.push(user);
            }
        }
        let barred = !found.is_empty() && found.iter().all(|user| user.profile.disabled);
        if barred {
            return Err(UpstreamLoginFault::NotAllowed("the user with their address is disabled"));
        }
        found.retain(|user| !user.profile.disabled);
        if found.len() > 1 {
            tracing::info!("several users have the verified address of somebody who came from a provider: they are linked to none");
            return Ok(None);
        }
        Ok(found.pop())
    }

    /// A user who was linked, if they may log in.
    async fn usable(&self, snapshot: &Snapshot, user: UserRecord) -> Result<UserRecord, UpstreamLoginFault> {
        if !snapshot.user_stores.iter().any(|store| store.id == user.store) {
            return Err(UpstreamLoginFault::NotAllowed(
                "the user whom they are linked to is of no UserStore of this server",
            ));
        }
        let user = self.directories.current(user).await;
        if user.profile.disabled {
            return Err(UpstreamLoginFault::NotAllowed("the user whom they are linked to is disabled"));
        }
        Ok(user)
    }

    fn audit(&self, kind: &str, user: Option<UserId>, provider: &IdentityProviderConfig, address: Option<IpAddr>) {
        self.audit.record(AuditEvent {
            at: self.clock.now(),
            kind: kind.to_owned(),
            user,
            client: None,
            details: serde_json::json!({ "address": address.map(|address| address.to_string()), "provider": provider.name }),
        });
    }
}

/// An id of a provider, as it is kept. With the issuer, as people are.
fn there(provider: &IdentityProviderConfig, kind: &str, id: &str) -> TokenHash {
    TokenHash::of(&format!("{} {} {kind} {id}", provider.id, provider.issuer))
}

/// By a provider's clock. It was looked at before, so that it is a time.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Under which keys it is remembered that something ended: one for each way in which a login may have to do with it.
fn departed(ended: &EndedRecord) -> Vec<TokenHash> {
    match (&ended.subject, &ended.sid) {
        (Some(subject), Some(sid)) => vec![key(Some(subject), Some(sid)), key(Some(subject), None)],
        (None, Some(sid)) => vec![key(None, Some(sid))],
        (Some(subject), None) => vec![everywhere(subject)],
        (None, None) => Vec::new(),
    }
}

/// Under which keys it would be remembered that what a login rests on ended.
fn departures_of(origin: &OriginRecord) -> Vec<TokenHash> {
    let subject = Some(&origin.subject);
    let one = match &origin.sid {
        Some(sid) => vec![key(subject, Some(sid)), key(None, Some(sid))],
        // Nobody knows which session it was: any of theirs that ends may be it.
        None => vec![key(subject, None)],
    };
    one.into_iter().chain([everywhere(&origin.subject)]).collect()
}

fn key(subject: Option<&TokenHash>, sid: Option<&TokenHash>) -> TokenHash {
    let part = |hash: Option<&TokenHash>| hash.map(|hash| hash.as_bytes().to_vec()).unwrap_or_default();
    TokenHash::of(&format!("one of {:?} {:?}", part(subject), part(sid)))
}

fn everywhere(subject: &TokenHash) -> TokenHash {
    TokenHash::of(&format!("all of {:?}", subject.as_bytes()))
}

fn profile(identity: Identity) -> UserProfile {
    let Identity {
        subject: _,
        sid: _,
        said_at: _,
        auth_time: _,
        username,
        email,
        email_verified,
        display_name,
        given_name,
        family_name,
        groups,
    } = identity;
    UserProfile {
        username,
        email,
        email_verified,
        display_name,
        given_name,
        family_name,
        attributes: Attributes::default(),
        groups,
        disabled: false,
    }
}
