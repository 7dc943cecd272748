//! Second factors through the real server: apps and recovery codes, policies, step-up, remembered browsers. Keys need a browser: tests/e2e has them.

mod app;
mod attacks;
mod outlived;
mod policies;
mod remembered;
pub mod walk;
