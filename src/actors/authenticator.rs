//! Checks who a person is, by name and password: the same steps and the same answer whether or not the name exists.
//!
//! Not an actor: it holds no state but what bounds it. Each try runs in a task of its own, so that a browser which goes away after sending
//! its guess does not take the count of its failure with it.

use super::audit_log::AuditHandle;
use super::clock::SharedClock;
use super::config_holder::ConfigReader;
use super::directories::Directories;
use super::fault::Fault;
use crate::accounts::lockout::{self, Rule, address_bucket};
use crate::accounts::username::Username;
use crate::config::snapshot::Snapshot;
use crate::directory::{DirectoryFault, Proven};
use crate::oauth::ids::UserId;
use crate::oauth::opaque::TokenHash;
use crate::store::records::{AuditEvent, UserRecord};
use crate::store::{Store, StoreError};
use crate::telemetry::metrics::Metrics;
use jiff::Timestamp;
use secrecy::SecretString;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Tries at once in this process; more are refused.
const AT_ONCE: usize = 512;
/// Tries at once for one account, further ones wait: a burst would otherwise be over before its first failure counts.
const AT_ONCE_PER_ACCOUNT: usize = 3;
/// Tries at once from one address, which may be a whole office; further ones wait.
const AT_ONCE_PER_ADDRESS: usize = 32;
const SOON: Duration = Duration::from_secs(1);
const DEADLINE: Duration = Duration::from_secs(15);

/// How long a browser is known after a login.
pub const KNOWN_FOR: Duration = Duration::from_secs(180 * 24 * 3600);

/// From where somebody tries to log in.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Their address, as far as it is known
    pub address: Option<IpAddr>,
    /// What their browser brings if somebody logged in with it before: a random value
    pub browser: Option<String>,
}

/// Why nobody was logged in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginFault {
    /// The name is unknown, the password wrong, or the account disabled: one answer for all
    #[error("the username or the password is wrong")]
    BadCredentials,
    /// The password is right, and has to be changed in its directory before it opens anything
    #[error("the password has expired or must be changed")]
    PasswordExpired,
    /// Too many failures for this account or from this address; the password was not looked at
    #[error("too many failed logins")]
    Throttled {
        /// When a try counts again
        retry_after: Duration,
    },
    /// Too much is waiting
    #[error("too many logins are waiting")]
    Busy {
        /// When to come back
        retry_after: Duration,
    },
    /// A directory or the database cannot be reached, or there is no configuration yet
    #[error("logins are not possible at the moment: {0}")]
    Unavailable(String),
    /// A fault of ours
    #[error("internal fault: {0}")]
    Internal(String),
}

