//! Stands between a server and ldap3, and lets through whole messages only: of bounded length and depth, and no more bytes than one operation
//! may be answered with.

use super::ber;
use super::connect::Stream;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::AbortHandle;

/// One operation's answers together are no longer than this, bytes.
pub const MAX_ANSWERS: usize = 16 * 1024 * 1024;

/// What a connection may still be sent, and why it was ended.
#[derive(Default)]
pub struct Allowance {
    used: AtomicUsize,
    why: OnceLock<String>,
}

impl Allowance {
    /// An operation begins.
    pub fn renew(&self) {
        self.used.store(0, Ordering::Relaxed);
    }

    /// Why the connection was ended, if it was here.
    pub fn why(&self) -> Option<&str> {
        self.why.get().map(String::as_str)
    }

    fn use_up(&self, bytes: usize) -> Result<(), String> {
        if self.used.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > MAX_ANSWERS {
            return Err(format!("it answers with more than {MAX_ANSWERS} bytes"));
        }
        Ok(())
    }
}

/// Starts a guard; what it lets through comes out of the returned end. It lives until either side closes, or it is aborted.
///
/// # Errors
/// The system gives no sockets.
pub fn before(stream: Box<dyn Stream>, allowance: &Arc<Allowance>) -> io::Result<(std::os::unix::net::UnixStream, AbortHandle)> {
    let (ours, theirs) = UnixStream::pair()?;
    let allowance = Arc::clone(allowance);
    let guard = tokio::spawn(async move {
        let (mut from_server, mut to_server) = tokio::io::split(stream);
        let (mut from_client, mut to_client) = ours.into_split();
        let ended = tokio::select! {
            ended = inwards(&mut from_server, &mut to_client, &allowance) => ended,
            ended = outwards(&mut from_client, &mut to_server) => ended.map_err(|error| error.to_string()),
        };
        // Before the streams are dropped, by which the other side learns that it has ended.
        if let Err(why) = ended {
            let _ = allowance.why.set(why);
        }
    });
    Ok((theirs.into_std()?, guard.abort_handle()))
}

async fn outwards(client: &mut OwnedReadHalf, server: &mut WriteHalf<Box<dyn Stream>>) -> io::Result<()> {
    let mut buffer = vec![0; 8 * 1024];
    loop {
        let count = client.read(&mut buffer).await?;
        if count == 0 {
            return server.shutdown().await;
        }
        server.write_all(buffer.get(..count).unwrap_or_default()).await?;
        server.flush().await?;
    }
}

async fn inwards(server: &mut ReadHalf<Box<dyn Stream>>, client: &mut OwnedWriteHalf, allowance: &Allowance) -> Result<(), String> {
    let mut held: Vec<u8> = Vec::with_capacity(8 * 1024);
    loop {
        let mut whole = 0;
        while let Some(length) = ber::message(held.get(whole..).unwrap_or_default()).map_err(|fault| fault.to_string())? {
            whole += length;
        }
        if whole > 0 {
            allowance.use_up(whole)?;
            let messages = held.get(..whole).unwrap_or_default();
            client.write_all(messages).await.map_err(|error| error.to_string())?;
            held.drain(..whole);
        }
        // A message is no longer than ber::MAX_MESSAGE, so neither is this.
        if server.read_buf(&mut held).await.map_err(|error| error.to_string())? == 0 {
            return Err("it closed the connection".to_owned());
        }
    }
}
