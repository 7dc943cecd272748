//! The configuration from the operator: the config service, as a pod runs it.

use super::args::ConfigurationArgs;
use crate::actors::config_holder::{ConfigHolder, NotRestored, Restore};
use crate::actors::gate::Gate;
use crate::actors::platform::Platform;
use crate::cli::listen;
use crate::grpc::server::{ConfigServer, ConfigServerSettings, serve};
use anyhow::Context;
use backon::{ExponentialBuilder, Retryable};
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Handle;

const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// What a server without a configuration waits for.
pub const AWAITED: &str = "no configuration yet: the operator has not sent one; the operator's log says whether it reaches this replica";

/// What the config service is started with.
pub struct FromOperator {
    listener: TcpListener,
    tls: PathBuf,
    client_name: String,
    server: String,
}

impl FromOperator {
    /// Looks at the flags and binds the address, before anything else is started. `None` if the operator is not asked for.
    ///
    /// # Errors
    /// An address that cannot be used.
    pub fn prepare(args: &ConfigurationArgs) -> anyhow::Result<Option<Self>> {
        let (Some(address), Some(tls), Some(client_name), Some(server)) =
            (args.config_listen, &args.config_tls, &args.config_client_name, &args.auth_server)
        else {
            return Ok(None);
        };
        Ok(Some(Self {
            listener: listen::bind(address, "--config-listen")?,
            tls: tls.clone(),
            client_name: client_name.clone(),
            server: server.clone(),
        }))
    }

    /// Takes up what was in force before, then starts the config service on the runtime that outlives the actors.
    ///
    /// # Errors
    /// A certificate that cannot be used.
    pub async fn start(self, platform: &Platform, runtime: &Handle) -> anyhow::Result<ConfigServer> {
        remember(&platform.config_holder).await;
        let settings = ConfigServerSettings {
            listener: self.listener,
            tls: self.tls,
            client_name: self.client_name,
            server: self.server.clone(),
        };
        let (holder, config) = (platform.config_holder.clone(), platform.config.clone());
        let directories = platform.connectors.health();
        let service = runtime
            .spawn(async move { serve(settings, holder, config, directories).await })
            .await
            .context("starting the config service")?
            .context("--config-tls names the folder with its certificate")?;
        let (config_address, auth_server) = (service.address, self.server);
        tracing::info!(%config_address, auth_server, "the config service listens for the operator");
        Ok(service)
    }
}

/// What was in force when a process of this server ended last is in force again, so that the operator need not be there. Whether that
/// worked is in the log and in the readiness. While the database is away it is tried again, beside everything else.
async fn remember(holder: &Gate<ConfigHolder>) {
    let holder = holder.clone();
    let attempt = move || {
        let holder = holder.clone();
        async move {
            match holder.ask(Restore).await {
                Ok(Err(NotRestored::Away(reason))) => Err(reason),
                // In force, nothing there, of no use: more tries would not change it.
                Ok(_) => Ok(()),
                Err(fault) => Err(fault.to_string()),
            }
        }
    };
    if attempt().await.is_err() {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_RETRY)
            .with_max_delay(LONGEST_RETRY)
            .without_max_times()
            .with_jitter();
        actix_rt::spawn(async move { attempt.retry(pauses).await });
    }
}
