//! What can go wrong with keys and tokens: faults of ours on one side, tokens that are refused on the other.

/// A key or a signature could not be made: a fault of this server, never of a request.
#[derive(Debug, thiserror::Error)]
pub enum JoseError {
    /// No key of this algorithm signs now
    #[error("no {0:?} key signs at this time; the key keeper has not made one yet")]
    NoKey(crate::config::snapshot::SigningAlgorithm),
    /// There is no symmetric key for tickets yet
    #[error("there is no key for tickets yet; the key keeper has not made one")]
    NoTicketKey,
    /// The stored key cannot be read
    #[error("the {algorithm:?} key cannot be read: {reason}")]
    BadKey {
        /// What it was meant to be
        algorithm: crate::config::snapshot::SigningAlgorithm,
        /// What the crypto library said
        reason: String,
    },
    /// The stored key is sealed, and nothing is at hand that opens it
    #[error("the key {kid} is sealed with the key-encryption key {sealed_with:?}, and this server was started without --kek")]
    Sealed {
        /// Which
        kid: String,
        /// The id of the key-encryption key
        sealed_with: String,
    },
    /// Another part of the process installed a JOSE provider first
    #[error("another JOSE crypto provider was installed in this process before ours")]
    ProviderTaken,
    /// The crypto library failed
    #[error("signing failed: {0}")]
    Signing(String),
}

impl From<jsonwebtoken::errors::Error> for JoseError {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        Self::Signing(error.to_string())
    }
}

/// Why a presented token is not one of ours that holds now. The reason is for logs and tests; a client learns only that it is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRejected {
    /// Not a compact JWS, or larger than any token of ours
    #[error("it is not a compact JWS")]
    Malformed,
    /// `typ` says that it is another kind of token (RFC 8725 §3.11)
    #[error("it is a token of another type")]
    WrongType,
    /// No key of ours has its `kid`
    #[error("it names no key of this server")]
    UnknownKey,
    /// `alg` is not the algorithm of the key that it names (RFC 8725 §3.1)
    #[error("its algorithm is not that of its key")]
    WrongAlgorithm,
    /// The signature does not match
    #[error("its signature does not match")]
    BadSignature,
    /// The claims are not those of such a token
    #[error("its claims are not those of such a token")]
    BadClaims,
    /// Another issuer's
    #[error("it was issued by another issuer")]
    WrongIssuer,
    /// `exp` is past
    #[error("it has expired")]
    Expired,
    /// `nbf` is ahead
    #[error("it is not valid yet")]
    NotYetValid,
}
