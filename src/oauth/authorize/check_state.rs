//! `state` goes back to the client as it came (RFC 6749 §4.1.1).

use super::bounded;
use crate::oauth::error::OAuthError;
use crate::oauth::form::Params;

/// Room for a signed state; it travels in a redirect, whose length proxies limit.
const MAX_BYTES: usize = 4096;

pub(super) fn check(params: &Params) -> Result<Option<String>, OAuthError> {
    bounded(params, "state", MAX_BYTES)
}
