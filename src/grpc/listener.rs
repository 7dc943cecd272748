//! Accepts connections: each handshake by itself and within a deadline, with the certificate that is on disk now.
//!
//! Only who has proved itself takes one of the few places. Strangers who connect and say nothing have a room of their own ([`Crowd`]), in
//! which whoever comes is let in: however many they are, the operator shakes hands at once.

use super::connection::Connection;
use super::crowd::{Crowd, Stranger};
use super::identity::Pem;
use super::refusals::Refusals;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// Connections of those who have proved themselves: an operator has one, its successor another.
const CONNECTIONS: usize = 32;
/// Connections that are shaking hands.
const STRANGERS: usize = 256;
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
    let door = Arc::new(Door {
        tls,
        places: Arc::new(Semaphore::new(CONNECTIONS)),
        ready,
        refusals: Refusals::default(),
    });
    let crowd = Crowd::new(STRANGERS);
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (door, stranger) = (Arc::clone(&door), crowd.enter(peer.ip()));
                tokio::spawn(async move {
                    if let Err(reason) = door.let_in(stream, stranger).await {
                        door.refusals.say(peer, &reason);
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

/// What a connection goes through.
struct Door {
    tls: Arc<Reloading>,
    places: Arc<Semaphore>,
    ready: mpsc::Sender<io::Result<Connection>>,
    refusals: Refusals,
}

impl Door {
    async fn let_in(&self, stream: TcpStream, stranger: Stranger) -> Result<(), String> {
        let shaken = tokio::select! {
            shaken = self.shake_hands(stream) => shaken?,
            () = stranger.gives_way() => return Err("it had not proved itself when too many others came".to_owned()),
        };
        drop(stranger);
        let place = Arc::clone(&self.places).try_acquire_owned();
        let connection = Connection {
            stream: shaken,
            _place: place.map_err(|_| format!("{CONNECTIONS} connections are open, and there is no place for more"))?,
        };
        // It ends, and takes nobody any more.
        let _ = self.ready.send(Ok(connection)).await;
        Ok(())
    }

    async fn shake_hands(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        let _ = stream.set_nodelay(true);
        let acceptor = TlsAcceptor::from(self.tls.current.load_full());
        match tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no handshake within {} s", HANDSHAKE_WITHIN.as_secs())),
        }
    }
}
