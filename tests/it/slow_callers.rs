//! Callers that take their time: to send a head, a body, a second request; to read; to say anything at all. None holds a connection for
//! longer than its limit, and others are served meanwhile.

use crate::support::site::*;
use nauthera::http::limits::Times;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Far above every limit here.
const PATIENCE: Duration = Duration::from_secs(60);

async fn hurried() -> Site {
    let times = Times {
        headers: Duration::from_millis(500),
        body: Duration::from_millis(500),
        keep_alive: Duration::from_secs(1),
        disconnect: Duration::from_millis(200),
        unread: Duration::from_secs(1),
        ..Times::default()
    };
    Site::start_as(
        Setting {
            times,
            ..Setting::default()
        },
        |_| {},
    )
    .await
}

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(site.origin.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Sends one byte after the other, with a pause between, without end; returns what came back when the server hangs up.
async fn dribble(mut socket: TcpStream, byte: &[u8]) -> String {
    let mut answer = Vec::new();
    let hung_up = async {
        let (mut from, mut to) = socket.split();
        let sending = async {
            while to.write_all(byte).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let reading = from.read_to_end(&mut answer);
        tokio::select! { _ = reading => {}, () = sending => {} }
    };
    tokio::time::timeout(PATIENCE, hung_up).await.expect("the server hangs up");
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_rt::test]
async fn a_head_that_comes_byte_by_byte_is_given_up() {
    let site = hurried().await;
    let mut socket = connect(&site).await;
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
    let answer = dribble(socket, b"a").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    site.stop().await;
}

#[actix_rt::test]
async fn a_second_head_on_a_connection_that_was_kept_is_given_up_too() {
    let site = hurried().await;
    let mut socket = connect(&site).await;
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = vec![0; 4096];
    assert!(socket.read(&mut first).await.unwrap() > 0);
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
    dribble(socket, b"a").await;
    site.stop().await;
}

#[actix_rt::test]
async fn a_body_that_comes_byte_by_byte_is_given_up() {
    let site = hurried().await;
    for framing in ["Content-Length: 60000", "Transfer-Encoding: chunked"] {
        let mut socket = connect(&site).await;
        let head = format!("POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n{framing}\r\n\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        let byte: &[u8] = if framing.starts_with('T') { b"1\r\na\r\n" } else { b"a" };
        let answer = dribble(socket, byte).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{framing}: {answer}");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn a_request_has_an_end_whatever_it_waits_for() {
    let times = Times {
        handling: Duration::from_millis(300),
        ..Times::default()
    };
    let setting = Setting {
        times,
        ..Setting::default()
    };
    let site = Site::start_as(setting, |_| {}).await;
    let mut socket = connect(&site).await;
    let head = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let answer = dribble(socket, b"a").await;
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("temporarily_unavailable"),
        "{answer}"
    );
    assert!(answer.to_ascii_lowercase().contains("retry-after: "), "{answer}");
    site.stop().await;
}

#[actix_rt::test]
async fn a_handshake_that_does_not_end_is_given_up() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let setting = Setting {
        times: Times {
            handshake: Duration::from_millis(300),
            ..Times::default()
        },
        tls: Some(tls),
        ..Setting::default()
    };
    let site = Site::start_as(setting, |_| {}).await;
    // Nothing at all; and the beginning of a ClientHello that goes on for ever.
    let mut silent = connect(&site).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, silent.read_to_end(&mut answer)).await;
    let _ = read.expect("the server hangs up");
    let mut slow = connect(&site).await;
    slow.write_all(&[22, 3, 1, 0x3f, 0xff, 1]).await.unwrap();
    dribble(slow, &[0]).await;
    site.stop().await;
}

#[actix_rt::test]
async fn answers_that_nobody_reads_do_not_hold_a_connection() {
    let site = hurried().await;
    let mut socket = connect(&site).await;
    let many = "GET /.well-known/openid-configuration HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000);
    let cut = async { while socket.write_all(many.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, cut).await.expect("the connection is cut");
    assert_eq!(site.browser().get("/healthz").await.status, 200);
    site.stop().await;
}

#[actix_rt::test]
async fn thousands_of_requests_at_once_on_one_connection_are_answered_in_turn() {
    let site = Site::start().await;
    let one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut socket = connect(&site).await;
    let (mut from, mut to) = socket.split();
    let all = format!("{}{last}", one.repeat(4999));
    let mut answer = String::new();
    let (sent, read) = tokio::join!(
        to.write_all(all.as_bytes()),
        tokio::time::timeout(PATIENCE, from.read_to_string(&mut answer))
    );
    sent.unwrap();
    read.expect("an end").unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 5000);
    site.stop().await;
}

#[actix_rt::test]
async fn many_connections_that_say_nothing_keep_nobody_out_and_are_closed() {
    let site = hurried().await;
    let mut silent = Vec::new();
    for _ in 0..400 {
        silent.push(connect(&site).await);
    }
    assert_eq!(site.browser().code().await.status, 303);
    for mut socket in silent {
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut answer)).await;
        let _ = read.expect("the server hangs up");
    }
    site.stop().await;
}
