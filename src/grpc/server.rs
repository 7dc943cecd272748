//! The config service of a replica: listens, until it is told to stop.

use super::identity::IdentityError;
use super::listener::{Reloading, accept};
use super::service::Service;
use crate::actors::config_holder::{ConfigHolder, ConfigReader};
use crate::actors::gate::Gate;
use crate::actors::ldap_connector::health::Directories;
use crate::wire::message::DESCRIPTORS;
use crate::wire::message::config_service_server::ConfigServiceServer;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

/// A message is at most a portion and a little more.
pub const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// A call that takes longer is cut off.
const CALL_WITHIN: Duration = Duration::from_secs(30);
/// Calls at once over one connection.
const CALLS: usize = 8;
/// A connection whose other end is gone is found by then.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// Calls under way when it ends get this long.
pub const END_WITHIN: Duration = Duration::from_secs(5);

/// What the config service is started with.
pub struct ConfigServerSettings {
    /// Bound already
    pub listener: TcpListener,
    /// `tls.crt`, `tls.key` and `ca.crt`, read anew when they change
    pub tls: PathBuf,
    /// The DNS name in the certificate of the one client that may speak: the operator's
    pub client_name: String,
    /// NAMESPACE/NAME of the AuthServer that this replica is
    pub server: String,
}

/// Why the config service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigServerError {
    /// The certificate cannot be used
    #[error("the config service's certificate cannot be used: {0}")]
    Identity(#[from] IdentityError),
    /// The listener cannot be used
    #[error("the config service cannot listen: {0}")]
    Listener(#[from] std::io::Error),
    /// Reflection's descriptors cannot be read
    #[error("the description of the config service cannot be read: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A config service that runs.
pub struct ConfigServer {
    /// Where it listens
    pub address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
    accepting: JoinHandle<()>,
}

impl ConfigServer {
    /// Completes if it no longer serves though nobody told it to stop: it failed.
    pub async fn ended(&mut self) {
        tokio::select! {
            _ = &mut self.task => {}
            _ = &mut self.accepting => {}
        }
    }

    /// Takes no further calls, and lets those under way end.
    pub async fn stop(self) {
        self.stop.cancel();
        // One that was seen to end is not waited for again.
        if !self.task.is_finished() && tokio::time::timeout(END_WITHIN, self.task).await.is_err() {
            tracing::warn!("a call to the config service did not end in time");
        }
    }
}

/// Starts the config service on the runtime that this is called on.
///
/// # Errors
/// A certificate or a listener that cannot be used.
pub async fn serve(
    settings: ConfigServerSettings,
    holder: Gate<ConfigHolder>,
    config: ConfigReader,
    directories: watch::Receiver<Directories>,
) -> Result<ConfigServer, ConfigServerError> {
    let (tls, pem) = Reloading::open(settings.tls, settings.client_name)?;
    settings.listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(settings.listener)?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let (ready, connections) = mpsc::channel(4);
    tokio::spawn(std::sync::Arc::clone(&tls).follow(pem, stop.clone()));
    let accepting = tokio::spawn(accept(listener, tls, ready, stop.clone()));

    let service = ConfigServiceServer::new(Service::new(settings.server, holder, config, directories))
        .max_decoding_message_size(MESSAGE_BYTES)
        .max_encoding_message_size(MESSAGE_BYTES);
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<ConfigServiceServer<Service>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let ending = stop.clone();
    let task = tokio::spawn(async move {
        let served = Server::builder()
            .timeout(CALL_WITHIN)
            .concurrency_limit_per_connection(CALLS)
            .max_concurrent_streams(Some(CALLS as u32))
            .http2_keepalive_interval(Some(KEEPALIVE))
            .http2_keepalive_timeout(Some(KEEPALIVE))
            // So that a change for thousands of clients does not wait for acknowledgements on its way
            .initial_stream_window_size(Some(8 * 1024 * 1024))
            .initial_connection_window_size(Some(16 * 1024 * 1024))
            .add_service(health_service)
            .add_service(reflection)
            .add_service(service)
            .serve_with_incoming_shutdown(ReceiverStream::new(connections), ending.cancelled_owned())
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the config service failed");
        }
    });
    Ok(ConfigServer {
        address,
        stop,
        task,
        accepting,
    })
}
