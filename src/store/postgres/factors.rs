//! Second factors, what stands in for them, and what was used once.

use super::value::{get, guarded, id, optional, optional_digest, optional_text, text, time};
use super::{PostgresStore, lease};
use crate::oauth::ids::{FactorId, UserId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{FactorKind, FactorRecord};
use crate::store::{Factors, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::Row;

macro_rules! select_factors {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, kind, name, material, key_id, credential, position, created_at, used_at FROM factors ",
            $rest
        )
    };
}

/// `None`: a kind that this release does not know belongs to a later one that runs beside it.
fn factor(row: &Row) -> StoreResult<Option<FactorRecord>> {
    let Some(kind) = FactorKind::parse(&text(row, 2)?) else {
        return Ok(None);
    };
    Ok(Some(FactorRecord {
        id: FactorId::new(text(row, 0)?),
        user: UserId::new(text(row, 1)?),
        kind,
        name: text(row, 3)?,
        material: get(row, 4)?,
        sealed_with: optional_text(row, 5)?,
        credential: optional_digest(row, 6)?,
        position: get(row, 7)?,
        created_at: get(row, 8)?,
        used_at: get(row, 9)?,
    }))
}

fn factors(rows: &[Row]) -> StoreResult<Vec<FactorRecord>> {
    rows.iter().filter_map(|row| factor(row).transpose()).collect()
}

#[async_trait]
impl Factors for PostgresStore {
    async fn factors(&self, user: &UserId) -> StoreResult<Vec<FactorRecord>> {
        self.within(async {
            let sql = select_factors!("WHERE user_id = $1 ORDER BY created_at, id COLLATE \"C\"");
            factors(&self.lease().await?.query(sql, &[&id(user)]).await?)
        })
        .await
    }

