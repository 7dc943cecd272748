//! A snapshot as bytes: the messages of `proto/`, and the way there and back. Used by the config service and for what a replica keeps.
//!
//! A snapshot travels as portions, so that no message grows with the number of clients. Decoding is strict: what it does not understand
//! is a [`Fault`] that names the resource.

mod assembly;
mod decode;
mod encode;
mod prepared;
#[cfg(test)]
mod tests;

pub use assembly::{Assembly, Held, MAX_BYTES, MAX_PARTS};
pub use prepared::{Known, Prepared, from_bytes, to_bytes};

/// What the generated code of `proto/` holds.
#[allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::indexing_slicing)]
pub mod message {
    include!(concat!(env!("OUT_DIR"), "/nauthera.config.v1.rs"));

    /// The encoded descriptors, for gRPC reflection.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/config.bin"));

    impl std::fmt::Debug for User {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            // Never the password
            f.debug_struct("User")
                .field("store", &self.store)
                .field("username", &self.username)
                .finish_non_exhaustive()
        }
    }

    impl std::fmt::Debug for Ldap {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            // Never the password
            f.debug_struct("Ldap").field("servers", &self.servers).finish_non_exhaustive()
        }
    }

    impl std::fmt::Debug for IdentityProvider {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            // Never the secret
            f.debug_struct("IdentityProvider").field("id", &self.id).finish_non_exhaustive()
        }
    }

    impl std::fmt::Debug for Portion {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Portion")
                .field("clients", &self.clients.len())
                .field("users", &self.users.len())
                .field("roles", &self.roles.len())
                .field("removed", &self.removed)
                .finish_non_exhaustive()
        }
    }

    impl std::fmt::Debug for ApplyRequest {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.part.fmt(f)
        }
    }

    impl std::fmt::Debug for apply_request::Part {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            match self {
                Self::Header(header) => header.fmt(f),
                Self::Portion(bytes) => write!(f, "Portion({} bytes)", bytes.len()),
            }
        }
    }
}

/// The form of snapshots that this release writes and reads. Counts up when a reader that does not know the new form would serve
/// something else than what was meant.
pub const FORMAT: u32 = 1;

/// What is wrong with one resource of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {name}: {reason}")]
pub struct Fault {
    /// Such as `AuthClient`
    pub kind: &'static str,
    /// Which one
    pub name: String,
    /// For people; holds nothing secret
    pub reason: String,
}

impl Fault {
    pub(crate) fn new(kind: &'static str, name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            reason: reason.into(),
        }
    }
}
