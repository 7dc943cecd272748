//! The protocol, pure: requests, validation, the grants' decisions, claims, errors, discovery.
//!
//! Nothing here touches a socket, a file, a clock or a random generator. The time and any randomness are parameters,
//! so that every rule can be tested by calling a function. This room imports nothing of ours.

pub mod acr;
pub mod attributes;
pub mod authorize;
pub mod bearer;
pub mod cel;
pub mod claim_rules;
pub mod claims;
pub mod client;
pub mod client_auth;
pub mod discovery;
pub mod error;
pub mod form;
pub mod grant_type;
pub mod grants;
pub mod ids;
pub mod introspection;
pub mod logout_token;
pub mod opaque;
pub mod pkce;
pub mod scope;
pub mod target;
#[cfg(test)]
mod testing;
pub mod two_factor;
