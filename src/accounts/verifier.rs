//! Who does the costly work of hashing. A trait, since directories need it and the actor that bounds it is in a room above.

use super::password::Verification;
use async_trait::async_trait;
use secrecy::SecretString;
use std::time::Duration;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierFault {
    /// Too many wait already
    #[error("too many passwords are waiting to be checked")]
    Busy {
        /// When to come back
        retry_after: Duration,
    },
    /// No answer in time
    #[error("the password could not be checked: {0}")]
    Unavailable(String),
    /// A fault of ours
    #[error("the password could not be checked: {0}")]
    Internal(String),
}

/// Hashes and verifies passwords, within bounds of memory and cores.
#[async_trait]
pub trait PasswordVerifier: Send + Sync {
    /// Verifies a password; without a hash it does the same work and the answer is `Wrong`.
    async fn verify(&self, password: &SecretString, hash: Option<&str>) -> Result<Verification, VerifierFault>;

    /// Hashes a password under a fresh salt, as a PHC string.
    async fn hash(&self, password: &SecretString) -> Result<String, VerifierFault>;
}
