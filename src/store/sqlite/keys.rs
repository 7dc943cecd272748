//! Signing keys and the server's own symmetric keys.

use super::SqliteStore;
use super::value::Time;
use crate::store::records::KeyRecord;
use crate::store::{Keys, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

#[async_trait]
impl Keys for SqliteStore {
    async fn keys(&self, now: Timestamp) -> StoreResult<Vec<KeyRecord>> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT kid, purpose, material, created_at, active_from, retires_at, expires_at, key_id FROM signing_keys
                 WHERE expires_at IS NULL OR expires_at > ?1 ORDER BY purpose, generation",
            )?;
            let keys = statement.query_map([Time(now)], |row| {
                Ok(KeyRecord {
                    kid: row.get(0)?,
                    purpose: row.get(1)?,
                    material: row.get(2)?,
                    created_at: row.get::<_, Time>(3)?.0,
                    active_from: row.get::<_, Time>(4)?.0,
                    retires_at: row.get::<_, Option<Time>>(5)?.map(|time| time.0),
                    expires_at: row.get::<_, Option<Time>>(6)?.map(|time| time.0),
                    sealed_with: row.get(7)?,
                })
            })?;
            Ok(keys.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn add_key(&self, key: &KeyRecord, expected_newest: Option<&str>) -> StoreResult<bool> {
        let (key, expected) = (key.clone(), expected_newest.map(str::to_owned));
        self.write(move |connection| {
            let newest: Option<String> = connection
                .prepare_cached(
                    "SELECT kid FROM signing_keys WHERE purpose = ?1 AND (expires_at IS NULL OR expires_at > ?2)
                     ORDER BY generation DESC LIMIT 1",
                )?
                .query_row(params![key.purpose, Time(key.created_at)], |row| row.get(0))
                .optional()?;
            if newest != expected {
                return Ok(false);
            }
            let added = connection
                .prepare_cached(
                    "INSERT INTO signing_keys (kid, purpose, generation, material, created_at, active_from, retires_at, expires_at, key_id)
                     VALUES (?1, ?2, (SELECT coalesce(max(generation), 0) + 1 FROM signing_keys WHERE purpose = ?2), ?3, ?4, ?5, ?6, ?7, ?8)
                     ON CONFLICT (kid) DO NOTHING",
                )?
                .execute(params![
                    key.kid,
                    key.purpose,
                    key.material,
                    Time(key.created_at),
                    Time(key.active_from),
                    key.retires_at.map(Time),
                    key.expires_at.map(Time),
                    key.sealed_with,
                ])?;
            Ok(added == 1)
        })
        .await
    }

    async fn reseal_key(&self, key: &KeyRecord, expected: Option<&str>) -> StoreResult<bool> {
        let (key, expected) = (key.clone(), expected.map(str::to_owned));
        self.write(move |connection| {
            let resealed = connection
                .prepare_cached("UPDATE signing_keys SET material = ?2, key_id = ?3 WHERE kid = ?1 AND key_id IS ?4")?
                .execute(params![key.kid, key.material, key.sealed_with, expected])?;
            Ok(resealed == 1)
        })
        .await
    }

    async fn retire_key(&self, kid: &str, retires_at: Timestamp, expires_at: Timestamp) -> StoreResult<()> {
        let kid = kid.to_owned();
        self.write(move |connection| {
            connection
                .prepare_cached("UPDATE signing_keys SET retires_at = ?2, expires_at = ?3 WHERE kid = ?1")?
                .execute(params![kid, Time(retires_at), Time(expires_at)])?;
            Ok(())
        })
        .await
    }
}
