//! How values look in SQLite, and what its errors mean.

use crate::oauth::ids::{ClientId, GrantId, SessionId, UserId};
use crate::oauth::opaque::TokenHash;
use crate::oauth::scope::Scopes;
use crate::store::StoreError;
use crate::store::records::GrantRecord;
use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A time, as microseconds since 1970.
pub(super) struct Time(pub Timestamp);

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_microsecond().into())
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::from_microsecond(value.as_i64()?).map(Self).map_err(FromSqlError::other)
    }
}

/// A digest.
pub(super) struct Digest(pub TokenHash);

impl ToSql for Digest {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
    }
}

impl FromSql for Digest {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(|bytes| Self(TokenHash::from_bytes(bytes)))
    }
}

/// A list or an object, as JSON text.
pub(super) struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        serde_json::to_string(&self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

/// Columns of a grant, for a query that names the table `g`.
pub(super) const GRANT: &str = "g.id, g.client_id, g.user_id, g.session_id, g.offline, g.scopes, g.resources, g.auth_time, g.amr, g.created_at, g.expires_at, g.ended_at";

/// Whether the grant `g` may still be used at the time `?1`.
pub(super) const GRANT_IS_LIVE: &str = "(g.ended_at IS NULL AND g.expires_at > ?1
    AND EXISTS (SELECT 1 FROM users u WHERE u.id = g.user_id AND u.disabled = 0)
    AND (g.offline = 1 OR EXISTS (SELECT 1 FROM sessions s WHERE s.id = g.session_id AND s.expires_at > ?1)))";

/// Reads the [`GRANT`] columns, the first of which is at `from`.
pub(super) fn grant(row: &Row<'_>, from: usize) -> rusqlite::Result<GrantRecord> {
    Ok(GrantRecord {
        id: GrantId::new(row.get::<_, String>(from)?),
        client: ClientId::new(row.get::<_, String>(from + 1)?),
        user: UserId::new(row.get::<_, String>(from + 2)?),
        session: SessionId::new(row.get::<_, String>(from + 3)?),
        offline: row.get(from + 4)?,
        scopes: row.get::<_, Json<Scopes>>(from + 5)?.0,
        resources: row.get::<_, Json<Vec<String>>>(from + 6)?.0,
        auth_time: row.get::<_, Time>(from + 7)?.0,
        amr: row.get::<_, Json<Vec<String>>>(from + 8)?.0,
        created_at: row.get::<_, Time>(from + 9)?.0,
        expires_at: row.get::<_, Time>(from + 10)?.0,
        ended_at: row.get::<_, Option<Time>>(from + 11)?.map(|time| time.0),
    })
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        // rusqlite's messages name tables, columns and statements, never a bound value.
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted,
            ) => Self::Unavailable(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(text),
            Some(_) => Self::Refused(text),
            None => match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::Utf8Error(..) => Self::Corrupt(text),
                _ => Self::Refused(text),
            },
        }
    }
}
