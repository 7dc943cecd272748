//! The validating webhook: tells already at `kubectl apply` what a status would say later, in the same words. It refuses only what lies in
//! the resource itself; what may come right by itself is a warning. It never writes, and a standby answers too.
//!
//! It is an aid and no gate: policies are enforced by what is compiled, whether the API server asked here or not.

mod body;
mod review;
mod server;
mod weight;

pub use review::answer;
pub use server::{Webhook, serve};

/// Where the API server sends its questions.
pub const PATH: &str = "/validate";
