//! Authentication rules, pure: usernames, password hashing, lock-out by back-off. Imports `oauth`.

pub mod lockout;
pub mod password;
pub mod username;
pub mod verifier;
