//! `nonce` goes into the ID token as it came (OpenID Connect Core §3.1.2.1).

use super::bounded;
use crate::oauth::error::OAuthError;
use crate::oauth::form::Params;

const MAX_BYTES: usize = 1024;

pub(super) fn check(params: &Params) -> Result<Option<String>, OAuthError> {
    bounded(params, "nonce", MAX_BYTES)
}
