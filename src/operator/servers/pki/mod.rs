//! An authority for each AuthServer's configuration service, and the pair of certificates that it signs, where cert-manager is not there
//! to do so.

mod issue;
mod pair;
mod plan;
#[cfg(test)]
mod tests;

pub use pair::ends;
pub use plan::{Sides, orphaned, plan};
