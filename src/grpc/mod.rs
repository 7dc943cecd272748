//! The config service: how the operator configures the replicas. The server runs in `nauthera serve`, the client in the operator.
//!
//! Each proves by its certificate to be the one that the other expects: not everyone whom the same authority signed may speak.

pub mod client;
mod connection;
mod crowd;
pub mod identity;
mod listener;
mod peer;
mod refusals;
pub mod server;
mod service;
