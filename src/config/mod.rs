//! From resources to what a server runs on: [`compile()`], policy merging, the [`Snapshot`](snapshot::Snapshot).
//! Imports `oauth` and `resources`; pure.
//!
//! [`compile()`]: compile::compile

pub mod admission;
mod claim_mapper;
mod client;
mod clients;
pub mod compile;
mod directory;
pub mod directory_health;
mod governing;
mod identity_provider;
pub mod input;
pub mod judgement;
mod memory;
pub mod names;
mod people;
pub mod policy;
#[cfg(test)]
mod properties;
pub mod rate;
pub mod reach;
pub mod redirect_uri;
mod refusal;
pub mod revision;
mod roles;
pub mod rotation;
mod selector;
mod server;
mod share;
pub mod snapshot;
#[cfg(test)]
mod tests;
mod two_factor;
mod user_store;
pub mod verdict;
mod world;

pub use compile::compile;
pub use share::share;
