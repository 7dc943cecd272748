//! `nauthera serve`: the server on its real settings.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `serve` logs unless told.
pub const DEFAULT_LOG: &str = "info";

/// Settings of `nauthera serve`: flags, or the environment.
#[derive(clap::Args, Debug)]
pub struct ServeArgs {
    /// Where the server listens
    #[arg(long, env = "NAUTHERA_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Folder of manifests that is watched
    #[arg(long, env = "NAUTHERA_MANIFESTS", value_name = "DIR")]
    pub manifests: PathBuf,
    /// Folder for generated secrets, status and, unless a database is named, the SQLite file
    #[arg(long, env = "NAUTHERA_DATA", value_name = "DIR")]
    pub data: PathBuf,
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// What kept it from starting, and what to do about it.
pub fn run(_args: ServeArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`serve` is being wired in this revision; see the change log")
}
