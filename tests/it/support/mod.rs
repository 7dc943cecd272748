//! What several tests share.

pub mod platform;
pub mod postgres;
pub mod process;
pub mod redis;
pub mod replica;
pub mod samba;
pub mod site;
pub mod slapd;
