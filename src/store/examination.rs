//! What a store is like, looked at without changing it.

use jiff::Timestamp;

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// Which database, and its release: `PostgreSQL 15.18`
    pub product: String,
    /// Its release as a number, such as 15; 0 if that does not matter
    pub release: u32,
    /// Whether the connection is encrypted; `None` if there is none
    pub encrypted: Option<bool>,
    /// The version of the schema; `None` if there is no schema yet
    pub version: Option<i32>,
    /// The migrations that this release would run, in order
    pub pending: Vec<&'static str>,
    /// Whether the role may run them
    pub may_migrate: bool,
    /// Tables whose rows the role may not all read, write and delete
    pub forbidden: Vec<String>,
    /// Most connections that the database takes; `None` if that does not matter
    pub connections: Option<u32>,
    /// It takes no writes: a standby
    pub read_only: bool,
    /// The database's own clock, and this machine's in the same moment
    pub clocks: Option<(Timestamp, Timestamp)>,
}
