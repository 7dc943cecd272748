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

mod packaging;
mod support;
