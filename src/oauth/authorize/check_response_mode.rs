//! `response_mode` is one that this server has (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode).

use super::invalid;
use super::response::ResponseMode;
use crate::oauth::error::OAuthError;
use crate::oauth::form::Params;

pub(super) fn check(params: &Params) -> Result<ResponseMode, OAuthError> {
    match params.one("response_mode")? {
        None | Some("query") => Ok(ResponseMode::Query),
        Some("fragment") => Ok(ResponseMode::Fragment),
        Some("form_post") => Ok(ResponseMode::FormPost),
        Some(_) => Err(invalid("response_mode must be query, fragment or form_post")),
    }
}
