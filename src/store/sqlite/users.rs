//! People and their passwords.

use super::SqliteStore;
use super::value::{Digest, Json, Time};
use crate::oauth::attributes::Attributes;
use crate::oauth::ids::{UserId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::store::declared::{self, KnownUser, external_digest, name_digest};
use crate::store::records::{Origin, PasswordRecord, UserProfile, UserRecord};
use crate::store::{ADDRESSEES, StoreResult, Users};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashSet;

pub(super) const USER: &str = "id, store, username, email, email_verified, display_name, given_name, family_name, groups, disabled, updated_at,
    attributes, (SELECT external_id FROM directory_people p WHERE p.user_id = users.id), (SELECT checked_at FROM directory_people p WHERE p.user_id = users.id)";
/// Where `declared` and `own` are when they come after these.
pub(super) const DECLARED: usize = 14;

pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<UserRecord> {
    Ok(UserRecord {
        id: UserId::new(row.get::<_, String>(0)?),
        store: UserStoreId::new(row.get::<_, String>(1)?),
        profile: UserProfile {
            username: row.get(2)?,
            email: row.get(3)?,
            email_verified: row.get(4)?,
            display_name: row.get(5)?,
            given_name: row.get(6)?,
            family_name: row.get(7)?,
            attributes: row.get::<_, Json<Attributes>>(11)?.0,
            groups: row.get::<_, Json<Vec<String>>>(8)?.0,
            disabled: row.get(9)?,
        },
        updated_at: row.get::<_, Time>(10)?.0,
        origin: match (row.get(12)?, row.get::<_, Option<Time>>(13)?) {
            (Some(external_id), Some(Time(checked_at))) => Some(Origin { external_id, checked_at }),
            _ => None,
        },
    })
}

#[async_trait]
impl Users for SqliteStore {
    async fn put_declared_users(&self, store: &UserStoreId, users: &[UserProfile], now: Timestamp) -> StoreResult<Vec<UserRecord>> {
        let (store, users) = (store.clone(), users.to_vec());
        self.write(move |connection| put_declared(connection, &store, &users, now)).await
    }

    async fn put_directory_user(
        &self,
        store: &UserStoreId,
        external_id: &str,
        profile: &UserProfile,
        now: Timestamp,
    ) -> StoreResult<UserRecord> {
        let (store, external_id, profile) = (store.clone(), external_id.to_owned(), profile.clone());
        self.write(move |connection| put_from_directory(connection, store, external_id, profile, now))
            .await
    }

    async fn directory_user(&self, store: &UserStoreId, external_id: &str) -> StoreResult<Option<UserRecord>> {
        let (store, id) = (store.clone(), external_digest(external_id));
        self.read(move |connection| find(connection, &store, Digest(id), user)).await
    }

    async fn users_by_verified_email(&self, stores: &[UserStoreId], email: &str) -> StoreResult<Vec<UserRecord>> {
        let (stores, email) = (stores.to_vec(), email.to_ascii_lowercase());
        self.read(move |connection| {
            let sql = format!(
                "SELECT {USER} FROM users WHERE lower(email) = ?1 AND email_verified = 1
                 AND store IN (SELECT value FROM json_each(?2)) ORDER BY id LIMIT ?3"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![email, Json(&stores), ADDRESSEES], user)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn link_user(&self, provider: &UserStoreId, external_id: &str, user: &UserId, now: Timestamp) -> StoreResult<UserId> {
        let (provider, external_id, user) = (provider.clone(), external_id.to_owned(), user.clone());
        self.write(move |connection| {
            let digest = external_digest(&external_id);
            connection
                .prepare_cached(
                    "INSERT INTO identity_links (provider, digest, external_id, user_id, linked_at) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (provider, digest) DO NOTHING",
                )?
                .execute(params![provider.as_str(), Digest(digest), external_id, user.as_str(), Time(now)])?;
            let mut statement = connection.prepare_cached("SELECT user_id FROM identity_links WHERE provider = ?1 AND digest = ?2")?;
            let linked: String = statement.query_row(params![provider.as_str(), Digest(digest)], |row| row.get(0))?;
            Ok(UserId::new(linked))
        })
        .await
    }

    async fn linked_user(&self, provider: &UserStoreId, external_id: &str) -> StoreResult<Option<UserRecord>> {
        let (provider, digest) = (provider.clone(), external_digest(external_id));
        self.read(move |connection| {
            let sql =
                format!("SELECT {USER} FROM users WHERE id = (SELECT user_id FROM identity_links WHERE provider = ?1 AND digest = ?2)");
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_row(params![provider.as_str(), Digest(digest)], user).optional()?)
        })
        .await
    }

    async fn user(&self, id: &UserId) -> StoreResult<Option<UserRecord>> {
        let id = id.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&format!("SELECT {USER} FROM users WHERE id = ?1"))?;
            Ok(statement.query_row([id.as_str()], user).optional()?)
        })
        .await
    }

    async fn user_by_name(&self, store: &UserStoreId, username: &str) -> StoreResult<Option<UserRecord>> {
        let (store, name) = (store.clone(), name_digest(username));
        self.read(move |connection| find(connection, &store, Digest(name), user)).await
    }

    async fn password(&self, id: &UserId) -> StoreResult<Option<PasswordRecord>> {
        let id = id.clone();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT hash, declared_hash, changed_at, must_change FROM passwords WHERE user_id = ?1")?;
            let password = statement.query_row([id.as_str()], |row| {
                Ok(PasswordRecord {
                    hash: row.get(0)?,
                    declared_hash: row.get(1)?,
                    changed_at: row.get::<_, Time>(2)?.0,
                    must_change: row.get(3)?,
                })
            });
            Ok(password.optional()?)
        })
        .await
    }

    async fn replace_password(
        &self,
        id: &UserId,
        expected: Option<&PasswordRecord>,
        password: &PasswordRecord,
        ended_at: Option<Timestamp>,
    ) -> StoreResult<bool> {
        let (id, expected, password) = (id.clone(), expected.cloned(), password.clone());
        self.write(move |connection| {
            let replaced = match &expected {
                None => add_password(connection, &id, &password)?,
                Some(expected) => {
                    connection
                        .prepare_cached(
                            "UPDATE passwords SET hash = ?2, declared_hash = ?3, changed_at = ?4, must_change = ?5
                             WHERE user_id = ?1 AND hash = ?6 AND changed_at = ?7",
                        )?
                        .execute(params![
                            id.as_str(),
                            password.hash,
                            password.declared_hash,
                            Time(password.changed_at),
                            password.must_change,
                            expected.hash,
                            Time(expected.changed_at),
                        ])?
                        == 1
                }
            };
            if let Some(now) = ended_at.filter(|_| replaced) {
                end(connection, &id, now)?;
            }
            Ok(replaced)
        })
        .await
    }
}

