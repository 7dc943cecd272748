//! HTTP to servers of others, which configurations name: no redirects, no proxies of the environment, deadlines, and a known set of authorities. Imports
//! nothing of ours.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;

/// A connection takes no longer.
const CONNECT: Duration = Duration::from_secs(3);
/// Nor does a whole answer.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// A client with the authorities (PEM) that sign the servers' certificates; `None`: the system's.
///
/// # Errors
/// Why there is no usable authority, as the end of a sentence whose subject is where the authorities come from.
pub fn client(authorities: Option<&str>) -> Result<reqwest::Client, String> {
    reqwest::Client::builder()
        // What a configuration names is asked, and nothing that it names only then: it must not send our requests, or our secrets, elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_backend_preconfigured(tls(authorities)?)
        .connect_timeout(CONNECT)
        .timeout(DEADLINE)
        .pool_max_idle_per_host(2)
        .user_agent("nauthera")
        .build()
        .map_err(|error| format!("makes no HTTP client: {error}"))
}

/// Why a request had no answer: without the address, which the log has anyway, and with the cause, which reqwest keeps to itself.
pub fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn tls(authorities: Option<&str>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| format!("holds no PEM certificates: {error}"))?;
                let added = roots.add(certificate);
                added.map_err(|error| format!("holds a certificate that cannot be used: {error}"))?;
            }
            if roots.is_empty() {
                return Err("holds no certificate".to_owned());
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
        .map_err(|error| format!("sets up no TLS: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
