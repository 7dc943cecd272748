//! The way to an LdapConnector, which knows without asking that a directory is gone.

use super::LdapConnector;
use super::messages::{Authenticate, Find, Groups};
use crate::actors::fault::Fault;
use crate::actors::gate::{Call, Gate};
use crate::directory::DirectoryFault;
use crate::directory::ldap::Connector;
use crate::directory::ldap::client::Who;
use crate::directory::ldap::entry::Entry;
use crate::directory::ldap::fault::LdapFault;
use crate::directory::ldap::outcome::Bind;
use crate::directory::ldap::servers::{Servers, Standing};
use crate::directory::ldap::settings::LdapSettings;
use crate::oauth::ids::UserStoreId;
use crate::telemetry::metrics::Metrics;
use actix::{Handler, Message};
use actix_rt::Arbiter;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a directory that let somebody wait is taken for silent; whoever comes then finds out anew.
const SILENCE: Duration = Duration::from_secs(5);

/// The actor as it is reached now, with the thread that it runs on.
pub(super) struct Line {
    pub(super) gate: Gate<LdapConnector>,
    /// Ends when the last handle is dropped: questions under way are answered first
    pub(super) thread: Arbiter,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.thread.stop();
    }
}

/// The way to one directory. Cheap to clone.
#[derive(Clone)]
pub struct LdapHandle(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) store: UserStoreId,
    pub(super) metrics: Metrics,
    pub(super) settings: Arc<LdapSettings>,
    pub(super) servers: Arc<Servers>,
    pub(super) line: ArcSwap<Line>,
    pub(super) began: Instant,
    /// Milliseconds after `began`; 0: it is not silent
    pub(super) silent_until: AtomicU64,
}

impl Inner {
    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl LdapHandle {
    /// How the directory's servers stand.
    pub fn standing(&self) -> Vec<Standing> {
        self.0.servers.standing()
    }

    /// The gate before the actor that is in charge now.
    pub fn gate(&self) -> Gate<LdapConnector> {
        self.0.line.load().gate.clone()
    }

    async fn ask<M, T>(&self, operation: &'static str, message: M) -> Result<T, DirectoryFault>
    where
        LdapConnector: Handler<M> + Handler<Call<LdapConnector>>,
        M: Message<Result = Result<T, LdapFault>> + Send + 'static,
        T: Send + 'static,
    {
        // Known without asking.
        if self.0.servers.preferred().is_none() {
            self.count(operation, "not_asked", None);
            return Err(DirectoryFault::Unavailable(self.0.servers.why_gone()));
        }
        let (line, began) = (self.0.line.load_full(), Instant::now());
        let answer = match line.gate.ask(message).await {
            Ok(Ok(answer)) => {
                self.0.silent_until.store(0, Ordering::Relaxed);
                Ok(answer)
            }
            Ok(Err(fault)) => {
                tracing::warn!(%fault, "a question to a directory came to nothing");
                Err(fault.into())
            }
            Err(Fault::Busy { retry_after }) => Err(DirectoryFault::Busy { retry_after }),
            Err(Fault::Internal(reason)) => Err(DirectoryFault::Internal(reason)),
            Err(fault) => Err(DirectoryFault::Unavailable(fault.to_string())),
        };
        let outcome = match &answer {
            Ok(_) => "answered",
            Err(DirectoryFault::Unavailable(_)) => "unavailable",
            Err(DirectoryFault::Busy { .. }) => "busy",
            Err(DirectoryFault::Internal(_) | DirectoryFault::PasswordExpired) => "internal",
        };
        self.count(operation, outcome, Some(began.elapsed()));
        answer
    }

    fn count(&self, operation: &'static str, outcome: &'static str, took: Option<Duration>) {
        self.0.metrics.directory_operation(self.0.store.as_str(), operation, outcome, took);
    }
}

#[async_trait]
impl Connector for LdapHandle {
    async fn find(&self, who: Who) -> Result<Option<Entry>, DirectoryFault> {
        self.ask("find", Find(who)).await
    }

    async fn authenticate(&self, dn: String, password: SecretString) -> Result<Bind, DirectoryFault> {
        self.ask("authenticate", Authenticate { dn, password }).await
    }

    async fn groups(&self, person: Entry) -> Result<Vec<String>, DirectoryFault> {
        self.ask("groups", Groups(person)).await
    }

    fn settings(&self) -> &LdapSettings {
        &self.0.settings
    }

    fn is_silent(&self) -> bool {
        self.0.servers.preferred().is_none() || self.0.silent_until.load(Ordering::Relaxed) > self.0.millis()
    }

    fn note_silence(&self) {
        let until = self.0.millis().saturating_add(u64::try_from(SILENCE.as_millis()).unwrap_or(0));
        self.0.silent_until.store(until, Ordering::Relaxed);
        self.0.servers.doubt();
    }
}
