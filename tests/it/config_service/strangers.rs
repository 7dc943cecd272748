//! Those who can connect and prove nothing: any pod in the cluster, where nothing enforces a NetworkPolicy.

use super::stand::{FIRST, OPERATOR, REPLICA, Stand, send, taken, two};
use nauthera::grpc::identity;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

/// More than there are places for those who have proved themselves.
const A_FEW: usize = 100;
/// More than may be shaking hands at once.
const A_CROWD: usize = 300;

/// Somebody who connects and says nothing.
async fn silent(from: IpAddr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    socket.connect(to).await.unwrap()
}

async fn crowd(stand: &Stand, from: [u8; 4], number: usize) -> Vec<TcpStream> {
    let mut strangers = Vec::new();
    for _ in 0..number {
        strangers.push(silent(IpAddr::V4(Ipv4Addr::from(from)), stand.server.address).await);
    }
    strangers
}

fn is_still_waited_for(stranger: &TcpStream) -> bool {
    matches!(stranger.try_read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

#[actix_rt::test]
async fn strangers_who_say_nothing_do_not_keep_the_operator_waiting() {
    let stand = Stand::start().await;
    let strangers = crowd(&stand, [127, 0, 0, 1], A_FEW).await;
    let mut link = stand.link().await;
    // It did not wait until the first of them had used up their time.
    assert!(strangers.iter().all(is_still_waited_for));
    assert_eq!(send(&mut link, &two(), FIRST).await, taken(&two()));
    stand.stop().await;
}

#[actix_rt::test]
async fn a_crowd_of_strangers_is_bounded_and_keeps_nobody_out() {
    let stand = Stand::start().await;
    let mut strangers = crowd(&stand, [127, 0, 0, 1], A_CROWD).await;
    let mut link = stand.link().await;
    assert_eq!(send(&mut link, &two(), FIRST).await, taken(&two()));
    // The eldest had to go.
    let ended = strangers[0].read(&mut [0]).await;
    assert!(matches!(ended, Ok(0)) || ended.is_err(), "{ended:?}");
    assert!(is_still_waited_for(&strangers[A_CROWD - 1]));
    stand.stop().await;
}

#[actix_rt::test]
async fn a_crowd_from_elsewhere_does_not_push_out_an_operator_that_is_slow() {
    let stand = Stand::start().await;
    let slow = TcpStream::connect(stand.server.address).await.unwrap();
    let mut strangers = crowd(&stand, [127, 0, 0, 2], A_CROWD).await;
    // It is the eldest, and those who came after it have been cut already.
    assert!(matches!(strangers[0].read(&mut [0]).await, Ok(0) | Err(_)));
    let tls = stand.authority.issue(OPERATOR).client_config().unwrap();
    let connector = TlsConnector::from(Arc::new(tls));
    let mut stream = connector.connect(identity::name(REPLICA).unwrap(), slow).await.unwrap();
    // HTTP/2's preface and an empty SETTINGS frame (RFC 9113 §3.4), and the server's.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    stream.write_all(preface).await.unwrap();
    stream.read_exact(&mut [0; 9]).await.unwrap();
    stand.stop().await;
}
