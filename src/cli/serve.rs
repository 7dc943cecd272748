//! `nauthera serve`: the server on its real settings.

use super::manifests::{self, Round, SourceSettings};
use super::process::{self, Signals};
use super::server::{Server, ServerSettings, default_workers, ready};
use super::{listen, tls};
use crate::store::{StoreSettings, open};
use anyhow::Context;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Handle;

/// What `serve` logs unless told.
pub const DEFAULT_LOG: &str = "info,actix_server=warn";

/// Settings of `nauthera serve`: flags, or the environment.
#[derive(clap::Args, Debug)]
pub struct ServeArgs {
    /// Where the server listens
    #[arg(long, env = "NAUTHERA_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = listen::address)]
    listen: SocketAddr,
    /// Folder of manifests that is watched
    #[arg(long, env = "NAUTHERA_MANIFESTS", value_name = "DIR")]
    manifests: PathBuf,
    /// Folder for generated secrets, status and, unless a database is named, the SQLite file
    #[arg(long, env = "NAUTHERA_DATA", value_name = "DIR")]
    data: PathBuf,
    /// The AuthServer to be, as NAMESPACE/NAME; needed when the manifests hold several
    #[arg(long, env = "NAUTHERA_AUTH_SERVER", value_name = "NAMESPACE/NAME")]
    auth_server: Option<String>,
    /// sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE [default: sqlite:DATA/nauthera.sqlite3]
    #[arg(long, env = "NAUTHERA_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// PEM file of the authorities that may have issued PostgreSQL's certificate [default: the system's]
    #[arg(long, env = "NAUTHERA_DATABASE_CA", value_name = "FILE")]
    database_ca: Option<PathBuf>,
    /// Most connections to PostgreSQL
    #[arg(long, env = "NAUTHERA_DATABASE_CONNECTIONS", value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    database_connections: u16,
    /// PEM file with the server's certificate and chain: HTTPS, without an Ingress. Read anew when it changes
    #[arg(long, env = "NAUTHERA_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's key
    #[arg(long, env = "NAUTHERA_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// HTTP workers [default: one a core]
    #[arg(long, env = "NAUTHERA_WORKERS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Proxies in front of the server that append to X-Forwarded-For. Failed logins are counted by the address that the first of them saw
    #[arg(long, env = "NAUTHERA_TRUSTED_PROXIES", value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=16))]
    trusted_proxies: u8,
    /// After SIGTERM the server says for this many seconds that it is not ready, and serves on
    #[arg(long, env = "NAUTHERA_DRAIN_SECONDS", value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=600))]
    drain_seconds: u16,
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// What kept it from starting, and what to do about it.
pub fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    process::run(|pools| serve(args, pools))
}

async fn serve(args: ServeArgs, pools: Handle) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen()?;
    manifests::create_private(&args.data)?;
    let listener = listen::bind(args.listen, "--listen")?;
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(tls::server_config(certificate, key)?),
        _ => None,
    };
    let settings = store_settings(&args);
    let store = pools
        .spawn(async move { open(&settings).await })
        .await
        .context("opening the database")?
        .context("the database cannot be used; NAUTHERA_DATABASE_URL names it (or else NAUTHERA_DATA its folder)")?;
    let address = listener.local_addr()?;
    let https = tls.is_some();
    let server = Server::start(ServerSettings {
        listener,
        tls,
        workers: args.workers.map_or_else(default_workers, usize::from),
        proxies: args.trusted_proxies.into(),
        store,
        drain: Duration::from_secs(args.drain_seconds.into()),
    })
    .await?;
    tracing::info!(%address, https, version = env!("CARGO_PKG_VERSION"), "listening");
    let source = SourceSettings {
        manifests: args.manifests,
        data: args.data,
        issuer: None,
        auth_server: args.auth_server,
    };
    let mut rounds = manifests::follow(source, &server.platform).await?;
    let platform = server.platform.clone();
    actix_rt::spawn(async move {
        ready(&platform).await;
        tracing::info!("ready");
    });
    actix_rt::spawn(async move {
        while let Some(round) = rounds.recv().await {
            log(&round);
        }
    });
    Ok(server.until_the_end(signals).await)
}

fn store_settings(args: &ServeArgs) -> StoreSettings {
    let url = args
        .database_url
        .clone()
        .unwrap_or_else(|| format!("sqlite:{}", args.data.join("nauthera.sqlite3").display()));
    StoreSettings {
        ca_file: args.database_ca.clone(),
        connections: args.database_connections.into(),
        ..StoreSettings::new(url)
    }
}

/// A cluster's Events, as log lines.
fn log(round: &Round) {
    for complaint in &round.complaints {
        tracing::warn!(complaint, "a manifest or a resource is not in force as it is written");
    }
    match &round.outcome {
        Ok(applied) if applied.changed => {
            let (files, milliseconds) = (&round.changed, round.took.as_millis());
            tracing::info!(revision = %applied.snapshot.revision, clients = applied.snapshot.clients.len(), ?files, milliseconds, "manifests applied");
        }
        Ok(_) => {}
        Err(reason) => tracing::error!(
            reason,
            "no configuration can be applied: what was in force stays, and without one the server is not ready"
        ),
    }
}
