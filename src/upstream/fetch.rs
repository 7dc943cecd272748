//! HTTP to a provider's servers: what is asked, and a limit on what is read.

use super::fault::UpstreamFault;
use crate::outbound;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

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
        outbound::client(authorities)
            .map(Self)
            .map_err(|why| UpstreamFault::Unavailable(format!("caRef {why}")))
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

fn unreachable(error: reqwest::Error) -> UpstreamFault {
    UpstreamFault::Unavailable(outbound::cause(error))
}
