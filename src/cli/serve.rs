//! `nauthera serve`: the server on its real settings.

pub mod args;
mod from_manifests;
mod from_operator;

use super::manifests;
use super::process::{self, Signals};
use super::server::{Server, ServerSettings, default_workers, ready};
use super::{database, kek, listen, tls};
use crate::store::cache::Cache;
use crate::store::cache::redis::RedisCache;
use crate::store::{StoreSettings, open};
use anyhow::{Context, bail};
pub use args::ServeArgs;
use from_operator::FromOperator;
use secrecy::ExposeSecret;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// What `serve` logs unless told.
pub const DEFAULT_LOG: &str = "info,actix_server=warn";

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
    let operated = FromOperator::prepare(&args.configuration)?;
    let sealer = match (&args.configuration.kek, &args.configuration.auth_server) {
        (Some(folder), Some(server)) => {
            let sealer = kek::open(folder, server)?;
            Some(if args.configuration.seal_clear_keys {
                sealer.taking_what_is_in_the_clear()
            } else {
                sealer
            })
        }
        _ => None,
    };
    let (mut settings, named) = database::settings(&args.database, &args.data)?;
    settings.connections = args.database_connections.into();
    let cache = open_cache(&args, &settings, &pools)?;
    let store = pools
        .spawn(async move { open(&settings).await })
        .await
        .context("opening the database")?
        .with_context(|| format!("the database cannot be used; {named}"))?;
    let address = listener.local_addr()?;
    let https = tls.is_some();
    let mut server = Server::start(ServerSettings {
        listeners: vec![listener],
        tls,
        workers: args.workers.map_or_else(default_workers, usize::from),
        proxies: args.trusted_proxies,
        forwarded_by: args.forwarded_by,
        store,
        cache,
        drain: Duration::from_secs(args.drain_seconds.into()),
        awaited: if operated.is_some() {
            from_operator::AWAITED
        } else {
            from_manifests::AWAITED
        },
        sealer,
    })
    .await?;
    tracing::info!(%address, https, version = env!("CARGO_PKG_VERSION"), "listening");
    match (operated, args.configuration.manifests) {
        (Some(operated), _) => server.take_from(operated.start(&server.platform, &pools).await?),
        (None, Some(manifests)) => {
            from_manifests::follow(manifests, args.data, args.configuration.auth_server, &server.platform).await?;
        }
        (None, None) => anyhow::bail!("nothing says where the configuration comes from: --manifests or --config-listen"),
    }
    let platform = server.platform.clone();
    actix_rt::spawn(async move {
        ready(&platform).await;
        tracing::info!("ready");
    });
    Ok(server.until_the_end(signals).await)
}

/// Why a server of this database takes no cache, if it takes none; `named` says who names one.
pub fn has_no_use_for_a_cache(database: &StoreSettings, named: &str) -> Option<String> {
    database.url.expose_secret().starts_with("sqlite:").then(|| {
        format!(
            "a cache is for servers that share a PostgreSQL database, and this one has SQLite: leave the cache away ({named}), or name a database with \
             --database-url"
        )
    })
}

/// The cache, which is looked for in the background.
fn open_cache(args: &ServeArgs, database: &StoreSettings, pools: &Handle) -> anyhow::Result<Option<Arc<dyn Cache>>> {
    let Some((settings, named)) = args.cache.settings()? else {
        return Ok(None);
    };
    if let Some(why) = has_no_use_for_a_cache(database, &named) {
        bail!(why);
    }
    let _runtime = pools.enter();
    let cache = RedisCache::open(&settings).with_context(|| format!("the cache cannot be used; {named}"))?;
    Ok(Some(Arc::new(cache)))
}
