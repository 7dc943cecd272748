//! What several tests share.

pub mod platform;
pub mod site;
