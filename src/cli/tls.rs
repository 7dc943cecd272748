//! HTTPS: certificate and key from PEM files, read anew when they change (cert-manager renews them in place).

use anyhow::Context;
use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The certificate that connections get from now on.
#[derive(Debug)]
struct Current {
    certificate: PathBuf,
    key: PathBuf,
    loaded: ArcSwap<CertifiedKey>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.loaded.load_full())
    }
}

/// TLS settings for the server. Must run under an actix system, on which the files are followed.
///
/// # Errors
/// A file that cannot be read, is not PEM, or a key that does not belong to the certificate.
pub fn server_config(certificate: &Path, key: &Path) -> anyhow::Result<rustls::ServerConfig> {
    let current = Arc::new(Current {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        loaded: ArcSwap::from_pointee(load(certificate, key)?),
    });
    actix_rt::spawn(follow(Arc::clone(&current)));
    Ok(settings(current))
}

fn settings(current: Arc<Current>) -> rustls::ServerConfig {
    let mut config = rustls::ServerConfig::builder().with_no_client_auth().with_cert_resolver(current);
    // HTTP/2 is off: docs/decisions/0003-http-1-only.md.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

async fn follow(current: Arc<Current>) {
    loop {
        actix_rt::time::sleep(LOOK_EVERY).await;
        current.look();
    }
}

impl Current {
    /// Takes what the files hold if it is another certificate. A file that is half-written or wrong changes nothing.
    fn look(&self) {
        match load(&self.certificate, &self.key) {
            Ok(fresh) if fresh.cert == self.loaded.load().cert => {}
            Ok(fresh) => {
                self.loaded.store(Arc::new(fresh));
                tracing::info!(file = %self.certificate.display(), "the TLS certificate was renewed");
            }
            Err(error) => tracing::warn!(
                error = format!("{error:#}"),
                "the TLS certificate on disk is not usable; the one in use stays"
            ),
        }
    }
}

/// Certificate, chain and key from PEM files.
///
/// # Errors
/// As [`server_config`].
pub fn load(certificate: &Path, key: &Path) -> anyhow::Result<CertifiedKey> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read the TLS certificate {}", certificate.display()))?;
    let private = PrivateKeyDer::from_pem_file(key).with_context(|| format!("cannot read the TLS key {}", key.display()))?;
    CertifiedKey::from_der(chain, private, &rustls::crypto::aws_lc_rs::default_provider())
        .with_context(|| format!("{} and {} do not fit together", certificate.display(), key.display()))
}

#[cfg(test)]
mod tests;
