//! What the end-to-end tests start and drive.

pub mod browser;
pub mod pages;
pub mod platform;
pub mod process;
pub mod service;

use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};

/// The clone's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Python with the packages of these tests. From TARGET/debug/nauthera: `scripts/setup` makes the environment in cargo's target folder.
pub fn python() -> std::path::PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_nauthera")).ancestors().nth(2).unwrap();
    target.join("tools/python/bin/python")
}

/// reqwest comes without a cryptography provider of its own; all tests share this one.
pub fn use_aws_lc() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// A port that is free now and stays so until a program of this test takes it: below the range from which the system draws ports for
/// outgoing connections, and never given twice by this process.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 20_000 + u16::try_from(std::process::id() % 100).unwrap() * 100;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(port < 32_768, "no port is free below the ephemeral range");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
