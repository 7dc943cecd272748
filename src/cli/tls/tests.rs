//! With real files and real handshakes.

use super::*;
use rcgen::{CertifiedKey as Made, generate_simple_self_signed};
use std::fs;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

struct Folder(TempDir);

impl Folder {
    fn certificate(&self) -> PathBuf {
        self.0.path().join("tls.crt")
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("tls.key")
    }

    fn write(&self, made: &Made<rcgen::KeyPair>) {
        fs::write(self.certificate(), made.cert.pem()).unwrap();
        fs::write(self.key(), made.signing_key.serialize_pem()).unwrap();
    }

    fn current(&self) -> Arc<Current> {
        Arc::new(Current {
            certificate: self.certificate(),
            key: self.key(),
            loaded: ArcSwap::from_pointee(load(&self.certificate(), &self.key()).unwrap()),
        })
    }
}

fn made() -> Made<rcgen::KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// A connection to a server that shows `current` and sends back what it gets, from a client that trusts `trusted` alone.
async fn connect(current: &Arc<Current>, trusted: &Made<rcgen::KeyPair>) -> std::io::Result<TlsStream<DuplexStream>> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let acceptor = TlsAcceptor::from(Arc::new(settings(Arc::clone(current))));
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        if let Ok(stream) = acceptor.accept(theirs).await {
            let (mut from, mut to) = tokio::io::split(stream);
            let _ = tokio::io::copy(&mut from, &mut to).await;
        }
    });
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    TlsConnector::from(Arc::new(client))
        .connect("localhost".try_into().unwrap(), ours)
        .await
}

async fn is_alive(stream: &mut TlsStream<DuplexStream>) -> bool {
    let mut back = [0; 4];
    stream.write_all(b"ping").await.is_ok()
        && stream.flush().await.is_ok()
        && stream.read_exact(&mut back).await.is_ok()
        && &back == b"ping"
}

#[test]
fn a_file_that_is_missing_is_named() {
    let error = load(Path::new("/nowhere/tls.crt"), Path::new("/nowhere/tls.key")).unwrap_err();
    assert!(error.to_string().contains("/nowhere/tls.crt"), "{error}");
}

#[tokio::test]
async fn new_connections_see_a_renewed_certificate_and_open_ones_go_on() {
    let (folder, old, new) = (Folder(tempfile::tempdir().unwrap()), made(), made());
    folder.write(&old);
    let current = folder.current();
    let mut open = connect(&current, &old).await.unwrap();
    assert!(is_alive(&mut open).await);
    folder.write(&new);
    current.look();
    assert!(connect(&current, &new).await.is_ok());
    assert!(connect(&current, &old).await.is_err(), "the old certificate is shown no more");
    assert!(is_alive(&mut open).await, "a connection that was open survives");
}

#[tokio::test]
async fn files_that_are_half_written_or_do_not_fit_together_change_nothing() {
    let (folder, old, new) = (Folder(tempfile::tempdir().unwrap()), made(), made());
    folder.write(&old);
    let current = folder.current();
    let half = |text: String| text[..text.len() / 2].to_owned();
    for (certificate, key) in [
        (half(new.cert.pem()), new.signing_key.serialize_pem()),
        (new.cert.pem(), half(new.signing_key.serialize_pem())),
        (new.cert.pem(), old.signing_key.serialize_pem()),
        (old.cert.pem(), new.signing_key.serialize_pem()),
        (String::new(), String::new()),
        (new.cert.pem(), String::new()),
    ] {
        fs::write(folder.certificate(), certificate).unwrap();
        fs::write(folder.key(), key).unwrap();
        current.look();
        assert!(connect(&current, &old).await.is_ok(), "the one in use stays");
    }
    fs::remove_file(folder.key()).unwrap();
    current.look();
    assert!(connect(&current, &old).await.is_ok());
    folder.write(&new);
    current.look();
    assert!(connect(&current, &new).await.is_ok(), "and what is whole at last is taken");
}
