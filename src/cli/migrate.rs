//! `nauthera migrate`: the database's schema, by a role that may change it.

use super::database::PlaceArgs;
use super::{process, say};
use crate::store::migrate;
use anyhow::Context;
use std::process::ExitCode;

/// Settings of `nauthera migrate`: flags, or the environment.
///
/// `serve` does the same at its start. Run this before, as a role that may create tables, and the server's own role needs no such right.
#[derive(clap::Args, Debug)]
pub struct MigrateArgs {
    /// Which database
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Runs until it is done.
///
/// # Errors
/// What kept the database from it, and what to do about it.
pub fn run(args: &MigrateArgs) -> anyhow::Result<ExitCode> {
    let (settings, named) = args.place.settings()?;
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
