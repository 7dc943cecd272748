//! People whom nobody declares.

use super::SqliteStore;
use super::users::{DECLARED, USER, add_password, end, find, user, write};
use super::value::{Digest, Time};
use crate::oauth::ids::{UserId, UserStoreId};
use crate::store::declared::{self, keeper, name_digest};
use crate::store::records::{PasswordRecord, Person, UserProfile, UserRecord};
use crate::store::{LocalPeople, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

const PERSON: &str = "declared, own, coalesce((SELECT must_change FROM passwords WHERE user_id = users.id), 0)";

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    let user = user(row)?;
    Ok(Person {
        keeper: keeper(&user, row.get(DECLARED)?, row.get(DECLARED + 1)?),
        user,
        must_change: row.get(DECLARED + 2)?,
    })
}

#[async_trait]
impl LocalPeople for SqliteStore {
    async fn add_user(
        &self,
        store: &UserStoreId,
        profile: &UserProfile,
        password: &PasswordRecord,
        now: Timestamp,
    ) -> StoreResult<Option<UserRecord>> {
        let (store, profile, password) = (store.clone(), profile.clone(), password.clone());
        self.write(move |connection| {
            let name = name_digest(&profile.username);
            if find(connection, &store, Digest(name), |_| Ok(()))?.is_some() {
                return Ok(None);
            }
            let record = UserRecord {
                id: declared::new_subject()?,
                store,
                profile,
                updated_at: now,
                origin: None,
            };
            write(connection, &record, name, false)?;
            connection
                .prepare_cached("UPDATE users SET own = 1 WHERE id = ?1")?
                .execute([record.id.as_str()])?;
            add_password(connection, &record.id, &password)?;
            Ok(Some(record))
        })
        .await
    }

    async fn set_disabled(&self, id: &UserId, disabled: bool, now: Timestamp) -> StoreResult<bool> {
        let id = id.clone();
        self.write(move |connection| {
            let changed = connection
                .prepare_cached(
                    "UPDATE users SET disabled = ?2, own = 1, updated_at = ?3 WHERE id = ?1 AND declared = 0
                        AND NOT EXISTS (SELECT 1 FROM directory_people WHERE user_id = users.id)",
                )?
                .execute(params![id.as_str(), disabled, Time(now)])?
                == 1;
            if changed && disabled {
                end(connection, &id, now)?;
            }
            Ok(changed)
        })
        .await
    }

    async fn release_user(&self, id: &UserId) -> StoreResult<bool> {
        let id = id.clone();
        self.write(move |connection| {
            let mut statement = connection.prepare_cached("UPDATE users SET own = 0 WHERE id = ?1 AND own = 1")?;
            Ok(statement.execute([id.as_str()])? == 1)
        })
        .await
    }

    async fn person(&self, id: &UserId) -> StoreResult<Option<Person>> {
        let id = id.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&format!("SELECT {USER}, {PERSON} FROM users WHERE id = ?1"))?;
            Ok(statement.query_row([id.as_str()], person).optional()?)
        })
        .await
    }

    async fn people(&self, store: Option<&UserStoreId>, after: Option<&UserId>, limit: u32) -> StoreResult<Vec<Person>> {
        let (store, after) = (store.cloned(), after.cloned());
        self.read(move |connection| {
            // An index serves each form, and none that leaves a condition open.
            let within = if store.is_some() { "store = ?1" } else { "?1 IS NULL" };
            let beyond = if after.is_some() {
                "(store, substr(username, 1, 64), id) > (SELECT store, substr(username, 1, 64), id FROM users WHERE id = ?2)"
            } else {
                "?2 IS NULL"
            };
            let sql = format!(
                "SELECT {USER}, {PERSON} FROM users WHERE {within} AND {beyond} ORDER BY store, substr(username, 1, 64), id LIMIT ?3"
            );
            let (store, after) = (store.as_ref().map(UserStoreId::as_str), after.as_ref().map(UserId::as_str));
            let mut statement = connection.prepare_cached(&sql)?;
            let people = statement.query_map(params![store, after, limit], person)?;
            Ok(people.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn local_stores(&self, limit: u32) -> StoreResult<Vec<UserStoreId>> {
        self.read(move |connection| {
            let sql = "SELECT DISTINCT store FROM users
                WHERE NOT EXISTS (SELECT 1 FROM directory_people WHERE user_id = users.id) ORDER BY store LIMIT ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let stores = statement.query_map([limit], |row| Ok(UserStoreId::new(row.get::<_, String>(0)?)))?;
            Ok(stores.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}
