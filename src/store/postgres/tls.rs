//! TLS to PostgreSQL by rustls: what is verified, and against which authorities.

mod client;

use crate::store::{StoreError, StoreResult};
pub use client::ClientFiles;
use rustls::client::WantsClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::PathBuf;
use std::sync::Arc;

/// How much of the server's certificate is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verify {
    /// Nothing (`prefer`, `require`): keeps out listeners, not impostors
    Nothing,
    /// That one of the authorities issued it (`verify-ca`)
    Chain,
    /// And that it is for this host (`verify-full`)
    ChainAndName,
}

/// What the URL and the settings ask for.
#[derive(Clone, Debug)]
pub(super) struct TlsPolicy {
    pub verify: Verify,
    /// PEM file, instead of the system's authorities
    pub ca_file: Option<PathBuf>,
    /// Who this server proves to be
    pub client: Option<ClientFiles>,
}

/// The configuration for a policy.
pub(super) fn client_config(policy: &TlsPolicy) -> StoreResult<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let refused = |error: Error| StoreError::Refused(format!("TLS cannot be set up: {error}"));
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    if policy.verify == Verify::ChainAndName {
        return with_client(builder.with_root_certificates(roots(policy)?), policy, &provider);
    }
    let chain = match policy.verify {
        Verify::Nothing => None,
        _ => Some(roots(policy)?),
    };
    let verifier = Lenient {
        provider: Arc::clone(&provider),
        chain,
    };
    with_client(
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)),
        policy,
        &provider,
    )
}

fn with_client(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    policy: &TlsPolicy,
    provider: &CryptoProvider,
) -> StoreResult<ClientConfig> {
    Ok(match &policy.client {
        Some(files) => builder.with_client_cert_resolver(Arc::new(client::FromFiles::load(files.clone(), provider)?)),
        None => builder.with_no_client_auth(),
    })
}

fn roots(policy: &TlsPolicy) -> StoreResult<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match &policy.ca_file {
        Some(path) => {
            let unreadable = |error: &dyn std::fmt::Display| {
                StoreError::Refused(format!("the authorities in {} cannot be read: {error}", path.display()))
            };
            let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| unreadable(&error))?;
                roots.add(certificate).map_err(|error| unreadable(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(StoreError::Refused(
            "no authority is known that could have issued the database's certificate. Name a PEM file with sslrootcert".to_owned(),
        ));
    }
    Ok(roots)
}

/// Looks at less than the whole certificate, as the URL asked for. The handshake's signatures are always verified.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    chain: Option<RootCertStore>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(roots) = &self.chain {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
