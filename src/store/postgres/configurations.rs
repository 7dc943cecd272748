//! The configuration that was in force last.

use super::PostgresStore;
use super::value::{get, guarded, text, time};
use crate::store::records::{ConfigurationRecord, ConfigurationStanding};
use crate::store::{Configurations, StoreResult};
use async_trait::async_trait;
use tokio_postgres::Row;

/// Of two replicas that write at once, the one with the later position stays, whoever is first.
const PUT: &str =
    "INSERT INTO configurations (server, fence, sequence, revision, key_id, sealed, saved_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (server) DO UPDATE
        SET fence = $2, sequence = $3, revision = $4, key_id = $5, sealed = $6, saved_at = $7
        WHERE (configurations.fence, configurations.sequence) <= ($2, $3)";

fn standing(row: &Row) -> StoreResult<ConfigurationStanding> {
    Ok(ConfigurationStanding {
        server: text(row, 0)?,
        fence: ConfigurationStanding::counted(get(row, 1)?)?,
        sequence: ConfigurationStanding::counted(get(row, 2)?)?,
        revision: text(row, 3)?,
        key_id: text(row, 4)?,
    })
}

#[async_trait]
impl Configurations for PostgresStore {
    async fn configuration(&self, server: &str) -> StoreResult<Option<ConfigurationRecord>> {
        self.within(async {
            let sql = "SELECT server, fence, sequence, revision, key_id, sealed, saved_at FROM configurations WHERE server = $1";
            let Some(row) = self.lease().await?.query_opt(sql, &[&guarded(server)]).await? else {
                return Ok(None);
            };
            Ok(Some(ConfigurationRecord {
                standing: standing(&row)?,
                sealed: get(&row, 5)?,
                saved_at: get(&row, 6)?,
            }))
        })
        .await
    }

    async fn configuration_standing(&self, server: &str) -> StoreResult<Option<ConfigurationStanding>> {
        self.within(async {
            let sql = "SELECT server, fence, sequence, revision, key_id FROM configurations WHERE server = $1";
            let row = self.lease().await?.query_opt(sql, &[&guarded(server)]).await?;
            row.as_ref().map(standing).transpose()
        })
        .await
    }

    async fn put_configuration(&self, record: &ConfigurationRecord) -> StoreResult<bool> {
        self.within(async {
            let standing = &record.standing;
            let put = self
                .lease()
                .await?
                .execute(
                    PUT,
                    &[
                        &guarded(&standing.server),
                        &ConfigurationStanding::count(standing.fence)?,
                        &ConfigurationStanding::count(standing.sequence)?,
                        &guarded(&standing.revision),
                        &guarded(&standing.key_id),
                        &record.sealed,
                        &time(record.saved_at),
                    ],
                )
                .await?;
            Ok(put == 1)
        })
        .await
    }
}
