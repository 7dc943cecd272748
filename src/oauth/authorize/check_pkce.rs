//! PKCE with S256 (RFC 7636 §4.3). `plain` protects nothing from whoever can read the request, so it is refused (RFC 9700 §2.1.1).

use super::invalid;
use crate::oauth::client::{Client, ClientType};
use crate::oauth::error::OAuthError;
use crate::oauth::form::Params;

/// base64url of SHA-256 without padding
const CHALLENGE_LENGTH: usize = 43;

pub(super) fn check(params: &Params, client: &Client) -> Result<Option<String>, OAuthError> {
    let challenge = params.one("code_challenge")?;
    let method = params.one("code_challenge_method")?;
    let required = client.limits.require_pkce || client.client_type == ClientType::Public;
    match (challenge, method) {
        (None, None) if required => Err(invalid(
            "code_challenge is missing; PKCE with code_challenge_method=S256 is required",
        )),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(invalid("code_challenge_method came without code_challenge")),
        (Some(_), None | Some("plain")) => Err(invalid("the PKCE method plain is refused; send code_challenge_method=S256")),
        (Some(challenge), Some("S256")) if is_digest(challenge) => Ok(Some(challenge.to_owned())),
        (Some(_), Some("S256")) => Err(invalid(
            "code_challenge must be the base64url SHA-256 of the verifier, 43 characters",
        )),
        (Some(_), Some(_)) => Err(invalid("code_challenge_method must be S256")),
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == CHALLENGE_LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
