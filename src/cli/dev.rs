//! `nauthera dev`: everything in one process on SQLite, with samples and a demo client.

mod banner;
mod offers;
mod places;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `dev` logs unless told: its own lines say the rest.
pub const DEFAULT_LOG: &str = "warn";

/// Flags of `nauthera dev`.
#[derive(clap::Args, Debug)]
pub struct DevArgs {
    /// Where the server listens; also its issuer. Loopback only, since it speaks plain HTTP
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Folder of manifests that is watched [default: the bundled samples]
    #[arg(long, value_name = "DIR")]
    pub manifests: Option<PathBuf>,
    /// Folder for the database, generated secrets and status [default: a folder of this clone's own below your user's data folder]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where the demo client listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    pub demo_listen: SocketAddr,
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// What kept it from starting, and what to do about it.
pub fn run(_args: DevArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`dev` is being wired in this revision; see the change log")
}
