//! Looks at a database without changing it.

use super::connect::Connector;
use super::lease::fault;
use crate::store::migrations::{POSTGRES, pending};
use crate::store::{Examination, StoreError, StoreResult};
use jiff::Timestamp;
use tokio_postgres::{Client, Config, Error};

const SERVER: &str =
    "SELECT current_setting('server_version'), current_setting('server_version_num')::int4, current_setting('max_connections')::int4,
    pg_is_in_recovery(), clock_timestamp(), coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
    to_regclass('schema_migrations') IS NOT NULL,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), has_database_privilege(current_database(), 'CREATE'))";

/// Tables beside `schema_migrations` whose rows the role may not all use.
const FORBIDDEN: &str = "SELECT c.relname::text FROM pg_class c
    WHERE c.relkind = 'r' AND c.relname <> 'schema_migrations'
        AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'schema_migrations'::regclass)
        AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
            AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
    ORDER BY 1";

/// Within the deadline of an act.
pub(super) async fn run(connector: &Connector, config: &Config) -> StoreResult<Examination> {
    let patience = connector.deadline();
    let look = async {
        let (client, driver) = connector.open(config, true).await.map_err(|error| fault(&error))?;
        let examined = examine(&client).await;
        drop(client);
        let _ = driver.await;
        examined
    };
    tokio::time::timeout(patience, look)
        .await
        .map_err(|_| StoreError::Unavailable(format!("it did not answer within {patience:?}")))?
}

async fn examine(client: &Client) -> StoreResult<Examination> {
    let seen = look(client).await.map_err(|error| fault(&error))?;
    let pending = pending(POSTGRES, &seen.applied)?;
    Ok(Examination {
        version: seen.applied.iter().map(|(version, _)| *version).max(),
        pending: pending.iter().map(|migration| migration.name).collect(),
        ..seen.examination
    })
}

struct Seen {
    examination: Examination,
    applied: Vec<(i32, String)>,
}

async fn look(client: &Client) -> Result<Seen, Error> {
    let before = Timestamp::now();
    let row = client.query_one(SERVER, &[]).await?;
    // In the middle of the way there and back.
    let here = before + Timestamp::now().duration_since(before) / 2;
    let release: i32 = row.try_get(1)?;
    let connections: i32 = row.try_get(2)?;
    let has_schema: bool = row.try_get(6)?;
    let (mut applied, mut forbidden) = (Vec::new(), Vec::new());
    if has_schema {
        for row in client.query("SELECT version, checksum FROM schema_migrations", &[]).await? {
            applied.push((row.try_get(0)?, row.try_get(1)?));
        }
        for row in client.query(FORBIDDEN, &[]).await? {
            forbidden.push(row.try_get(0)?);
        }
    }
    Ok(Seen {
        examination: Examination {
            product: format!("PostgreSQL {}", row.try_get::<_, String>(0)?),
            release: u32::try_from(release / 10_000).unwrap_or_default(),
            encrypted: Some(row.try_get(5)?),
            version: None,
            pending: Vec::new(),
            may_migrate: row.try_get(7)?,
            forbidden,
            connections: u32::try_from(connections).ok(),
            read_only: row.try_get(3)?,
            clocks: Some((row.try_get(4)?, here)),
        },
        applied,
    })
}
