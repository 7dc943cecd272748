//! What several tests share.

pub mod platform;
