//! How connections to the cache are made.

use super::line::{Line, Wire};
use super::rest::Rest;
use crate::store::cache::address::Address;
use crate::store::cache::{CacheResult, CacheSettings};
use crate::store::postgres::ClientFiles;
use bb8::ManageConnection;
use bb8_redis::RedisConnectionManager;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{Client, ClientTlsConfig, ConnectionInfo, TlsCertificates, TlsMode};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// A cluster's own patience with a node; requests have a deadline of their own.
const NODE_WITHIN: Duration = Duration::from_secs(1);

/// Makes connections, on the runtime that it was made on: whoever asks for one may go before it does.
#[derive(Clone)]
pub(super) struct Dial {
    target: Arc<Target>,
    rest: Arc<Rest>,
    runtime: Handle,
}

/// Where the cache is, and how it is reached.
pub(super) struct Target {
    address: Address,
    ca_file: Option<PathBuf>,
    client_files: Option<ClientFiles>,
}

/// Why there is no connection. Says nothing of passwords.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    #[error("{0}")]
    Redis(#[from] redis::RedisError),
    #[error("{0} cannot be read: {1}")]
    File(PathBuf, std::io::Error),
    #[error("{0}")]
    Ended(#[from] tokio::task::JoinError),
    #[error("it is of an earlier turn")]
    Old,
}

impl Dial {
    pub(super) fn new(settings: &CacheSettings, rest: Arc<Rest>) -> CacheResult<Self> {
        Ok(Self {
            target: Arc::new(Target::new(settings)?),
            rest,
            runtime: Handle::current(),
        })
    }
}

impl ManageConnection for Dial {
    type Connection = Line;
    type Error = DialError;

    async fn connect(&self) -> Result<Line, DialError> {
        let (target, turn) = (Arc::clone(&self.target), self.rest.turn());
        let wire = self.runtime.spawn(async move { target.dial().await }).await??;
        Ok(Line::new(wire, turn))
    }

    async fn is_valid(&self, line: &mut Line) -> Result<(), DialError> {
        if self.has_broken(line) { Err(DialError::Old) } else { Ok(()) }
    }

    fn has_broken(&self, line: &mut Line) -> bool {
        line.turn() != self.rest.turn()
    }
}

impl Target {
    pub(super) fn new(settings: &CacheSettings) -> CacheResult<Self> {
        Ok(Self {
            address: settings.address()?,
            ca_file: settings.ca_file.clone(),
            client_files: settings.client_files.clone(),
        })
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.address.is_encrypted()
    }

    pub(super) async fn dial(&self) -> Result<Wire, DialError> {
        let certificates = self.certificates().await?;
        match &self.address {
            Address::One(info) => one(info, certificates).await.map(Wire::One),
            Address::Sentinel { sentinels, service, node } => {
                let addresses = sentinels.iter().map(|sentinel| sentinel.addr().clone());
                let mut builder = SentinelClientBuilder::new(addresses, service, SentinelServerType::Master)?;
                let settings = node.redis_settings();
                builder = builder.set_client_to_redis_db(settings.db());
                if let Some(user) = settings.username() {
                    builder = builder.set_client_to_redis_username(user);
                }
                if let Some(password) = settings.password() {
                    builder = builder.set_client_to_redis_password(password);
                }
                let own = sentinels.first().map(ConnectionInfo::redis_settings);
                if let Some(user) = own.and_then(|own| own.username()) {
                    builder = builder.set_client_to_sentinel_username(user);
                }
                if let Some(password) = own.and_then(|own| own.password()) {
                    builder = builder.set_client_to_sentinel_password(password);
                }
                if let Some(certificates) = certificates {
                    builder = builder
                        .set_client_to_redis_tls_mode(TlsMode::Secure)
                        .set_client_to_sentinel_tls_mode(TlsMode::Secure)
                        .set_client_to_redis_certificates(certificates.clone())
                        .set_client_to_sentinel_certificates(certificates);
                }
                let client = builder.build()?.async_get_client().await?;
                one(client.get_connection_info(), None).await.map(Wire::One)
            }
            Address::Cluster(nodes) => {
                let mut builder: ClusterClientBuilder = ClusterClient::builder(nodes.clone())
                    .connection_timeout(NODE_WITHIN)
                    .response_timeout(NODE_WITHIN)
                    .retries(1);
                if let Some(certificates) = certificates {
                    builder = builder.certs(certificates);
                }
                Ok(Wire::Cluster(builder.build()?.get_async_connection().await?))
            }
        }
    }

    /// The certificates as they are now, if the way is encrypted.
    async fn certificates(&self) -> Result<Option<TlsCertificates>, DialError> {
        if !self.address.is_encrypted() {
            return Ok(None);
        }
        let root_cert = match &self.ca_file {
            Some(file) => Some(read(file).await?),
            None => None,
        };
        let client_tls = match &self.client_files {
            Some(files) => Some(ClientTlsConfig {
                client_cert: read(&files.certificate).await?,
                client_key: read(&files.key).await?,
            }),
            None => None,
        };
        Ok(Some(TlsCertificates { client_tls, root_cert }))
    }
}

async fn read(file: &PathBuf) -> Result<Vec<u8>, DialError> {
    tokio::fs::read(file).await.map_err(|error| DialError::File(file.clone(), error))
}

async fn one(info: &ConnectionInfo, certificates: Option<TlsCertificates>) -> Result<redis::aio::MultiplexedConnection, DialError> {
    let client = match certificates {
        Some(certificates) => Client::build_with_tls(info.clone(), certificates)?,
        None => Client::open(info.clone())?,
    };
    let manager = RedisConnectionManager::new(client.get_connection_info().clone())?;
    Ok(manager.connect().await?)
}
