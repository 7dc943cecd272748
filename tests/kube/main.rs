//! Tests on a real Kubernetes API (tests/kubelab), one binary: linking is the slow part.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[allow(dead_code)]
#[path = "../e2e/support/mod.rs"]
mod e2e;
mod operator;
mod packaging;
mod platform;
#[allow(dead_code)]
#[path = "../it/support/postgres.rs"]
mod postgres;
#[allow(dead_code)]
#[path = "../it/support/process.rs"]
mod process;
mod servers;
#[allow(dead_code)]
#[path = "../it/support/slapd.rs"]
mod slapd;
mod support;
