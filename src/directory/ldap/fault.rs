//! Why a directory gave no answer.

use crate::directory::DirectoryFault;
use std::time::Duration;

/// Why a directory gave no answer. None of these says anything about a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LdapFault {
    /// No server can be reached, or none answered in time
    #[error("{0}")]
    Unavailable(String),
    /// Too much is waiting for it
    #[error("too much is waiting for the directory")]
    Busy {
        /// When to come back
        retry_after: Duration,
    },
    /// It answered that the request cannot be done: its settings and ours do not fit
    #[error("{0}")]
    Refused(String),
    /// It answered what no directory answers, or more than anybody needs
    #[error("{0}")]
    Nonsense(String),
    /// A fault of ours
    #[error("{0}")]
    Internal(String),
}

impl From<LdapFault> for DirectoryFault {
    fn from(fault: LdapFault) -> Self {
        match fault {
            LdapFault::Busy { retry_after } => Self::Busy { retry_after },
            LdapFault::Internal(reason) => Self::Internal(reason),
            // A person can do nothing about either, and it is no fault of ours.
            LdapFault::Unavailable(reason) | LdapFault::Refused(reason) | LdapFault::Nonsense(reason) => Self::Unavailable(reason),
        }
    }
}
