//! Where users come from. Imports `accounts` and `store`.
//!
//! A login first asks every directory who has the name, and then has one of them check the password. So a directory that is down does
//! not keep the users of another one out, and a login takes the same steps whether or not the name exists.

pub mod ldap;
pub mod local;

use crate::accounts::username::Username;
use crate::accounts::verifier::VerifierFault;
use crate::oauth::ids::UserId;
use crate::store::StoreError;
use crate::store::records::UserRecord;
use async_trait::async_trait;
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

/// A place that users come from.
#[async_trait]
pub trait UserDirectory: Send + Sync {
    /// Who has this name here. Tells a stranger nothing by itself: callers always go on to a password check.
    async fn identify(&self, username: &Username) -> Result<Option<UserRecord>, DirectoryFault>;

    /// Whether this is the user's password and the user may log in. `None` is a name that nobody has: the same work, and `false`.
    async fn prove(&self, user: Option<&UserRecord>, password: &SecretString) -> Result<bool, DirectoryFault>;

    /// A user of this directory by subject.
    async fn find(&self, id: &UserId) -> Result<Option<UserRecord>, DirectoryFault>;
}
