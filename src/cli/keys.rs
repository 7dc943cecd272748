//! `nauthera keys`: what can be done with the keys that rest in the database.

mod reseal;

use clap::Subcommand;
use std::process::ExitCode;

/// What to do with the keys.
#[derive(clap::Args, Debug)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: Keys,
}

#[derive(Subcommand, Debug)]
enum Keys {
    /// Seal everything in the database with the newest key-encryption key, so that the older ones can go
    Reseal(reseal::ResealArgs),
}

/// Does it.
///
/// # Errors
/// What kept it from that, and what to do about it.
pub fn run(args: &KeysArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        Keys::Reseal(args) => reseal::run(args),
    }
}
