//! Second factors, what stands in for them, and what was used once.

use super::SqliteStore;
use super::value::{Digest, Time};
use crate::oauth::ids::{FactorId, UserId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{FactorKind, FactorRecord};
use crate::store::{Factors, StoreError, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

const FACTOR: &str = "id, user_id, kind, name, material, key_id, credential, position, created_at, used_at";

fn factor(row: &Row<'_>) -> rusqlite::Result<(String, FactorRecord)> {
    let kind: String = row.get(2)?;
    let record = FactorRecord {
        id: FactorId::new(row.get::<_, String>(0)?),
        user: UserId::new(row.get::<_, String>(1)?),
        kind: FactorKind::parse(&kind).unwrap_or(FactorKind::Totp),
        name: row.get(3)?,
        material: row.get(4)?,
        sealed_with: row.get(5)?,
        credential: row.get::<_, Option<Digest>>(6)?.map(|digest| digest.0),
        position: row.get(7)?,
        created_at: row.get::<_, Time>(8)?.0,
        used_at: row.get::<_, Option<Time>>(9)?.map(|time| time.0),
    };
    Ok((kind, record))
}

/// Factors of a kind that this release does not know belong to a later one that runs beside it.
fn known(rows: impl Iterator<Item = rusqlite::Result<(String, FactorRecord)>>) -> StoreResult<Vec<FactorRecord>> {
    let mut factors = Vec::new();
    for row in rows {
        let (kind, record) = row?;
        if FactorKind::parse(&kind).is_some() {
            factors.push(record);
        }
    }
    Ok(factors)
}

#[async_trait]
impl Factors for SqliteStore {
    async fn factors(&self, user: &UserId) -> StoreResult<Vec<FactorRecord>> {
        let user = user.clone();
        self.read(move |connection| {
            let sql = format!("SELECT {FACTOR} FROM factors WHERE user_id = ?1 ORDER BY created_at, id");
            known(connection.prepare_cached(&sql)?.query_map([user.as_str()], factor)?)
        })
        .await
    }

    async fn add_factor(&self, factor: &FactorRecord, most: u32) -> StoreResult<bool> {
        let factor = factor.clone();
        self.write(move |connection| {
            let added = connection
                .prepare_cached(
                    "INSERT INTO factors (id, user_id, kind, name, material, key_id, credential, position, created_at)
                     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE (SELECT count(*) FROM factors WHERE user_id = ?2) < ?10
                     ON CONFLICT (credential) DO NOTHING",
                )?
                .execute(params![
                    factor.id.as_str(),
                    factor.user.as_str(),
                    factor.kind.as_str(),
                    factor.name,
                    factor.material,
                    factor.sealed_with,
                    factor.credential.map(Digest),
                    factor.position,
                    Time(factor.created_at),
                    most,
                ])?;
            Ok(added == 1)
        })
        .await
    }

    async fn advance_factor(&self, factor: &FactorRecord, position: i64, now: Timestamp) -> StoreResult<bool> {
        let factor = factor.clone();
        self.write(move |connection| {
            let advanced = connection
                .prepare_cached(
                    "UPDATE factors SET position = ?2, used_at = ?3, material = ?4, key_id = ?5
                     WHERE id = ?1 AND (position < ?2 OR (position = 0 AND ?2 = 0))",
                )?
                .execute(params![
                    factor.id.as_str(),
                    position,
                    Time(now),
                    factor.material,
                    factor.sealed_with
                ])?;
            Ok(advanced == 1)
        })
        .await
    }

    async fn remove_factor(&self, user: &UserId, id: &FactorId) -> StoreResult<bool> {
        let (user, id) = (user.clone(), id.clone());
        self.write(move |connection| {
            let removed = connection
                .prepare_cached("DELETE FROM factors WHERE id = ?1 AND user_id = ?2")?
                .execute([id.as_str(), user.as_str()])?;
            if removed == 1 {
                forget(connection, &user)?;
                connection
                    .prepare_cached(
                        "DELETE FROM recovery_codes WHERE user_id = ?1 AND NOT EXISTS (SELECT 1 FROM factors WHERE user_id = ?1)",
                    )?
                    .execute([user.as_str()])?;
            }
            Ok(removed == 1)
        })
        .await
    }

    async fn remove_all_factors(&self, user: &UserId) -> StoreResult<u64> {
        let user = user.clone();
        self.write(move |connection| {
            forget(connection, &user)?;
            connection
                .prepare_cached("DELETE FROM recovery_codes WHERE user_id = ?1")?
                .execute([user.as_str()])?;
            let removed = connection
                .prepare_cached("DELETE FROM factors WHERE user_id = ?1")?
                .execute([user.as_str()])?;
            Ok(u64::try_from(removed).unwrap_or(u64::MAX))
        })
        .await
    }

    async fn factors_sealed_otherwise(&self, key: &str, after: &FactorId, batch: u32) -> StoreResult<Vec<FactorRecord>> {
        let (key, after) = (key.to_owned(), after.clone());
        self.read(move |connection| {
            let sql = format!("SELECT {FACTOR} FROM factors WHERE key_id IS NOT ?1 AND id > ?2 ORDER BY id LIMIT ?3");
            known(
                connection
                    .prepare_cached(&sql)?
                    .query_map(params![key, after.as_str(), batch], factor)?,
            )
        })
        .await
    }

    async fn reseal_factor(&self, factor: &FactorRecord, expected: &FactorRecord) -> StoreResult<bool> {
        let (factor, expected) = (factor.clone(), expected.clone());
        self.write(move |connection| {
            let resealed = connection
                .prepare_cached("UPDATE factors SET material = ?2, key_id = ?3 WHERE id = ?1 AND material = ?4 AND key_id IS ?5")?
                .execute(params![
                    factor.id.as_str(),
                    factor.material,
                    factor.sealed_with,
                    expected.material,
                    expected.sealed_with
                ])?;
            Ok(resealed == 1)
        })
        .await
    }

    async fn put_recovery_codes(&self, user: &UserId, codes: &[TokenHash]) -> StoreResult<()> {
        let (user, codes) = (user.clone(), codes.to_vec());
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM recovery_codes WHERE user_id = ?1")?
                .execute([user.as_str()])?;
            let mut statement = connection.prepare_cached("INSERT INTO recovery_codes (hash, user_id) VALUES (?1, ?2)")?;
            for code in codes {
                statement.execute(params![Digest(code), user.as_str()])?;
            }
            Ok(())
        })
        .await
    }

    async fn use_recovery_code(&self, user: &UserId, code: &TokenHash) -> StoreResult<bool> {
        let (user, code) = (user.clone(), *code);
        self.write(move |connection| {
            let used = connection
                .prepare_cached("DELETE FROM recovery_codes WHERE hash = ?1 AND user_id = ?2")?
                .execute(params![Digest(code), user.as_str()])?;
            Ok(used == 1)
        })
        .await
    }

    async fn recovery_codes_left(&self, user: &UserId) -> StoreResult<u32> {
        let user = user.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT count(*) FROM recovery_codes WHERE user_id = ?1")?;
            Ok(statement.query_row([user.as_str()], |row| row.get(0))?)
        })
        .await
    }

    async fn remember_device(&self, device: &TokenHash, user: &UserId, now: Timestamp, expires_at: Timestamp) -> StoreResult<()> {
        let (device, user) = (*device, user.clone());
        self.write(move |connection| {
            connection
                .prepare_cached("INSERT INTO remembered_devices (hash, user_id, remembered_at, expires_at) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![Digest(device), user.as_str(), Time(now), Time(expires_at)])?;
            Ok(())
        })
        .await
    }

    async fn device_remembered_at(&self, device: &TokenHash, user: &UserId, now: Timestamp) -> StoreResult<Option<Timestamp>> {
        let (device, user) = (*device, user.clone());
        self.read(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT remembered_at FROM remembered_devices WHERE hash = ?1 AND user_id = ?2 AND expires_at > ?3")?;
            let at: Option<Time> = statement
                .query_row(params![Digest(device), user.as_str(), Time(now)], |row| row.get(0))
                .optional()?;
            Ok(at.map(|at| at.0))
        })
        .await
    }

    async fn forget_devices(&self, user: &UserId) -> StoreResult<()> {
        let user = user.clone();
        self.write(move |connection| forget(connection, &user)).await
    }

    async fn use_once(&self, key: &TokenHash, expires_at: Timestamp) -> StoreResult<bool> {
        let key = *key;
        self.write(move |connection| {
            let first = connection
                .prepare_cached("INSERT INTO used_once (key, expires_at) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING")?
                .execute(params![Digest(key), Time(expires_at)])?;
            Ok(first == 1)
        })
        .await
    }

    async fn was_used(&self, key: &TokenHash, now: Timestamp) -> StoreResult<bool> {
        let key = *key;
        self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT 1 FROM used_once WHERE key = ?1 AND expires_at > ?2")?;
            Ok(statement.exists(params![Digest(key), Time(now)])?)
        })
        .await
    }
}

fn forget(connection: &Connection, user: &UserId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM remembered_devices WHERE user_id = ?1")?
        .execute([user.as_str()])?;
    Ok(())
}
