//! The configuration that was in force last.

use super::SqliteStore;
use super::value::Time;
use crate::store::records::{ConfigurationRecord, ConfigurationStanding};
use crate::store::{Configurations, StoreResult};
use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};

/// Of two processes that write, the one with the later position stays, whoever is first.
const PUT: &str =
    "INSERT INTO configurations (server, fence, sequence, revision, key_id, sealed, saved_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (server) DO UPDATE
        SET fence = ?2, sequence = ?3, revision = ?4, key_id = ?5, sealed = ?6, saved_at = ?7
        WHERE (fence, sequence) <= (?2, ?3)";

fn standing(row: &Row<'_>) -> StoreResult<ConfigurationStanding> {
    Ok(ConfigurationStanding {
        server: row.get(0)?,
        fence: ConfigurationStanding::counted(row.get(1)?)?,
        sequence: ConfigurationStanding::counted(row.get(2)?)?,
        revision: row.get(3)?,
        key_id: row.get(4)?,
    })
}

#[async_trait]
impl Configurations for SqliteStore {
    async fn configuration(&self, server: &str) -> StoreResult<Option<ConfigurationRecord>> {
        let server = server.to_owned();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT server, fence, sequence, revision, key_id, sealed, saved_at FROM configurations WHERE server = ?1",
            )?;
            let found = statement.query_row([server], |row| {
                Ok(standing(row).and_then(|standing| {
                    Ok(ConfigurationRecord {
                        standing,
                        sealed: row.get(5)?,
                        saved_at: row.get::<_, Time>(6)?.0,
                    })
                }))
            });
            found.optional()?.transpose()
        })
        .await
    }

    async fn configuration_standing(&self, server: &str) -> StoreResult<Option<ConfigurationStanding>> {
        let server = server.to_owned();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT server, fence, sequence, revision, key_id FROM configurations WHERE server = ?1")?;
            let found = statement.query_row([server], |row| Ok(standing(row)));
            found.optional()?.transpose()
        })
        .await
    }

    async fn put_configuration(&self, record: &ConfigurationRecord) -> StoreResult<bool> {
        let ConfigurationRecord {
            standing,
            sealed,
            saved_at,
        } = record.clone();
        let fence = ConfigurationStanding::count(standing.fence)?;
        let sequence = ConfigurationStanding::count(standing.sequence)?;
        self.write(move |connection| {
            let put = connection.prepare_cached(PUT)?.execute(params![
                standing.server,
                fence,
                sequence,
                standing.revision,
                standing.key_id,
                sealed,
                Time(saved_at)
            ])?;
            Ok(put == 1)
        })
        .await
    }
}
