//! Accepts connections: each handshake by itself and within a deadline, with the certificate that is on disk now.

use super::connection::Connection;
use super::identity::Pem;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Connections that may be open or shaking hands: an operator has one, its successor another.
const CONNECTIONS: usize = 32;
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// How often the files are looked at: small, and read from memory.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Out of file handles, say: not at once again.
const AFTER_ACCEPT_ERROR: Duration = Duration::from_millis(100);

/// The certificate that new connections get.
pub struct Reloading {
    folder: PathBuf,
    client_name: String,
    current: ArcSwap<ServerConfig>,
}

impl Reloading {
    /// Reads the folder for the first time.
    ///
    /// # Errors
    /// A file that is missing or cannot be used.
    pub fn open(folder: PathBuf, client_name: String) -> Result<(Arc<Self>, Pem), super::identity::IdentityError> {
        let pem = Pem::from_folder(&folder)?;
        let current = ArcSwap::from_pointee(pem.server_config(&client_name)?);
        let reloading = Arc::new(Self {
            folder,
            client_name,
            current,
        });
        Ok((reloading, pem))
    }

    /// Follows the files until the end. What cannot be used changes nothing: it may be half-written.
    pub async fn follow(self: Arc<Self>, mut last: Pem, stop: CancellationToken) {
        let mut complained = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let fresh = Pem::from_folder(&self.folder);
            let outcome = match fresh {
                Ok(fresh) if fresh == last => continue,
                Ok(fresh) => fresh.server_config(&self.client_name).map(|config| (fresh, config)),
                Err(error) => Err(error),
            };
            match outcome {
                Ok((fresh, config)) => {
                    self.current.store(Arc::new(config));
                    last = fresh;
                    complained = None;
                    tracing::info!(folder = %self.folder.display(), "the config service's certificate was renewed");
                }
                Err(error) if complained.as_ref() == Some(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, folder = %self.folder.display(), "the config service's certificate on disk is not usable; the one in use stays");
                    complained = Some(error);
                }
            }
        }
    }
}

/// Accepts until the end. Connections whose client has proved itself go to `ready`.
pub async fn accept(listener: TcpListener, tls: Arc<Reloading>, ready: mpsc::Sender<io::Result<Connection>>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => return,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { return };
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (tls, ready) = (Arc::clone(&tls), ready.clone());
                tokio::spawn(async move {
                    match shake_hands(stream, &tls, place).await {
                        Ok(connection) => {
                            let _ = ready.send(Ok(connection)).await;
                        }
                        Err(reason) => tracing::info!(%peer, reason, "a connection to the config service was refused"),
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the config service cannot accept a connection");
                tokio::time::sleep(AFTER_ACCEPT_ERROR).await;
            }
        }
    }
}

async fn shake_hands(stream: TcpStream, tls: &Reloading, place: OwnedSemaphorePermit) -> Result<Connection, String> {
    let _ = stream.set_nodelay(true);
    let acceptor = TlsAcceptor::from(tls.current.load_full());
    match tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Ok(Connection { stream, _place: place }),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no handshake within {} s", HANDSHAKE_WITHIN.as_secs())),
    }
}
