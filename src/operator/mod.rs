//! The operator: watches in, one consistent [`World`](world::World) out, and controllers that act on it.
//!
//! One task owns the index and publishes; everything else reads. Whoever writes to the cluster or pushes to a server does so only while
//! [`Leader`](leader::Leader) says so.

pub mod api;
pub mod clients;
pub mod context;
pub mod directories;
pub mod events;
#[cfg(test)]
mod fixtures;
pub mod health;
pub mod index;
pub mod leader;
pub mod lease;
pub mod metrics;
pub mod overlay;
pub mod pauses;
pub mod replicas;
pub mod run;
pub mod servers;
pub mod settings;
pub mod status;
mod supervise;
pub mod watch;
pub mod webhook;
pub mod world;
