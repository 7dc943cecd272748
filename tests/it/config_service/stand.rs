//! A replica whose config service listens, and ways to talk to it.

use super::authority::Authority;
use crate::support::platform::{TestPlatform, service, snapshot};
pub use crate::support::replica::{OPERATOR, REPLICA, SERVER, send, taken};
use hyper_util::rt::TokioIo;
use nauthera::config::revision;
use nauthera::config::snapshot::{Position, Snapshot};
use nauthera::grpc::client::{ClientTls, Link, LinkError};
use nauthera::grpc::identity::{self, Pem};
use nauthera::grpc::server::{ConfigServer, ConfigServerSettings, serve};
use nauthera::wire::message::config_service_client::ConfigServiceClient;
use rustls::ClientConfig;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

/// The first leader's first configuration.
pub const FIRST: Position = Position { fence: 1, sequence: 1 };

pub struct Stand {
    pub test: TestPlatform,
    pub authority: Authority,
    pub server: ConfigServer,
    folder: tempfile::TempDir,
}

impl Stand {
    /// A replica without a configuration.
    pub async fn start() -> Self {
        let authority = Authority::new();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &authority.issue(REPLICA));
        let test = TestPlatform::start().await;
        let settings = ConfigServerSettings {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            tls: folder.path().to_owned(),
            client_name: OPERATOR.to_owned(),
            server: SERVER.to_owned(),
        };
        let platform = &test.platform;
        let (holder, config) = (platform.config_holder.clone(), platform.config.clone());
        let server = serve(settings, holder, config, platform.connectors.health()).await.unwrap();
        Self {
            test,
            authority,
            server,
            folder,
        }
    }

    /// Puts another certificate in the place of the replica's.
    pub fn renew(&self, pem: &Pem) {
        write(self.folder.path(), pem);
    }

    /// A connection of the operator's.
    pub async fn link(&self) -> Link {
        self.link_as(&self.authority.issue(OPERATOR)).await.unwrap()
    }

    /// A connection with this certificate that was of use.
    pub async fn link_as(&self, pem: &Pem) -> Result<Link, LinkError> {
        self.link_to(REPLICA, pem).await
    }

    /// The same, to a replica that has to prove to be `name`. TLS 1.3 tells a client that it was refused when it first reads.
    pub async fn link_to(&self, name: &str, pem: &Pem) -> Result<Link, LinkError> {
        let mut link = Link::connect(self.server.address, name, &ClientTls::new(pem).unwrap()).await?;
        link.describe().await?;
        Ok(link)
    }

    /// A TLS connection with these settings.
    pub async fn tls(&self, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.server.address).await?;
        TlsConnector::from(Arc::new(config))
            .connect(identity::name(REPLICA).unwrap(), stream)
            .await
    }

    /// The operator's way to any service of the replica's.
    pub async fn channel(&self) -> Channel {
        let (address, tls) = (self.server.address, self.authority.issue(OPERATOR).client_config().unwrap());
        let connector = TlsConnector::from(Arc::new(tls));
        let open = tower::service_fn(move |_| {
            let connector = connector.clone();
            async move {
                let stream = TcpStream::connect(address).await?;
                let stream = connector.connect(identity::name(REPLICA).unwrap(), stream).await?;
                Ok::<_, std::io::Error>(TokioIo::new(stream))
            }
        });
        Endpoint::from_static("http://main-config.identity.svc")
            .connect_with_connector(open)
            .await
            .unwrap()
    }

    /// The generated client, which sends whatever it is given.
    pub async fn raw(&self) -> ConfigServiceClient<Channel> {
        ConfigServiceClient::new(self.channel().await)
    }

    /// What the replica runs on.
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.test.platform.config.current()
    }

    /// So much time passes at once, for the replica and for whoever talks to it.
    pub async fn passes(&self, time: Duration) {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    }

    pub async fn stop(self) {
        self.server.stop().await;
        self.test.stop().await;
    }
}

fn write(folder: &Path, pem: &Pem) {
    for (name, bytes) in [("tls.crt", &pem.certificate), ("tls.key", &pem.key), ("ca.crt", &pem.authorities)] {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

/// A configuration with these services, under its true digest.
pub fn configuration(ids: impl IntoIterator<Item = String>) -> Snapshot {
    let mut snapshot = snapshot("", Vec::new());
    snapshot.clients = ids
        .into_iter()
        .map(|id| {
            let client = Arc::new(service(&id, &format!("secret of {id}")));
            (client.id.clone(), client)
        })
        .collect();
    sealed(snapshot)
}

/// The same with its true digest.
pub fn sealed(mut snapshot: Snapshot) -> Snapshot {
    snapshot.revision = revision::of(&snapshot);
    snapshot
}

/// Two services.
pub fn two() -> Snapshot {
    configuration(["team-a.one", "team-a.two"].map(str::to_owned))
}

/// Fails unless every part of what is in force is as it was sent.
#[track_caller]
pub fn runs_on(stand: &Stand, sent: &Snapshot) {
    let current = stand.current().expect("a configuration");
    assert_eq!(current.revision, sent.revision);
    // Not by what the replica says of itself: digested here.
    assert!(
        revision::digests(&current) == revision::digests(sent),
        "what arrived is something else"
    );
    assert!(current.clients == sent.clients, "what arrived are other clients");
}
