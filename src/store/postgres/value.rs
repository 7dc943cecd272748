//! How values look in PostgreSQL.

use crate::oauth::ids::{ClientId, GrantId, SessionId, UserId};
use crate::oauth::opaque::TokenHash;
use crate::oauth::scope::Scopes;
use crate::store::records::GrantRecord;
use crate::store::{StoreError, StoreResult};
use jiff::Timestamp;
use std::borrow::Cow;
use std::fmt::Display;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Json};

/// A text that PostgreSQL takes: it has no NUL, so that is written as U+0001 `0`, and U+0001 as U+0001 `1`. Any other text is as it was.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    if text.contains(['\0', '\u{1}']) {
        Cow::Owned(text.replace('\u{1}', "\u{1}1").replace('\0', "\u{1}0"))
    } else {
        Cow::Borrowed(text)
    }
}

/// [`guarded`] of an id, or of anything else that is text.
pub(super) fn id(id: &impl Display) -> String {
    guarded(&id.to_string()).into_owned()
}

/// [`guarded`], where there may be none.
pub(super) fn optional(text: Option<&String>) -> Option<Cow<'_, str>> {
    text.map(|text| guarded(text))
}

/// The text that was guarded.
pub(super) fn plain(text: String) -> String {
    if text.contains('\u{1}') {
        text.replace("\u{1}0", "\0").replace("\u{1}1", "\u{1}")
    } else {
        text
    }
}

/// Scopes as an array.
pub(super) fn scopes(scopes: &Scopes) -> Vec<Cow<'_, str>> {
    scopes.iter().map(guarded).collect()
}

/// To the microsecond, cut off and not rounded, so that a time is never later than it was.
pub(super) fn time(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// A column.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> StoreResult<T> {
    row.try_get(column).map_err(|error| super::lease::fault(&error))
}

/// A text column.
pub(super) fn text(row: &Row, column: usize) -> StoreResult<String> {
    get(row, column).map(plain)
}

/// A text column that may be null.
pub(super) fn optional_text(row: &Row, column: usize) -> StoreResult<Option<String>> {
    Ok(get::<Option<String>>(row, column)?.map(plain))
}

/// A JSON column.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &Row, column: usize) -> StoreResult<T> {
    get::<Json<T>>(row, column).map(|json| json.0)
}

/// A column with an array of scopes.
pub(super) fn scopes_at(row: &Row, column: usize) -> StoreResult<Scopes> {
    Ok(get::<Vec<String>>(row, column)?.into_iter().map(plain).collect())
}

/// A column with a digest.
pub(super) fn digest(row: &Row, column: usize) -> StoreResult<TokenHash> {
    get(row, column).and_then(hash)
}

/// A column with a digest that may be null.
pub(super) fn optional_digest(row: &Row, column: usize) -> StoreResult<Option<TokenHash>> {
    get::<Option<&[u8]>>(row, column)?.map(hash).transpose()
}

fn hash(bytes: &[u8]) -> StoreResult<TokenHash> {
    <[u8; 32]>::try_from(bytes)
        .map(TokenHash::from_bytes)
        .map_err(|_| StoreError::Corrupt("a digest has not 32 bytes".to_owned()))
}

/// Columns of a grant, for a query that names the table `g`.
macro_rules! grant_columns {
    () => {
        "g.id, g.client_id, g.user_id, g.session_id, g.offline, g.scopes, g.resources, g.auth_time, g.amr, g.created_at, g.expires_at, g.ended_at"
    };
}

/// Whether the grant `g` may still be used at the time `$1`.
macro_rules! grant_is_live {
    () => {
        "(g.ended_at IS NULL AND g.expires_at > $1
            AND EXISTS (SELECT 1 FROM users u WHERE u.id = g.user_id AND NOT u.disabled)
            AND (g.offline OR EXISTS (SELECT 1 FROM sessions s WHERE s.id = g.session_id AND s.expires_at > $1)))"
    };
}
pub(super) use {grant_columns, grant_is_live};

/// Reads the columns of a grant, the first of which is at `from`.
pub(super) fn grant(row: &Row, from: usize) -> StoreResult<GrantRecord> {
    Ok(GrantRecord {
        id: GrantId::new(text(row, from)?),
        client: ClientId::new(text(row, from + 1)?),
        user: UserId::new(text(row, from + 2)?),
        session: SessionId::new(text(row, from + 3)?),
        offline: get(row, from + 4)?,
        scopes: scopes_at(row, from + 5)?,
        resources: json(row, from + 6)?,
        auth_time: get(row, from + 7)?,
        amr: json(row, from + 8)?,
        created_at: get(row, from + 9)?,
        expires_at: get(row, from + 10)?,
        ended_at: get(row, from + 11)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn guarding_is_undone_and_leaves_no_nul(text in "[\u{0}\u{1}01a☃]{0,12}") {
            let guarded = guarded(&text).into_owned();
            prop_assert!(!guarded.contains('\0'));
            prop_assert_eq!(plain(guarded), text);
        }
    }
}
