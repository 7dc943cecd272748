//! A migration runs while the replicas serve: a new server starts and waits for whoever is changing the schema, as a later release will.

use super::scenario;
use crate::cluster::Cluster;
use crate::load::Load;
use crate::report::Fault;
use std::time::Instant;
use tokio_postgres::NoTls;

/// The migrations' advisory lock (`src/store/postgres/migrate.rs`).
const LOCK: &str = "SELECT pg_advisory_lock(x'6e61757468657261'::bigint)";

/// What the expanding half of a migration does to tables that are in use.
const EXPAND: &str = "
    BEGIN;
    ALTER TABLE sessions ADD COLUMN later text;
    ALTER TABLE refresh_tokens ADD COLUMN later text;
    ALTER TABLE grants ADD COLUMN later text;
    ALTER TABLE codes ADD COLUMN later text;
    ALTER TABLE consents ADD COLUMN later text NOT NULL DEFAULT '';
    CREATE TABLE of_a_later_release (id text NOT NULL PRIMARY KEY);
    COMMIT";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_fails_nothing() {
    let inflict = async |cluster: &mut Cluster, load: &Load| {
        let began = Instant::now();
        // The servers' own role may not.
        let owner = cluster.database.replacen("server@", "postgres@", 1);
        let (later, connection) = tokio_postgres::connect(&owner, NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        later.batch_execute(LOCK).await.unwrap();
        let mut another = cluster.another();
        load.world.records.succeed(30).await;
        later.batch_execute(EXPAND).await.unwrap();
        load.world.records.succeed(30).await;
        drop(later);
        driver.await.unwrap().unwrap();
        another.ready();
        let fault = Fault::since(began);
        another.ask_to_end();
        another.ended();
        fault
    };
    scenario("A migration, and a server that starts meanwhile", inflict, |_, _| false).await;
}
