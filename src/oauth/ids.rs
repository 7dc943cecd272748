//! Identifiers as types, so that a client's id cannot be passed where a user's is meant.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a value that is already known to be such an identifier.
            pub fn new(value: impl Into<String>) -> Self {
                Self(value.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// A client's public identifier (RFC 6749 §2.2); `<namespace>.<name>` unless its manifest says otherwise.
    ClientId
}
id! {
    /// A person's stable subject identifier (`sub`, OpenID Connect Core §5.1); never reused.
    UserId
}
id! {
    /// What a person, a client and a set of scopes agreed upon once: the unit that is revoked as a whole.
    /// A code, its access tokens and its refresh family all carry the same grant id.
    GrantId
}
id! {
    /// A login session's public identifier (`sid`, OpenID Connect Front-Channel Logout §3); not the cookie's value.
    SessionId
}
id! {
    /// A second factor of a person: an authenticator app, or a key.
    FactorId
}
id! {
    /// `<namespace>/<name>` of a UserStore.
    UserStoreId
}