impl LoginFault {
    const fn outcome(&self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::PasswordExpired => "password_expired",
            Self::Throttled { .. } => "throttled",
            Self::Busy { .. } => "busy",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

impl From<DirectoryFault> for LoginFault {
    fn from(fault: DirectoryFault) -> Self {
        match fault {
            DirectoryFault::PasswordExpired => Self::PasswordExpired,
            DirectoryFault::Busy { retry_after } => Self::Busy { retry_after },
            DirectoryFault::Unavailable(reason) => Self::Unavailable(reason),
            DirectoryFault::Internal(reason) => Self::Internal(reason),
        }
    }
}

impl From<LoginFault> for Fault {
    fn from(fault: LoginFault) -> Self {
        match fault {
            LoginFault::Busy { retry_after } | LoginFault::Throttled { retry_after } => Self::Busy { retry_after },
            LoginFault::Unavailable(reason) => Self::Unavailable(reason),
            LoginFault::BadCredentials | LoginFault::PasswordExpired => {
                Self::Internal("a login without a password was refused for its password".to_owned())
            }
            LoginFault::Internal(reason) => Self::Internal(reason),
        }
    }
}

impl From<StoreError> for LoginFault {
    fn from(error: StoreError) -> Self {
        DirectoryFault::from(error).into()
    }
}

struct Inner {
    config: ConfigReader,
    store: Arc<dyn Store>,
    directories: Directories,
    clock: SharedClock,
    metrics: Metrics,
    audit: AuditHandle,
    places: Arc<Semaphore>,
    turns: Mutex<HashMap<TokenHash, Arc<Semaphore>>>,
}

/// Checks who a person is. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

impl Authenticator {
    /// Over these parts of the platform.
    pub fn new(
        config: ConfigReader,
        store: Arc<dyn Store>,
        directories: Directories,
        clock: SharedClock,
        metrics: Metrics,
        audit: AuditHandle,
    ) -> Self {
        Self(Arc::new(Inner {
            config,
            store,
            directories,
            clock,
            metrics,
            audit,
            places: Arc::new(Semaphore::new(AT_ONCE)),
            turns: Mutex::default(),
        }))
    }

    /// Logs a person in. Failures are counted under the account and the address (`None` if it is not known), see [`lockout`].
    ///
    /// # Errors
    /// [`LoginFault`]. Dropping the future does not stop the check, nor its count.
    pub async fn authenticate(&self, username: &str, password: &SecretString, address: Option<IpAddr>) -> Result<Proven, LoginFault> {
        self.authenticate_from(username, password, Caller { address, browser: None }).await
    }

    /// The same from a browser that may be known. One in which this account was logged in before has a count of its own: whoever guesses at the
    /// account from elsewhere, and however long, does not keep its owner out there.
    ///
    /// # Errors
    /// [`LoginFault`]. Dropping the future does not stop the check, nor its count.
    pub async fn authenticate_from(&self, username: &str, password: &SecretString, caller: Caller) -> Result<Proven, LoginFault> {
        let Ok(place) = Arc::clone(&self.0.places).try_acquire_owned() else {
            self.0.metrics.login("busy");
            return Err(LoginFault::Busy { retry_after: SOON });
        };
        let (inner, username, password) = (Arc::clone(&self.0), Username::parse(username), password.clone());
        let check = tokio::spawn(async move {
            let outcome = tokio::time::timeout(DEADLINE, inner.check(username.as_ref(), &password, caller))
                .await
                .unwrap_or_else(|_| Err(LoginFault::Unavailable("the check took too long".to_owned())));
            inner
                .metrics
                .login(outcome.as_ref().map_or_else(LoginFault::outcome, |_| "succeeded"));
            drop(place);
            outcome
        });
        check
            .await
            .unwrap_or_else(|_| Err(LoginFault::Internal("checking a login panicked".to_owned())))
    }

    /// Remembers that this person logged in with this browser, by whatever name of theirs.
    ///
    /// # Errors
    /// [`Fault`] of the store.
    pub async fn know_browser(&self, user: &UserId, browser: &str) -> Result<(), Fault> {
        let Some(user) = self.0.store.user(user).await? else {
            return Ok(());
        };
        let until = self.0.clock.now().saturating_add(KNOWN_FOR).unwrap_or(Timestamp::MAX);
        self.0.store.use_once(&known_of(browser, &user.id), until).await?;
        if let Some(name) = Username::parse(&user.profile.username) {
            self.0.store.use_once(&known(browser, &name), until).await?;
        }
        Ok(())
    }

    /// Whether somebody who proved who they are without a password may log in: they are still there, and not disabled.
    ///
    /// # Errors
    /// [`Fault`] if nobody can tell at the moment.
    pub async fn may_log_in(&self, id: &UserId) -> Result<bool, Fault> {
        let Some(user) = self.find(id).await.map_err(Fault::from)? else {
            return Ok(false);
        };
        Ok(!self.0.directories.current(user).await.profile.disabled)
    }

    /// A user of one of the configured user stores or providers, by subject.
    ///
    /// # Errors
    /// [`LoginFault::Unavailable`] or [`LoginFault::Internal`].
    pub async fn find(&self, id: &UserId) -> Result<Option<UserRecord>, LoginFault> {
        let snapshot = self.0.snapshot()?;
        let user = self.0.store.user(id).await?;
        Ok(user.filter(|user| snapshot.has_people_of(&user.store)))
    }
}

impl Inner {
    fn snapshot(&self) -> Result<Arc<Snapshot>, LoginFault> {
        self.config
            .current()
            .ok_or_else(|| LoginFault::Unavailable("there is no configuration yet".to_owned()))
    }

    async fn check(&self, username: Option<&Username>, password: &SecretString, caller: Caller) -> Result<Proven, LoginFault> {
        let snapshot = self.snapshot()?;
        let address = caller.address;
        let account = match username {
            Some(name) => Some((self.counted_as(name, caller.browser.as_deref()).await?, lockout::ACCOUNT)),
            None => None,
        };
        let source = address.map(|address| {
            (
                TokenHash::of(&format!("login address {}", address_bucket(address))),
                lockout::ADDRESS,
            )
        });
        let keys: Vec<(TokenHash, Rule)> = account.into_iter().chain(source).collect();

        // The throttle is asked when a try's turn has come, so it knows of the failures before.
        let mut turns: Vec<_> = account.map(|(key, _)| self.queue(key, AT_ONCE_PER_ACCOUNT)).into_iter().collect();
        turns.extend(source.map(|(key, _)| self.queue(key, AT_ONCE_PER_ADDRESS)));
        for turn in &mut turns {
            turn.come().await?;
        }
        self.throttle(&keys).await?;

        let proved = self.directories.prove(&snapshot, username, password).await;
        if matches!(proved, Err(DirectoryFault::PasswordExpired)) {
            self.audit("login.password_expired", None, address);
        }
        match proved? {
            (_, Some(proven)) => {
                if let Some((key, _)) = account {
                    self.store.clear_failed_logins(&key).await?;
                }
                self.audit("login.succeeded", Some(proven.user.id.clone()), address);
                Ok(proven)
            }
            (user, None) => {
                let now = self.clock.now();
                for (key, rule) in &keys {
                    self.store.count_failed_login(key, now, rule.window).await?;
                }
                self.audit("login.failed", user, address);
                Err(LoginFault::BadCredentials)
            }
        }
    }

    /// Under which key the failures of an account count: that of the browser if it is known, else one for all others.
    async fn counted_as(&self, name: &Username, browser: Option<&str>) -> Result<TokenHash, LoginFault> {
        if let Some(browser) = browser {
            let known = known(browser, name);
            if self.store.was_used(&known, self.clock.now()).await? {
                return Ok(TokenHash::of(&format!("login account {} at {browser}", name.as_str())));
            }
        }
        Ok(TokenHash::of(&format!("login account {}", name.as_str())))
    }

    async fn throttle(&self, keys: &[(TokenHash, Rule)]) -> Result<(), LoginFault> {
        let now = self.clock.now();
        for (key, rule) in keys {
            let failures = self.store.failed_logins(key, now, rule.window).await?;
            if let Some(retry_after) = rule.wait(failures.count, failures.last, now) {
                return Err(LoginFault::Throttled { retry_after });
            }
        }
        Ok(())
    }

    fn queue(&self, key: TokenHash, at_once: usize) -> Turn<'_> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = Arc::clone(turns.entry(key).or_insert_with(|| Arc::new(Semaphore::new(at_once))));
        Turn {
            inner: self,
            key,
            queue: Some(queue),
            permit: None,
        }
    }

    fn audit(&self, kind: &str, user: Option<UserId>, address: Option<IpAddr>) {
        // Not the name that was typed: people type passwords there.
        self.audit.record(AuditEvent {
            at: self.clock.now(),
            kind: kind.to_owned(),
            user,
            client: None,
            details: serde_json::json!({ "address": address.map(|address| address.to_string()) }),
        });
    }
}

/// The same by the person's subject, for what comes after the password.
pub(super) fn known_of(browser: &str, user: &UserId) -> TokenHash {
    TokenHash::of(&format!("known browser {browser} of subject {user}"))
}

/// What says that an account was logged in with a browser. It tells neither of them.
fn known(browser: &str, name: &Username) -> TokenHash {
    TokenHash::of(&format!("known browser {browser} of {}", name.as_str()))
}

/// A try that waits for its turn under one key, or has it.
struct Turn<'a> {
    inner: &'a Inner,
    key: TokenHash,
    queue: Option<Arc<Semaphore>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turn<'_> {
    async fn come(&mut self) -> Result<(), LoginFault> {
        if let Some(queue) = self.queue.take() {
            let permit = queue.acquire_owned().await;
            self.permit = Some(permit.map_err(|_| LoginFault::Internal("a queue of logins was closed".to_owned()))?);
        }
        Ok(())
    }
}

impl Drop for Turn<'_> {
    /// The last one of a key takes its queue away.
    fn drop(&mut self) {
        let mut turns = self.inner.turns.lock().unwrap_or_else(PoisonError::into_inner);
        (self.queue, self.permit) = (None, None);
        // Others of this key hold the queue, be they waiting or running; they got it under this lock.
        if turns.get(&self.key).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            turns.remove(&self.key);
        }
    }
}
