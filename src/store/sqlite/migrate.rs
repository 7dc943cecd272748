//! Brings a file's schema up to date, in one transaction that holds the write lock: a second process waits, and finds it done.

use crate::store::StoreResult;
use crate::store::migrations::{Migrated, SQLITE, pending};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

pub(super) fn run(connection: &Connection) -> StoreResult<Migrated> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
            version    INTEGER NOT NULL PRIMARY KEY,
            name       TEXT NOT NULL,
            checksum   TEXT NOT NULL,
            applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
        ) STRICT",
    )?;
    let applied = transaction
        .prepare("SELECT version, checksum FROM schema_migrations")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(i32, String)>>>()?;
    let pending = pending(SQLITE, &applied)?;
    for migration in &pending {
        transaction.execute_batch(migration.sql)?;
        transaction.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (?1, ?2, ?3)",
            params![migration.version, migration.name, migration.checksum()],
        )?;
    }
    transaction.commit()?;
    Ok(Migrated::after(SQLITE, &pending))
}
