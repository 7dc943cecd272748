//! `nauthera migrate`: the database's schema, by a role that may change it.

use super::database::{self, DatabaseArgs};
use super::{process, say};
use crate::store::migrate;
use anyhow::Context;
use clap::ArgGroup;
use std::path::PathBuf;
use std::process::ExitCode;

/// Settings of `nauthera migrate`: flags, or the environment.
///
/// `serve` does the same at its start. Run this before, as a role that may create tables, and the server's own role needs no such right.
#[derive(clap::Args, Debug)]
#[command(group = ArgGroup::new("place").args(["data", "database_url", "database_url_file"]).required(true).multiple(true))]
pub struct MigrateArgs {
    /// Which database
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The data folder of a server that names no database
    #[arg(long, env = "NAUTHERA_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Runs until it is done.
///
/// # Errors
/// What kept the database from it, and what to do about it.
pub fn run(args: &MigrateArgs) -> anyhow::Result<ExitCode> {
    let (settings, named) = database::settings(&args.database, &args.data.clone().unwrap_or_default())?;
    process::run(|pools| async move {
        let migrated = pools
            .spawn(async move { migrate(&settings).await })
            .await
            .context("opening the database")?;
        let migrated = migrated.with_context(|| format!("the schema cannot be brought up to date; {named}"))?;
        for name in &migrated.ran {
            say(&format!("ran {name}"));
        }
        let outcome = if migrated.ran.is_empty() {
            "was up to date"
        } else {
            "is up to date"
        };
        say(&format!("the schema {outcome}: version {}", migrated.version));
        Ok(ExitCode::SUCCESS)
    })
}
