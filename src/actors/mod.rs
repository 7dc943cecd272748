//! The supervised actors, their messages, and the handles by which the rest of the process reads what they publish.
//!
//! Reads never wait on a mailbox: an actor that owns state publishes it as an immutable `Arc`. Work that must be serialised, isolated,
//! bounded or retried goes through messages.

pub mod account;
pub mod audit_log;
pub mod authenticator;
pub mod chosen_password;
pub mod clock;
pub mod config_holder;
mod departures;
pub mod directories;
pub mod fault;
pub mod gate;
pub mod guardian;
pub mod janitor;
pub mod key_keeper;
pub mod last_known_good;
pub mod ldap_connector;
pub mod logout_notifier;
pub mod metered_cache;
pub mod password_hasher;
pub mod platform;
pub mod pulse;
pub mod rate_keeper;
pub mod restart;
pub mod second_factors;
pub mod session_keeper;
pub mod supervision;
pub mod token_issuer;
pub mod upstream_connector;
pub mod upstream_logins;
mod user_sync;
