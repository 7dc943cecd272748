//! Authentication rules, pure: usernames, password hashing, which passwords may be chosen, lock-out by back-off, second factors. Imports `oauth`.

pub mod lockout;
pub mod password;
pub mod password_policy;
pub mod recovery_code;
pub mod totp;
pub mod username;
pub mod verifier;
pub mod webauthn;
