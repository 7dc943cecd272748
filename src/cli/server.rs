//! The server that `dev` and `serve` run: the platform's actors, the HTTP workers, and their orderly end.

use super::catch_up::catch_up;
use super::process::{Ending, Signals};
use crate::actors::platform::{Platform, PlatformSettings};
use crate::grpc::server::ConfigServer;
use crate::http::limits::Times;
use crate::http::proxies::{ForwardedBy, TrustedProxies};
use crate::http::server::{Listen, serve};
use crate::jose::seal::Sealer;
use crate::store::Store;
use crate::store::cache::Cache;
use crate::telemetry::metrics::Metrics;
use actix_web::dev::ServerHandle;
use anyhow::Context;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// After requests under way have ended or were given up, the audit trail and the actors get this long.
const PLATFORM_DEADLINE: Duration = Duration::from_secs(5);

/// How often [`ready`] looks.
const READY_LOOK: Duration = Duration::from_millis(20);

/// What a server is started with.
pub struct ServerSettings {
    /// Bound already
    pub listeners: Vec<TcpListener>,
    /// HTTPS instead of HTTP
    pub tls: Option<rustls::ServerConfig>,
    /// HTTP workers
    pub workers: usize,
    /// Proxies in front of the server that write down whom they saw
    pub proxies: TrustedProxies,
    /// In which header they do
    pub forwarded_by: ForwardedBy,
    /// What outlives the process
    pub store: Arc<dyn Store>,
    /// What servers share to spare the store, if anything
    pub cache: Option<Arc<dyn Cache>>,
    /// After SIGTERM the server says that it is not ready and serves on for this long, so that whoever sends requests here hears of it
    pub drain: Duration,
    /// What a server without a configuration waits for, for whoever asks why it is not ready
    pub awaited: &'static str,
    /// Seals what rests in the store
    pub sealer: Option<Sealer>,
}

/// A server that runs.
pub struct Server {
    /// The process-wide handles
    pub platform: Platform,
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
    addresses: Vec<SocketAddr>,
    workers: usize,
    drain: Duration,
    config: Option<ConfigServer>,
}

impl Server {
    /// Starts the actors and the workers. Until a configuration is applied the server is live and not ready.
    ///
    /// # Errors
    /// No threads, or a listener that cannot be used.
    pub async fn start(settings: ServerSettings) -> anyhow::Result<Self> {
        let platform = Platform::start(PlatformSettings {
            awaited: settings.awaited,
            sealer: settings.sealer,
            cache: settings.cache,
            ..PlatformSettings::new(settings.store, Metrics::new())
        })
        .await?;
        let addresses = settings.listeners.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?;
        let workers = settings.workers;
        let listen = Listen {
            listeners: settings.listeners,
            tls: settings.tls,
            workers,
            proxies: settings.proxies,
            forwarded_by: settings.forwarded_by,
            times: Times::default(),
        };
        let server = serve(listen, &platform).context("the HTTP server does not start")?;
        Ok(Self {
            platform,
            handle: server.handle(),
            task: actix_rt::spawn(server),
            addresses,
            workers,
            drain: settings.drain,
            config: None,
        })
    }

    /// The configuration comes through this service, which ends with the server.
    pub fn take_from(&mut self, service: ConfigServer) {
        self.config = Some(service);
    }

    /// Serves until a signal, or until an actor keeps dying. Then: not ready, drain, finish what is under way, take no more configurations,
    /// write the audit trail. The exit code is 0 after a signal.
    pub async fn until_the_end(mut self, mut signals: Signals) -> ExitCode {
        let code = tokio::select! {
            ending = signals.next() => {
                self.platform.guardian.begin_shutdown();
                tracing::info!(?ending, "shutting down: finishing the requests under way");
                if ending == Ending::Terminate && !self.drain.is_zero() {
                    tokio::select! {
                        () = tokio::time::sleep(self.drain) => {}
                        _ = signals.next() => {}
                    }
                }
                ExitCode::SUCCESS
            }
            reason = self.platform.guardian.fatal() => {
                tracing::error!(reason, "the process ends because it cannot go on");
                ExitCode::FAILURE
            }
            ended = &mut self.task => {
                tracing::error!(?ended, "the HTTP server ended by itself");
                ExitCode::FAILURE
            }
            () = ended(self.config.as_mut()) => {
                tracing::error!("the config service ended by itself");
                ExitCode::FAILURE
            }
        };
        signals.end_at_once_on_the_next();
        if !self.task.is_finished() {
            catch_up(&self.addresses, self.workers).await;
        }
        // The server bounds how long requests may take now (`http::limits`).
        self.handle.stop(true).await;
        // Until here a configuration can come: what is issued last obeys it too.
        if let Some(service) = self.config.take() {
            service.stop().await;
        }
        self.platform.shutdown(PLATFORM_DEADLINE).await;
        code
    }
}

/// Completes if the service ends though nobody told it to; never, if there is none.
async fn ended(service: Option<&mut ConfigServer>) {
    match service {
        Some(service) => service.ended().await,
        None => std::future::pending().await,
    }
}

/// Completes when everything that serving needs is there: a configuration, its users, its keys.
pub async fn ready(platform: &Platform) {
    while platform.readiness().iter().any(|check| !check.ok) {
        tokio::time::sleep(READY_LOOK).await;
    }
}

/// As many HTTP workers as the machine has cores.
pub fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::catch_up::CATCH_UP_WITHIN;
    use crate::grpc::server::END_WITHIN;
    use crate::http::limits::SHUTDOWN_TIMEOUT_SECONDS;
    use crate::operator::settings::ENDS_WITHIN_SECONDS;

    #[test]
    fn a_process_ends_within_the_time_that_its_pod_gives_it() {
        let requests = Duration::from_secs(SHUTDOWN_TIMEOUT_SECONDS);
        let longest = CATCH_UP_WITHIN + requests + END_WITHIN + PLATFORM_DEADLINE + PLATFORM_DEADLINE;
        assert!(longest < Duration::from_secs(ENDS_WITHIN_SECONDS.into()), "{longest:?}");
    }
}
