//! End to end: the built `nauthera dev`, a real browser, and relying parties on libraries that the project did not write.
//! `make setup` installs what these tests start.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod accessibility;
mod authenticator_app;
mod login_round;
mod passkeys;
mod passkeys_in_dev;
mod quickstart;
mod service_to_service;
mod support;
mod upstream_login;
mod without_a_mouse;
mod without_javascript;
