//! What a sweep deletes, in every database.

use jiff::Timestamp;
use std::time::Duration;

/// A table that is swept.
pub(super) struct SweptTable {
    /// Its name
    pub table: &'static str,
    /// Its primary key
    pub key: &'static str,
    /// The time after which a row goes
    pub column: &'static str,
}

const fn swept(table: &'static str, key: &'static str, column: &'static str) -> SweptTable {
    SweptTable { table, key, column }
}

/// In this order. Tokens go before their grants, so that a batch of grants seldom takes many rows along at once.
pub(super) const SWEPT: &[SweptTable] = &[
    swept("sessions", "id", "expires_at"),
    swept("codes", "hash", "forget_at"),
    swept("refresh_tokens", "hash", "expires_at"),
    swept("grants", "id", "expires_at"),
    swept("revoked_tokens", "jti_digest", "expires_at"),
    swept("reference_tokens", "hash", "expires_at"),
    swept("signing_keys", "kid", "expires_at"),
    swept("failed_logins", "key", "expires_at"),
    swept("remembered_devices", "hash", "expires_at"),
    swept("used_once", "key", "expires_at"),
    swept("logouts", "id", "forget_at"),
    swept("upstream_departures", "key", "expires_at"),
    swept("leases", "name", "expires_at"),
    swept("audit", "seq", "at"),
];

impl SweptTable {
    /// Rows with a time up to this one go.
    pub(super) fn until(&self, now: Timestamp, audit_retention: Duration) -> Timestamp {
        if self.table == "audit" {
            now.saturating_sub(audit_retention).unwrap_or(Timestamp::MIN)
        } else {
            now
        }
    }
}
