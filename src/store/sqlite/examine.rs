//! Looks at a file without changing it.

use crate::store::migrations::{SQLITE, pending};
use crate::store::{Examination, StoreResult};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// A file that is not there is one that will be made.
pub(super) fn run(path: &Path) -> StoreResult<Examination> {
    let mut applied: Vec<(i32, String)> = Vec::new();
    if path.exists() {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        let there = connection.table_exists(None, "schema_migrations")?;
        if there {
            applied = connection
                .prepare("SELECT version, checksum FROM schema_migrations")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
        }
    }
    let pending = pending(SQLITE, &applied)?;
    Ok(Examination {
        product: format!("SQLite {}", rusqlite::version()),
        release: 0,
        encrypted: None,
        version: applied.iter().map(|(version, _)| *version).max(),
        pending: pending.iter().map(|migration| migration.name).collect(),
        may_migrate: true,
        forbidden: Vec::new(),
        connections: None,
        read_only: false,
        clocks: None,
    })
}
