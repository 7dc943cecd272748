//! What the tests on a real API server share.

pub mod control_plane;
pub mod operator;
pub mod tools;
pub mod yaml;
