//! What several tests share.

pub mod platform;
pub mod postgres;
pub mod process;
pub mod site;