    async fn add_factor(&self, factor: &FactorRecord, most: u32) -> StoreResult<bool> {
        self.within(async {
            let sql = "INSERT INTO factors (id, user_id, kind, name, material, key_id, credential, position, created_at)
                SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT count(*) FROM factors WHERE user_id = $2) < $10
                ON CONFLICT (credential) DO NOTHING";
            let mut lease = self.lease().await?;
            let added = lease
                .execute(
                    sql,
                    &[
                        &id(&factor.id),
                        &id(&factor.user),
                        &factor.kind.as_str(),
                        &guarded(&factor.name),
                        &factor.material,
                        &optional(factor.sealed_with.as_ref()),
                        &factor.credential.as_ref().map(|credential| credential.as_bytes().as_slice()),
                        &factor.position,
                        &time(factor.created_at),
                        &i64::from(most),
                    ],
                )
                .await?;
            Ok(added == 1)
        })
        .await
    }

    async fn advance_factor(&self, factor: &FactorRecord, position: i64, now: Timestamp) -> StoreResult<bool> {
        self.within(async {
            let sql = "UPDATE factors SET position = $2, used_at = $3, material = $4, key_id = $5
                WHERE id = $1 AND (position < $2 OR (position = 0 AND $2 = 0))";
            let mut lease = self.lease().await?;
            let advanced = lease
                .execute(
                    sql,
                    &[
                        &id(&factor.id),
                        &position,
                        &time(now),
                        &factor.material,
                        &optional(factor.sealed_with.as_ref()),
                    ],
                )
                .await?;
            Ok(advanced == 1)
        })
        .await
    }

    async fn remove_factor(&self, user: &UserId, factor: &FactorId) -> StoreResult<bool> {
        self.within(async {
            let user = id(user);
            let mut lease = self.lease().await?;
            let transaction = lease.begin().await?;
            let sql = "DELETE FROM factors WHERE id = $1 AND user_id = $2";
            let removed = lease::execute(&transaction, sql, &[&id(factor), &user]).await?;
            if removed == 1 {
                lease::execute(&transaction, "DELETE FROM remembered_devices WHERE user_id = $1", &[&user]).await?;
                let sql = "DELETE FROM recovery_codes WHERE user_id = $1 AND NOT EXISTS (SELECT 1 FROM factors WHERE user_id = $1)";
                lease::execute(&transaction, sql, &[&user]).await?;
            }
            transaction.commit().await.map_err(|error| lease::fault(&error))?;
            lease.settled();
            Ok(removed == 1)
        })
        .await
    }

    async fn remove_all_factors(&self, user: &UserId) -> StoreResult<u64> {
        self.within(async {
            let sql = "WITH devices AS (DELETE FROM remembered_devices WHERE user_id = $1),
                    codes AS (DELETE FROM recovery_codes WHERE user_id = $1)
                DELETE FROM factors WHERE user_id = $1";
            self.lease().await?.execute(sql, &[&id(user)]).await
        })
        .await
    }

    async fn factors_sealed_otherwise(&self, key: &str, after: &FactorId, batch: u32) -> StoreResult<Vec<FactorRecord>> {
        self.within(async {
            let sql = select_factors!("WHERE key_id IS DISTINCT FROM $1 AND id COLLATE \"C\" > $2 ORDER BY id COLLATE \"C\" LIMIT $3");
            let mut lease = self.lease().await?;
            factors(&lease.query(sql, &[&guarded(key), &id(after), &i64::from(batch)]).await?)
        })
        .await
    }

    async fn reseal_factor(&self, factor: &FactorRecord, expected: &FactorRecord) -> StoreResult<bool> {
        self.within(async {
            let sql = "UPDATE factors SET material = $2, key_id = $3
                WHERE id = $1 AND material = $4 AND key_id IS NOT DISTINCT FROM $5::text";
            let mut lease = self.lease().await?;
            let resealed = lease
                .execute(
                    sql,
                    &[
                        &id(&factor.id),
                        &factor.material,
                        &optional(factor.sealed_with.as_ref()),
                        &expected.material,
                        &optional(expected.sealed_with.as_ref()),
                    ],
                )
                .await?;
            Ok(resealed == 1)
        })
        .await
    }

    async fn put_recovery_codes(&self, user: &UserId, codes: &[TokenHash]) -> StoreResult<()> {
        self.within(async {
            let user = id(user);
            let codes: Vec<&[u8]> = codes.iter().map(|code| code.as_bytes().as_slice()).collect();
            let mut lease = self.lease().await?;
            let transaction = lease.begin().await?;
            // Whoever comes at the same time waits here, so that one set of codes is left and not two.
            lease::query(&transaction, "SELECT id FROM users WHERE id = $1 FOR UPDATE", &[&user]).await?;
            lease::execute(&transaction, "DELETE FROM recovery_codes WHERE user_id = $1", &[&user]).await?;
            let sql = "INSERT INTO recovery_codes (hash, user_id) SELECT unnest($2::bytea[]), $1";
            lease::execute(&transaction, sql, &[&user, &codes]).await?;
            transaction.commit().await.map_err(|error| lease::fault(&error))?;
            lease.settled();
            Ok(())
        })
        .await
    }

    async fn use_recovery_code(&self, user: &UserId, code: &TokenHash) -> StoreResult<bool> {
        self.within(async {
            let sql = "DELETE FROM recovery_codes WHERE hash = $1 AND user_id = $2";
            let mut lease = self.lease().await?;
            Ok(lease.execute(sql, &[&code.as_bytes().as_slice(), &id(user)]).await? == 1)
        })
        .await
    }

    async fn recovery_codes_left(&self, user: &UserId) -> StoreResult<u32> {
        self.within(async {
            let sql = "SELECT count(*) FROM recovery_codes WHERE user_id = $1";
            let row = self.lease().await?.query_opt(sql, &[&id(user)]).await?;
            let left: i64 = row.as_ref().map_or(Ok(0), |row| get(row, 0))?;
            Ok(u32::try_from(left).unwrap_or(u32::MAX))
        })
        .await
    }

    async fn remember_device(&self, device: &TokenHash, user: &UserId, now: Timestamp, expires_at: Timestamp) -> StoreResult<()> {
        self.within(async {
            let sql = "INSERT INTO remembered_devices (hash, user_id, remembered_at, expires_at) VALUES ($1, $2, $3, $4)";
            let mut lease = self.lease().await?;
            lease
                .execute(sql, &[&device.as_bytes().as_slice(), &id(user), &time(now), &time(expires_at)])
                .await?;
            Ok(())
        })
        .await
    }

    async fn device_remembered_at(&self, device: &TokenHash, user: &UserId, now: Timestamp) -> StoreResult<Option<Timestamp>> {
        self.within(async {
            let sql = "SELECT remembered_at FROM remembered_devices WHERE hash = $1 AND user_id = $2 AND expires_at > $3";
            let mut lease = self.lease().await?;
            let row = lease
                .query_opt(sql, &[&device.as_bytes().as_slice(), &id(user), &time(now)])
                .await?;
            row.as_ref().map(|row| get(row, 0)).transpose()
        })
        .await
    }

    async fn forget_devices(&self, user: &UserId) -> StoreResult<()> {
        self.within(async {
            let sql = "DELETE FROM remembered_devices WHERE user_id = $1";
            self.lease().await?.execute(sql, &[&id(user)]).await?;
            Ok(())
        })
        .await
    }

    async fn use_once(&self, key: &TokenHash, expires_at: Timestamp) -> StoreResult<bool> {
        self.within(async {
            let sql = "INSERT INTO used_once (key, expires_at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
            let mut lease = self.lease().await?;
            Ok(lease.execute(sql, &[&key.as_bytes().as_slice(), &time(expires_at)]).await? == 1)
        })
        .await
    }

    async fn was_used(&self, key: &TokenHash, now: Timestamp) -> StoreResult<bool> {
        self.within(async {
            let sql = "SELECT 1 FROM used_once WHERE key = $1 AND expires_at > $2";
            let mut lease = self.lease().await?;
            let row = lease.query_opt(sql, &[&key.as_bytes().as_slice(), &time(now)]).await?;
            Ok(row.is_some())
        })
        .await
    }
}
