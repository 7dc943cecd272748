//! Before the listener closes, what reached it is taken up.
//!
//! actix-server, told to stop, drops the connections that wait in the kernel's queue or in a worker's, also when it is to stop gracefully. Both queues
//! keep their order and the workers take turns: once connections of our own have been taken up, two by each worker, so has all that came before them.

use futures::future::join_all;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server that is further behind than this is not waited for.
pub const CATCH_UP_WITHIN: Duration = Duration::from_secs(2);

/// Completes when the workers have taken up every connection that was there at this moment, or after [`CATCH_UP_WITHIN`].
pub async fn catch_up(addresses: &[SocketAddr], workers: usize) {
    let each = addresses.iter().copied().map(reachable);
    let own = join_all(each.flat_map(|address| (0..workers.saturating_mul(2)).map(move |_| be_taken_up(address))));
    if tokio::time::timeout(CATCH_UP_WITHIN, own).await.is_err() {
        tracing::warn!("the workers are behind; requests that they have not taken up are lost");
    }
}

/// A connection that says nothing, with TLS or without: whoever takes it up sees its end, and closes it.
async fn be_taken_up(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.shutdown().await?;
    let mut answer = [0; 64];
    while stream.read(&mut answer).await? > 0 {}
    Ok(())
}

/// Where a listener on all addresses is reached.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_loopback() {
        for (listens, reached) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()), reached.parse().unwrap());
        }
    }
}
