//! The embedded store: one file (or memory), one writer, several readers. For `nauthera dev` and a single node.
//!
//! A commit waits for the disk (`synchronous = FULL`): an acknowledged rotation of a refresh token must survive a power cut, or an
//! honest client's next refresh would look like theft. Acts that wait at the same time share one commit.

mod audit;
mod codes;
mod configurations;
mod consents;
mod examine;
mod factors;
mod failed_logins;
mod grants;
mod housekeeping;
mod keys;
mod lane;
mod local_people;
mod logouts;
mod migrate;
mod origins;
mod revocations;
mod sessions;
mod users;
mod value;

use super::{DEFAULT_AUDIT_RETENTION, DEFAULT_DEADLINE, Examination, Migrated, Notices, StoreError, StoreResult};
use lane::Lane;
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;

/// How many threads read a file.
const READERS: usize = 3;
/// How long a statement waits for another process that holds the file's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Settings that are seldom changed.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// An act that was not answered by then is [`StoreError::Unavailable`]
    pub deadline: Duration,
    /// How long the audit trail is kept
    pub audit_retention: Duration,
    /// Is told the text of each statement that runs, without its values
    pub on_statement: Option<fn(&str)>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            deadline: DEFAULT_DEADLINE,
            audit_retention: DEFAULT_AUDIT_RETENTION,
            on_statement: None,
        }
    }
}

/// A store in an SQLite database.
#[derive(Clone)]
pub struct SqliteStore {
    reader: Lane,
    writer: Lane,
    /// Never sends: a file has one server
    notices: watch::Sender<Notices>,
    audit_retention: Duration,
}

impl SqliteStore {
    /// Opens the file, which is made (readable by its owner only) and brought up to date if need be. Blocks shortly: call it at start.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the file cannot be opened or another process holds its lock for too long,
    /// [`StoreError::Corrupt`] if it is not a database, or one of a newer release.
    pub fn open(path: impl AsRef<Path>) -> StoreResult<Self> {
        Self::open_with(path, &SqliteOptions::default())
    }

    /// Brings the file's schema up to date, and no more. Blocks shortly.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn migrate(path: impl AsRef<Path>) -> StoreResult<Migrated> {
        let (connection, _) = open_file(path.as_ref(), &SqliteOptions::default())?;
        migrate::run(&connection)
    }

    /// Looks at the file without changing it; one that is not there is fine. Blocks shortly.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn examine(path: impl AsRef<Path>) -> StoreResult<Examination> {
        examine::run(path.as_ref())
    }

    /// Opens the file with other settings than the usual ones.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &SqliteOptions) -> StoreResult<Self> {
        let (writer, path) = open_file(path.as_ref(), options)?;
        migrate::run(&writer)?;
        let readers = (0..READERS)
            .map(|_| connect_reader(&path, options))
            .collect::<StoreResult<Vec<_>>>()?;
        Ok(Self {
            reader: Lane::of_readers(readers, options.deadline)?,
            writer: Lane::of_writer(writer, options.deadline)?,
            notices: watch::Sender::default(),
            audit_retention: options.audit_retention,
        })
    }

    /// A store that is gone with the process, for tests.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if a thread cannot be started.
    pub fn in_memory() -> StoreResult<Self> {
        let connection = Connection::open_in_memory()?;
        set_up(&connection)?;
        migrate::run(&connection)?;
        // Memory belongs to one connection: it reads and writes.
        let writer = Lane::of_writer(connection, DEFAULT_DEADLINE)?;
        Ok(Self {
            reader: writer.clone(),
            writer,
            notices: watch::Sender::default(),
            audit_retention: DEFAULT_AUDIT_RETENTION,
        })
    }

    /// Runs an act that only reads, with one statement.
    async fn read<T, F>(&self, act: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        self.reader.run(act).await
    }

    /// Runs an act in a transaction: all of it happens, or, on an error, nothing.
    async fn write<T, F>(&self, act: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        self.writer.run(act).await
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

/// A connection that writes, and the file's absolute path. The file is made if it is not there.
fn open_file(path: &Path, options: &SqliteOptions) -> StoreResult<(Connection, PathBuf)> {
    let unavailable = |error: std::io::Error| StoreError::Unavailable(format!("{} cannot be opened: {error}", path.display()));
    make_private(path).map_err(unavailable)?;
    // An absolute path is never one of the names that SQLite reads otherwise (`:memory:`, `file:…`).
    let path = path.canonicalize().map_err(unavailable)?;
    let writer = connect(&path, options)?;
    set_up_file(&writer)?;
    Ok((writer, path))
}

/// The file holds keys and password hashes: SQLite gives its side files (`-wal`, `-shm`) the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

fn connect(path: &Path, options: &SqliteOptions) -> StoreResult<Connection> {
    let mut connection = Connection::open(path)?;
    if let Some(told) = options.on_statement {
        let tell = move |event: TraceEvent<'_>| {
            if let TraceEvent::Stmt(statement, _) = event {
                told(&statement.sql());
            }
        };
        connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(tell))?;
    }
    set_up(&connection)?;
    Ok(connection)
}

fn connect_reader(path: &Path, options: &SqliteOptions) -> StoreResult<Connection> {
    let connection = connect(path, options)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> StoreResult<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(())
}

/// Write-ahead logging, so that readers and the writer do not wait for one another. The switch ignores the busy timeout when
/// another process is opening the same fresh file, so it is tried again for as long.
fn set_up_file(connection: &Connection) -> StoreResult<()> {
    let until = std::time::Instant::now() + BUSY_TIMEOUT;
    loop {
        let switched = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match switched {
            Ok(mode) if mode == "wal" => break,
            Ok(mode) => {
                return Err(StoreError::Refused(format!(
                    "its journal mode stays {mode}; a file system that can lock is needed"
                )));
            }
            Err(error) if std::time::Instant::now() > until => return Err(error.into()),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(error.into()),
        }
    }
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    Ok(())
}
