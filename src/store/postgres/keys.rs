//! Signing keys and the server's own symmetric keys.

use super::PostgresStore;
use super::value::{get, guarded, optional, optional_text, text, time};
use crate::store::records::KeyRecord;
use crate::store::{Keys, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;

/// Two replicas that rotate at once compute the same generation: the unique index lets one of them in.
const ADD: &str = "INSERT INTO signing_keys (kid, purpose, generation, material, created_at, active_from, retires_at, expires_at, key_id)
    SELECT $1, $2, coalesce(max(generation), 0) + 1, $3, $4, $5, $6, $7, $9 FROM signing_keys WHERE purpose = $2
    HAVING (SELECT kid FROM signing_keys WHERE purpose = $2 AND (expires_at IS NULL OR expires_at > $4) ORDER BY generation DESC LIMIT 1)
        IS NOT DISTINCT FROM $8::text
    ON CONFLICT DO NOTHING";

#[async_trait]
impl Keys for PostgresStore {
    async fn keys(&self, now: Timestamp) -> StoreResult<Vec<KeyRecord>> {
        self.within(async {
            let sql = "SELECT kid, purpose, material, created_at, active_from, retires_at, expires_at, key_id FROM signing_keys
                WHERE expires_at IS NULL OR expires_at > $1 ORDER BY purpose COLLATE \"C\", generation";
            let mut keys = Vec::new();
            for row in self.lease().await?.query(sql, &[&time(now)]).await? {
                keys.push(KeyRecord {
                    kid: text(&row, 0)?,
                    purpose: text(&row, 1)?,
                    material: get(&row, 2)?,
                    created_at: get(&row, 3)?,
                    active_from: get(&row, 4)?,
                    retires_at: get(&row, 5)?,
                    expires_at: get(&row, 6)?,
                    sealed_with: optional_text(&row, 7)?,
                });
            }
            Ok(keys)
        })
        .await
    }

    async fn add_key(&self, key: &KeyRecord, expected_newest: Option<&str>) -> StoreResult<bool> {
        self.within(async {
            let mut lease = self.lease().await?;
            let added = lease
                .execute(
                    ADD,
                    &[
                        &guarded(&key.kid),
                        &guarded(&key.purpose),
                        &key.material,
                        &time(key.created_at),
                        &time(key.active_from),
                        &key.retires_at.map(time),
                        &key.expires_at.map(time),
                        &expected_newest.map(guarded),
                        &optional(key.sealed_with.as_ref()),
                    ],
                )
                .await?;
            Ok(added == 1)
        })
        .await
    }

    async fn reseal_key(&self, key: &KeyRecord, expected: Option<&str>) -> StoreResult<bool> {
        self.within(async {
            let sql = "UPDATE signing_keys SET material = $2, key_id = $3 WHERE kid = $1 AND key_id IS NOT DISTINCT FROM $4::text";
            let resealed = self
                .lease()
                .await?
                .execute(
                    sql,
                    &[
                        &guarded(&key.kid),
                        &key.material,
                        &optional(key.sealed_with.as_ref()),
                        &expected.map(guarded),
                    ],
                )
                .await?;
            Ok(resealed == 1)
        })
        .await
    }

    async fn retire_key(&self, kid: &str, retires_at: Timestamp, expires_at: Timestamp) -> StoreResult<()> {
        self.within(async {
            let sql = "UPDATE signing_keys SET retires_at = $2, expires_at = $3 WHERE kid = $1";
            let mut lease = self.lease().await?;
            lease.execute(sql, &[&guarded(kid), &time(retires_at), &time(expires_at)]).await?;
            Ok(())
        })
        .await
    }
}
