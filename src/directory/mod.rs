//! Where users come from. Imports `accounts` and `store`.
//!
//! A login first asks every directory who has the name, and then has one of them check the password. So a directory that is down does
//! not keep the users of another one out, and a login takes the same steps whether or not the name exists.

pub mod ldap;
pub mod local;

use crate::accounts::username::Username;
use crate::accounts::verifier::VerifierFault;
use crate::oauth::opaque::TokenHash;
use crate::store::StoreError;
use crate::store::records::UserRecord;
use async_trait::async_trait;
use ldap::entry::Entry;
use secrecy::SecretString;
use std::time::Duration;

/// Why a directory has no answer. None of these counts as a failed login.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryFault {
    /// Too much is waiting
    #[error("too many logins are waiting")]
    Busy {
        /// When to come back
        retry_after: Duration,
    },
    /// The password is right, and nobody is let in by it: it has to be changed first
    #[error("the password has expired or must be changed")]
    PasswordExpired,
    /// It cannot be reached
    #[error("the user directory cannot be reached: {0}")]
    Unavailable(String),
    /// A fault of ours
    #[error("the user directory failed: {0}")]
    Internal(String),
}

impl From<StoreError> for DirectoryFault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(reason) => Self::Unavailable(reason),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<VerifierFault> for DirectoryFault {
    fn from(fault: VerifierFault) -> Self {
        match fault {
            VerifierFault::Busy { retry_after } => Self::Busy { retry_after },
            VerifierFault::Unavailable(reason) => Self::Unavailable(reason),
            VerifierFault::Internal(reason) => Self::Internal(reason),
        }
    }
}

/// Somebody who has a name in a directory.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Their row; `None`: they have never logged in from their directory
    pub user: Option<UserRecord>,
    /// What the directory says of them; `None`: their row says it all
    pub entry: Option<Entry>,
}

/// Somebody whose password was right.
#[derive(Clone, Debug)]
pub struct Proven {
    /// Who
    pub user: UserRecord,
    /// Which password it was ([`PasswordRecord::mark`](crate::store::records::PasswordRecord::mark)), if it is one of ours
    pub password: Option<TokenHash>,
    /// Somebody else set it, so that a new one has to be chosen before anything else
    pub must_change: bool,
}

impl Proven {
    /// By a password that is kept elsewhere.
    pub const fn elsewhere(user: UserRecord) -> Self {
        Self {
            user,
            password: None,
            must_change: false,
        }
    }
}

/// A place that users come from.
#[async_trait]
pub trait UserDirectory: Send + Sync {
    /// Who has this name here. Tells a stranger nothing by itself: callers always go on to a password check.
    async fn identify(&self, username: &Username) -> Result<Option<Candidate>, DirectoryFault>;

    /// Who it is, if this is their password and they may log in. `None` is a name that nobody has: the same work, and no user.
    async fn prove(&self, candidate: Option<&Candidate>, password: &SecretString) -> Result<Option<Proven>, DirectoryFault>;

    /// Asks anew what is known of a user of this directory, and takes it down. Who is gone is disabled from now on.
    async fn renew(&self, user: UserRecord) -> Result<UserRecord, DirectoryFault>;

    /// For how long what was taken down may be believed; `None`: for ever, it is our own.
    fn believed_for(&self) -> Option<Duration> {
        None
    }

    /// Whether it lately let somebody wait for long, so that others do better not to wait for it.
    fn is_silent(&self) -> bool {
        false
    }

    /// It lets somebody wait for long.
    fn note_silence(&self) {}
}
