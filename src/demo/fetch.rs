//! The HTTP client of the demo: `openidconnect`'s request and answer over `reqwest`, with a deadline and a limit on what is read.

use openidconnect::{HttpRequest, HttpResponse, http};
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 1 << 20;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection, a deadline, a broken answer
    #[error("{0}")]
    Transport(#[from] reqwest::Error),
    /// More than 1 MiB
    #[error("the answer is larger than 1 MiB")]
    TooLarge,
    /// The answer could not be put together
    #[error("{0}")]
    Answer(#[from] http::Error),
}

/// A client that follows no redirect (a provider must not send it elsewhere) and trusts no certificate: the demo speaks to a loopback
/// issuer over plain HTTP, and the machine may have no certificates installed.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only(std::iter::empty())
        .no_proxy()
        .timeout(DEADLINE)
        .build()
}

/// One request.
pub async fn fetch(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, FetchError> {
    let (parts, body) = request.into_parts();
    let mut answer = http
        .request(parts.method, parts.uri.to_string())
        .headers(parts.headers)
        .body(body)
        .send()
        .await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > LARGEST_ANSWER {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    let mut response = http::Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        *headers = answer.headers().clone();
    }
    Ok(response.body(bytes)?)
}
