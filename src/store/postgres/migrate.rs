//! Brings the schema up to date, under a lock that the whole cluster of replicas shares.

use super::LONG;
use super::connect::Connector;
use super::lease::fault;
use super::schema::Schema;
use crate::store::migrations::{Migrated, POSTGRES, pending};
use crate::store::{StoreError, StoreResult};
use tokio_postgres::{Client, Config};

/// `nauthera` in ASCII: the advisory lock's number.
const LOCK: i64 = 0x6e61_7574_6865_7261;

/// Waits for another replica that is at it, and then finds it done. Needs the right to create tables only if there is something to do.
pub(super) async fn run(connector: &Connector, config: &Config) -> StoreResult<Migrated> {
    let patience = connector.deadline();
    let (mut client, driver) = tokio::time::timeout(patience, connector.open(config, false))
        .await
        .map_err(|_| StoreError::Unavailable(format!("it took no connection within {patience:?}")))?
        .map_err(|error| fault(&error))?;
    let work = async {
        let outcome = migrate(&mut client, connector.schema()).await;
        // The lock goes with the connection.
        drop(client);
        let _ = driver.await;
        outcome
    };
    tokio::time::timeout(LONG, work)
        .await
        .map_err(|_| StoreError::Unavailable(format!("bringing its schema up to date took longer than {LONG:?}")))?
}

async fn migrate(client: &mut Client, schema: Option<&Schema>) -> StoreResult<Migrated> {
    steps(client, schema).await.map_err(|error| match error {
        Step::Database(error) => fault(&error),
        Step::Refused(error) => error,
    })
}

enum Step {
    Database(tokio_postgres::Error),
    Refused(StoreError),
}

impl From<tokio_postgres::Error> for Step {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

async fn steps(client: &mut Client, schema: Option<&Schema>) -> Result<Migrated, Step> {
    client.query("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    if let Some(schema) = schema {
        make_schema(client, schema).await?;
    }
    let exists: bool = client
        .query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[])
        .await?
        .try_get(0)?;
    if !exists {
        client
            .batch_execute(
                "CREATE TABLE schema_migrations (
                    version    integer     NOT NULL PRIMARY KEY,
                    name       text        NOT NULL,
                    checksum   text        NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                )",
            )
            .await?;
    }
    let mut applied = Vec::new();
    for row in client.query("SELECT version, checksum FROM schema_migrations", &[]).await? {
        applied.push((row.try_get(0)?, row.try_get(1)?));
    }
    let pending = pending(POSTGRES, &applied).map_err(Step::Refused)?;
    for migration in &pending {
        let transaction = client.transaction().await?;
        transaction.batch_execute(migration.sql).await?;
        transaction
            .execute(
                "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
                &[&migration.version, &migration.name, &migration.checksum()],
            )
            .await?;
        transaction.commit().await?;
    }
    Ok(Migrated::after(POSTGRES, &pending))
}

/// Makes the schema if it is not there. `IF NOT EXISTS` alone would need the right to make one even if there is nothing to do.
async fn make_schema(client: &Client, schema: &Schema) -> Result<(), tokio_postgres::Error> {
    let there = client
        .query_one("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", &[&schema.name()])
        .await?;
    if !there.try_get::<_, bool>(0)? {
        client
            .batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", schema.quoted()))
            .await?;
    }
    Ok(())
}
