//! Authentication rules, pure: password hashing parameters, lock-out by back-off. Imports `oauth`.
