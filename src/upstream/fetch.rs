//! HTTP to a provider's servers: no redirects, no proxies of the environment, a deadline, and a limit on what is read.

use super::fault::UpstreamFault;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A connection takes no longer.
const CONNECT: Duration = Duration::from_secs(3);
/// Nor does a whole answer.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// Nothing that a provider sends is larger: discovery documents have some kilobytes.
const LARGEST: usize = 256 * 1024;

/// The way to one provider's servers.
pub struct Http(reqwest::Client);

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The status
    pub status: u16,
    /// The object in the body, if it is one
    pub json: Option<Map<String, Value>>,
}

impl Http {
    /// With the authorities that sign the servers' certificates; `None`: the system's.
    ///
    /// # Errors
    /// [`UpstreamFault::Unavailable`] if there is no usable authority.
    pub fn new(authorities: Option<&str>) -> Result<Self, UpstreamFault> {
        let client = reqwest::Client::builder()
            // What a provider names is asked, and nothing that it names only then: it must not send our requests, or our secret, elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_backend_preconfigured(tls(authorities)?)
            .connect_timeout(CONNECT)
            .timeout(DEADLINE)
            .pool_max_idle_per_host(2)
            .user_agent("nauthera")
            .build();
        client
            .map(Self)
            .map_err(|error| UpstreamFault::Unavailable(format!("its HTTP client cannot be made: {error}")))
    }

    /// Asks for a JSON object, with an access token if that is needed.
    ///
    /// # Errors
    /// [`UpstreamFault`].
    pub async fn get(&self, url: &Url, token: Option<&str>) -> Result<Reply, UpstreamFault> {
        let mut request = self.0.get(url.clone());
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, secret(&format!("Bearer {token}"))?);
        }
        read(request).await
    }

    /// Sends a form.
    ///
    /// # Errors
    /// [`UpstreamFault`].
    pub async fn post(&self, url: &Url, form: String, authorization: Option<&str>) -> Result<Reply, UpstreamFault> {
        let mut request = self
            .0
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, secret(authorization)?);
        }
        read(request).await
    }
}

fn secret(text: &str) -> Result<HeaderValue, UpstreamFault> {
    let mut value = HeaderValue::from_str(text).map_err(|_| UpstreamFault::invalid("a token holds characters that no header may have"))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn read(request: reqwest::RequestBuilder) -> Result<Reply, UpstreamFault> {
    let mut answer = request.header(ACCEPT, "application/json").send().await.map_err(unreachable)?;
    let status = answer.status().as_u16();
    if answer.status().is_redirection() {
        return Err(UpstreamFault::invalid("it redirects, which is not followed"));
    }
    if answer.status().is_server_error() || status == 429 {
        return Err(UpstreamFault::Unavailable(format!("it answers with status {status}")));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(UpstreamFault::invalid("an answer is larger than 256 KiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply {
        status,
        json: serde_json::from_slice(&body).ok(),
    })
}

/// Without the address, which the log has anyway, and with the cause, which reqwest keeps to itself.
fn unreachable(error: reqwest::Error) -> UpstreamFault {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    UpstreamFault::Unavailable(text)
}

fn tls(authorities: Option<&str>) -> Result<ClientConfig, UpstreamFault> {
    let unusable = |why: String| UpstreamFault::Unavailable(format!("caRef {why}"));
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| unusable(format!("holds no PEM certificates: {error}")))?;
                let added = roots.add(certificate);
                added.map_err(|error| unusable(format!("holds a certificate that cannot be used: {error}")))?;
            }
            if roots.is_empty() {
                return Err(unusable("holds no certificate".to_owned()));
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
        .map_err(|error| UpstreamFault::Unavailable(format!("TLS cannot be set up: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
