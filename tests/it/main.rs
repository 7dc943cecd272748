//! Integration tests, one binary: linking is the slow part.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod account_pages;
mod actix_behaviour;
mod actors;
mod backchannel_logout;
mod bad_input;
mod cache;
mod check_command;
mod config_service;
mod directory;
mod doctor_command;
mod file_source;
mod import_rules;
mod keys_command;
mod login_flow;
mod migrate_command;
mod operated;
mod rate_limits;
mod rate_limits_shared;
mod redis_server;
mod run;
mod second_factors;
mod serve;
mod slow_callers;
mod store_conformance;
mod support;
mod swap;
mod token_endpoint;
mod upstream;
mod user_command;
mod webhook;
