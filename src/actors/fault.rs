//! What a message may answer instead of a result.

use crate::oauth::error::OAuthError;
use crate::rates::TooMany;
use crate::store::StoreError;
use std::time::Duration;

/// Why a request got no result. Mapped to HTTP in one place (`http::answer`).
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The request was wrong, or not allowed
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    /// Too much is waiting; the caller may come back after this long (503, `Retry-After`)
    #[error("too many requests are waiting")]
    Busy {
        /// When to come back
        retry_after: Duration,
    },
    /// The caller has sent more than it may; the next request is let through after this long (429, `Retry-After`)
    #[error("the caller is over its rate limit")]
    TooMany {
        /// When to come back
        retry_after: Duration,
    },
    /// Something that the answer needs cannot be reached (503)
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// A fault of ours (500 with a trace id)
    #[error("internal fault: {0}")]
    Internal(String),
}

impl From<TooMany> for Fault {
    fn from(TooMany { retry_after }: TooMany) -> Self {
        Self::TooMany { retry_after }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(reason) => Self::Unavailable(reason),
            other => Self::Internal(other.to_string()),
        }
    }
}
