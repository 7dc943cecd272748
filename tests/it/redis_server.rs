//! What the tests' own Redis servers do, on which the tests of the cache rely.

use crate::support::redis::{self, Options};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn it_loses_what_it_held_when_it_is_killed_and_comes_back_at_the_same_place() {
    let (server, other) = (redis::start(), redis::start());
    let port = server.port();
    assert_ne!(port, other.port());
    server.ask(&["SET", "a", "1"]).unwrap();
    server.kill();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    server.start_again();
    assert_eq!((server.port(), server.ask(&["EXISTS", "a"])), (port, Ok("0".to_owned())));
    server.freeze();
    server.kill();
    server.start_again();
    assert_eq!(other.ask(&["PING"]), Ok("PONG".to_owned()));
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn frozen_it_takes_connections_and_answers_when_it_goes_on() {
    let server = redis::start();
    server.freeze();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut answer = [0; 7];
    assert!(stream.read_exact(&mut answer).is_err());
    server.thaw();
    stream.set_read_timeout(None).unwrap();
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}

#[test]
fn it_knows_its_users_by_their_passwords_and_their_rights() {
    let server = redis::start_with(Options {
        password: Some("of-the-test"),
        user: Some(("server", "of-the-server", "~ours:* +get +set")),
        ..Options::default()
    });
    assert_eq!(server.url(), format!("redis://:of-the-test@127.0.0.1:{}/0", server.port()));
    assert_eq!(
        server.url_of_user(),
        format!("redis://server:of-the-server@127.0.0.1:{}/0", server.port())
    );
    assert_eq!(server.ask(&["ACL", "WHOAMI"]), Ok("default".to_owned()));
    let may = |command: &[&str]| server.ask(&[&["ACL", "DRYRUN", "server"], command].concat()).unwrap();
    assert_eq!(may(&["SET", "ours:a", "1"]), "OK");
    assert!(may(&["SET", "a", "1"]).contains("permissions"), "{}", may(&["SET", "a", "1"]));
    let mut stranger = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stranger.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    stranger.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"-NOAUTH");
}

#[test]
fn with_tls_it_has_a_certificate_for_localhost_and_may_ask_for_the_clients() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let server = redis::start_with(Options {
        tls: true,
        client_certificates: true,
        ..Options::default()
    });
    assert_eq!(server.url(), format!("rediss://localhost:{}/0", server.port()));
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(server.authority().as_bytes()).unwrap())
        .unwrap();
    let ping = |config: rustls::ClientConfig| {
        let session = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        let mut stream = rustls::StreamOwned::new(session, stream);
        let mut answer = [0; 7];
        stream.write_all(b"PING\r\n")?;
        stream.read_exact(&mut answer).map(|()| answer)
    };
    let anyone = rustls::ClientConfig::builder().with_root_certificates(roots);
    let (certificate, key) = server.client();
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let named = anyone.clone().with_client_auth_cert(vec![certificate], key).unwrap();
    assert!(ping(anyone.with_no_client_auth()).is_err());
    assert_eq!(&ping(named).unwrap(), b"+PONG\r\n");
}
