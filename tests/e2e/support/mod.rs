//! What the end-to-end tests start and drive.

pub mod browser;
pub mod platform;
pub mod process;
pub mod service;

use std::path::Path;

/// The clone's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// reqwest comes without a cryptography provider of its own; all tests share this one.
pub fn use_aws_lc() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// A port that is free now. What listens on it is started at once.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
