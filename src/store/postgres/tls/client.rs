//! The certificate by which this server proves to PostgreSQL who it is.

use crate::store::{StoreError, StoreResult};
use arc_swap::ArcSwap;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::PathBuf;
use std::sync::Arc;

/// PEM files of a client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFiles {
    /// The certificate and its chain
    pub certificate: PathBuf,
    /// Its key
    pub key: PathBuf,
}

impl ClientFiles {
    fn read(&self, provider: &CryptoProvider) -> StoreResult<CertifiedKey> {
        let refused = |file: &PathBuf, error: &dyn std::fmt::Display| {
            StoreError::Refused(format!(
                "the client certificate for the database: {} cannot be used: {error}",
                file.display()
            ))
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| refused(&self.certificate, &error))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| refused(&self.key, &error))?;
        CertifiedKey::from_der(chain, key, provider).map_err(|error| refused(&self.key, &error))
    }
}

/// Read anew for each connection, of which there are few: whoever renews the files needs to tell nobody.
#[derive(Debug)]
pub(super) struct FromFiles {
    files: ClientFiles,
    provider: CryptoProvider,
    usable: ArcSwap<CertifiedKey>,
}

impl FromFiles {
    /// # Errors
    /// [`StoreError::Refused`] names the file that cannot be read, is not PEM, or does not fit the other.
    pub(super) fn load(files: ClientFiles, provider: &CryptoProvider) -> StoreResult<Self> {
        Ok(Self {
            usable: ArcSwap::from_pointee(files.read(provider)?),
            provider: provider.clone(),
            files,
        })
    }
}

impl ResolvesClientCert for FromFiles {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        match self.files.read(&self.provider) {
            Ok(fresh) => self.usable.store(Arc::new(fresh)),
            Err(error) => tracing::warn!(%error, "the one that was read before stays in use"),
        }
        Some(self.usable.load_full())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
