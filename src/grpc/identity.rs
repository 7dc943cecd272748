//! Certificates of both sides: from PEM to TLS settings.

use super::peer::NamedClient;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ALPN_H2: &[u8] = b"h2";
/// Nobody's certificates are larger.
const LARGEST_FILE: u64 = 1024 * 1024;

/// Why a certificate cannot be used. Says nothing of a key but where it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IdentityError(pub String);

/// One side's certificate, its key, and the authorities that the other side's certificate must come from, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Pem {
    /// The certificate and its chain
    pub certificate: Vec<u8>,
    /// Its key
    pub key: Vec<u8>,
    /// The authorities
    pub authorities: Vec<u8>,
}

impl std::fmt::Debug for Pem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pem").finish_non_exhaustive()
    }
}

impl Pem {
    /// Reads `tls.crt`, `tls.key` and `ca.crt`, as Kubernetes mounts a certificate's Secret.
    ///
    /// # Errors
    /// The file that cannot be read.
    pub fn from_folder(folder: &Path) -> Result<Self, IdentityError> {
        Ok(Self {
            certificate: read(folder.join("tls.crt"))?,
            key: read(folder.join("tls.key"))?,
            authorities: read(folder.join("ca.crt"))?,
        })
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
        let chain = CertificateDer::pem_slice_iter(&self.certificate).collect::<Result<Vec<_>, _>>();
        match chain {
            Ok(chain) if !chain.is_empty() => Ok(chain),
            _ => Err(IdentityError("tls.crt holds no certificate in PEM form".to_owned())),
        }
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, IdentityError> {
        PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| IdentityError("tls.key holds no private key in PEM form".to_owned()))
    }

    fn roots(&self) -> Result<Arc<RootCertStore>, IdentityError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&self.authorities) {
            let added = certificate.ok().and_then(|certificate| roots.add(certificate).ok());
            added.ok_or_else(|| IdentityError("ca.crt holds something that is no certificate in PEM form".to_owned()))?;
        }
        if roots.is_empty() {
            return Err(IdentityError("ca.crt holds no certificate in PEM form".to_owned()));
        }
        Ok(Arc::new(roots))
    }

    /// Settings of the server: TLS 1.3, and of those that the authorities signed only the client of this name.
    ///
    /// # Errors
    /// What is wrong with the certificate, the key or the authorities.
    pub fn server_config(&self, client_name: &str) -> Result<ServerConfig, IdentityError> {
        let provider = provider();
        let chain = WebPkiClientVerifier::builder_with_provider(self.roots()?, Arc::clone(&provider))
            .build()
            .map_err(|error| IdentityError(format!("ca.crt cannot be used: {error}")))?;
        let verifier = NamedClient {
            chain,
            expected: name(client_name)?,
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| IdentityError(format!("TLS 1.3 is not to be had: {error}")))?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(self.chain()?, self.private_key()?)
            .map_err(|error| IdentityError(format!("tls.crt and tls.key cannot be used together: {error}")))?;
        config.alpn_protocols = vec![ALPN_H2.to_vec()];
        // A resumed session shows no certificate: it would outlive the one that opened it.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }

    /// Settings of the client; whom it expects is said with each connection.
    ///
    /// # Errors
    /// What is wrong with the certificate, the key or the authorities.
    pub fn client_config(&self) -> Result<ClientConfig, IdentityError> {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| IdentityError(format!("TLS 1.3 is not to be had: {error}")))?
            .with_root_certificates(self.roots()?)
            .with_client_auth_cert(self.chain()?, self.private_key()?)
            .map_err(|error| IdentityError(format!("tls.crt and tls.key cannot be used together: {error}")))?;
        config.alpn_protocols = vec![ALPN_H2.to_vec()];
        // A resumed session would outlive the certificate that opened it.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(config)
    }
}

/// A DNS name, as certificates carry it.
///
/// # Errors
/// It is none.
pub fn name(name: &str) -> Result<ServerName<'static>, IdentityError> {
    ServerName::try_from(name.to_owned()).map_err(|_| IdentityError(format!("{name:?} is not a DNS name")))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn read(path: PathBuf) -> Result<Vec<u8>, IdentityError> {
    let complain = |error: std::io::Error| IdentityError(format!("{} cannot be read: {error}", path.display()));
    let size = std::fs::metadata(&path).map_err(complain)?.len();
    if size > LARGEST_FILE {
        return Err(IdentityError(format!(
            "{} has {size} bytes: that is no certificate",
            path.display()
        )));
    }
    std::fs::read(&path).map_err(complain)
}
