//! What fails while something is taken away, and what is lost: three replicas of the built `nauthera serve` on a PostgreSQL and a Redis of their own,
//! behind a load balancer, under a steady mix of requests. Each scenario prints its table: `cargo test --test faults -- --nocapture`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod cluster;
mod invariants;
mod load;
#[allow(dead_code)]
#[path = "../it/support/postgres.rs"]
mod postgres;
#[allow(dead_code)]
#[path = "../it/support/process.rs"]
mod process;
#[allow(dead_code)]
#[path = "../it/support/redis.rs"]
mod redis;
mod report;
mod scenarios;
