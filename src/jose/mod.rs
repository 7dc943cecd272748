//! Signing keys with their parsed material, JWS and JWKS, tokens that others signed, and the sealing of what rests in the database or in a cache. Imports `oauth` and `config::snapshot`.
//!
//! The tokens are made and read by `jsonwebtoken`; what is ours is the [`provider`] that hands it keys which were parsed once.

pub mod cache_key;
pub mod error;
pub mod foreign;
pub mod key_ring;
mod provider;
pub mod seal;
pub mod signing_key;
pub mod ticket;

pub use error::{JoseError, TokenRejected};
pub use key_ring::{KeyRing, PublishedKey, Timed, TokenType};
pub use signing_key::SigningKey;
pub use ticket::TicketKey;
