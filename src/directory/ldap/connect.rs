//! A way to a directory's server: TCP, and TLS from the start or after StartTLS (RFC 4511 §4.14, RFC 4513 §3).
//!
//! ldap3 could do this too; it is done here because what comes from the server passes [`super::guard`] before ldap3 reads it.

use super::ailment::{Ailment, Failure};
use super::ber;
use super::fault::LdapFault;
use super::settings::{Encryption, LdapSettings, Target};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A stream of either kind.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Message 1: ExtendedRequest 1.3.6.1.4.1.1466.20037.
const START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
const EXTENDED_RESPONSE: u8 = 0x78;
/// The answer to StartTLS is short.
const LONGEST_ANSWER: usize = 4096;

/// TLS as the settings want it: the authorities in `caRef`, or the system's. Names are always verified.
///
/// # Errors
/// [`LdapFault::Refused`] if there is no usable authority.
pub fn tls(settings: &LdapSettings) -> Result<Arc<ClientConfig>, LdapFault> {
    let mut roots = RootCertStore::empty();
    match &settings.authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| LdapFault::Refused(format!("caRef holds no PEM certificates: {error}")))?;
                roots
                    .add(certificate)
                    .map_err(|error| LdapFault::Refused(format!("caRef holds a certificate that cannot be used: {error}")))?;
            }
            if roots.is_empty() {
                return Err(LdapFault::Refused("caRef holds no certificate".to_owned()));
            }
        }
        // An empty store refuses every certificate, with a reason: nothing to tell here.
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| LdapFault::Internal(format!("TLS cannot be set up: {error}")))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// Opens one. The caller sets the deadline.
///
/// # Errors
/// What the network, TLS or the server's answer to StartTLS said.
pub async fn open(target: &Target, tls: &Arc<ClientConfig>) -> Result<Box<dyn Stream>, Failure> {
    let failed = |ailment: Ailment| move |error: io::Error| Failure::new(ailment, error);
    let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
    let addresses: Vec<_> = found.map_err(failed(Ailment::Unresolved))?.collect();
    let tcp = TcpStream::connect(addresses.as_slice()).await;
    let mut tcp = tcp.map_err(failed(Ailment::Unreachable))?;
    tcp.set_nodelay(true).map_err(failed(Ailment::Unreachable))?;
    match target.encryption {
        Encryption::None => return Ok(Box::new(tcp)),
        Encryption::StartTls => start_tls(&mut tcp).await.map_err(failed(Ailment::NoStartTls))?,
        Encryption::Direct => {}
    }
    let name = ServerName::try_from(target.host.clone()).map_err(|error| Failure::new(Ailment::WrongName, error))?;
    let encrypted = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await;
    let encrypted = encrypted.map_err(|error| Failure::new(Ailment::of_handshake(&error), error))?;
    Ok(Box::new(encrypted))
}

/// Byte by byte where it matters: what follows the answer in the clear is not taken for the start of TLS, since nothing is read ahead.
async fn start_tls(tcp: &mut TcpStream) -> io::Result<()> {
    let refused = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    tcp.write_all(START_TLS).await?;
    let mut answer = Vec::new();
    let whole = loop {
        answer.push(tcp.read_u8().await?);
        match ber::Header::read(&answer).map_err(|fault| refused(&fault.to_string()))? {
            Some(header) if header.total() <= LONGEST_ANSWER => break header.total(),
            Some(_) => return Err(refused("its answer to StartTLS is too long")),
            None => {}
        }
    };
    let read = answer.len();
    answer.resize(whole, 0);
    tcp.read_exact(answer.get_mut(read..).unwrap_or_default()).await?;
    match ber::result_code(&answer, EXTENDED_RESPONSE) {
        Some(0) => Ok(()),
        Some(code) => Err(refused(&format!("it refuses StartTLS (result code {code})"))),
        None => Err(refused("it does not know StartTLS")),
    }
}