/// Whether there was none before.
pub(super) fn add_password(connection: &Connection, id: &UserId, password: &PasswordRecord) -> StoreResult<bool> {
    let added = connection
        .prepare_cached(
            "INSERT INTO passwords (user_id, hash, declared_hash, changed_at, must_change) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (user_id) DO NOTHING",
        )?
        .execute(params![
            id.as_str(),
            password.hash,
            password.declared_hash,
            Time(password.changed_at),
            password.must_change
        ])?;
    Ok(added == 1)
}

pub(super) fn find<T>(
    connection: &Connection,
    store: &UserStoreId,
    name: Digest,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> StoreResult<Option<T>> {
    let sql = format!("SELECT {USER}, declared, own FROM users WHERE store = ?1 AND name_digest = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row(params![store.as_str(), name], read).optional()?)
}

fn known(row: &Row<'_>) -> rusqlite::Result<KnownUser> {
    Ok(KnownUser {
        record: user(row)?,
        declared: row.get(DECLARED)?,
        own: row.get(DECLARED + 1)?,
    })
}

fn put_declared(connection: &Connection, store: &UserStoreId, users: &[UserProfile], now: Timestamp) -> StoreResult<Vec<UserRecord>> {
    let mut all: Vec<KnownUser> = connection
        .prepare_cached(&format!(
            "SELECT {USER}, declared, own FROM users WHERE store = ?1 AND declared = 1"
        ))?
        .query_map([store.as_str()], known)?
        .collect::<rusqlite::Result<_>>()?;
    let mut names: HashSet<_> = all.iter().map(|user| name_digest(&user.record.profile.username)).collect();
    for name in users.iter().map(|profile| name_digest(&profile.username)) {
        if names.insert(name) {
            all.extend(find(connection, store, Digest(name), known)?);
        }
    }
    let plan = declared::plan(store, all, users, now, declared::new_subject)?;
    for record in &plan.write {
        write(connection, record, name_digest(&record.profile.username), true)?;
    }
    for id in &plan.drop {
        connection
            .prepare_cached("UPDATE users SET disabled = 1, declared = 0, updated_at = ?2 WHERE id = ?1")?
            .execute(params![id.as_str(), Time(now)])?;
    }
    for id in &plan.end {
        end(connection, id, now)?;
    }
    Ok(plan.answer)
}

/// Ends what a user had.
pub(super) fn end(connection: &Connection, id: &UserId, now: Timestamp) -> StoreResult<()> {
    connection
        .prepare_cached("DELETE FROM sessions WHERE user_id = ?1")?
        .execute([id.as_str()])?;
    // Whoever is out, or whose password is another, is asked for everything again.
    connection
        .prepare_cached("DELETE FROM remembered_devices WHERE user_id = ?1")?
        .execute([id.as_str()])?;
    connection
        .prepare_cached("DELETE FROM codes WHERE user_id = ?1 AND consumed_at IS NULL")?
        .execute([id.as_str()])?;
    connection
        .prepare_cached("UPDATE grants SET ended_at = ?2 WHERE user_id = ?1 AND ended_at IS NULL")?
        .execute(params![id.as_str(), Time(now)])?;
    Ok(())
}

fn put_from_directory(
    connection: &Connection,
    store: UserStoreId,
    external_id: String,
    profile: UserProfile,
    now: Timestamp,
) -> StoreResult<UserRecord> {
    let digest = external_digest(&external_id);
    let known = find(connection, &store, Digest(digest), user)?;
    let is_same = known.as_ref().is_some_and(|known| known.profile == profile);
    let (id, updated_at, checked_at) = match known {
        Some(known) => {
            let updated_at = if is_same { known.updated_at } else { now };
            let checked_before = known.origin.map_or(now, |origin| origin.checked_at);
            (known.id, updated_at, checked_before.max(now))
        }
        None => (declared::new_subject()?, now, now),
    };
    let record = UserRecord {
        id,
        store,
        profile,
        updated_at,
        origin: Some(Origin { external_id, checked_at }),
    };
    if !is_same {
        write(connection, &record, digest, false)?;
    }
    let origin = "INSERT INTO directory_people (user_id, external_id, checked_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (user_id) DO UPDATE SET checked_at = excluded.checked_at";
    connection.prepare_cached(origin)?.execute(params![
        record.id.as_str(),
        record.origin.as_ref().map(|origin| &origin.external_id),
        Time(checked_at)
    ])?;
    if record.profile.disabled {
        end(connection, &record.id, now)?;
    }
    Ok(record)
}

pub(super) fn write(connection: &Connection, record: &UserRecord, name: TokenHash, declared: bool) -> StoreResult<()> {
    let profile = &record.profile;
    connection
        .prepare_cached(
            "INSERT INTO users (id, store, name_digest, username, email, email_verified, display_name, given_name, family_name,
                groups, disabled, declared, updated_at, attributes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13, ?12, ?14)
             ON CONFLICT (id) DO UPDATE SET username = excluded.username, email = excluded.email,
                email_verified = excluded.email_verified, display_name = excluded.display_name, given_name = excluded.given_name,
                family_name = excluded.family_name, groups = excluded.groups, disabled = excluded.disabled, declared = excluded.declared,
                updated_at = excluded.updated_at, attributes = excluded.attributes",
        )?
        .execute(params![
            record.id.as_str(),
            record.store.as_str(),
            Digest(name),
            profile.username,
            profile.email,
            profile.email_verified,
            profile.display_name,
            profile.given_name,
            profile.family_name,
            Json(&profile.groups),
            profile.disabled,
            Time(record.updated_at),
            declared,
            Json(&profile.attributes),
        ])?;
    Ok(())
}
