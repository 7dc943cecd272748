//! What the tests on a real API server share.

pub mod access;
pub mod control_plane;
pub mod image;
pub mod node;
pub mod operated;
pub mod operator;
pub mod replica;
pub mod tools;
pub mod yaml;
