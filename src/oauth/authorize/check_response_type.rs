//! `response_type` is `code`, and the client may use it (RFC 6749 §3.1.1).

use super::invalid;
use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Params;
use crate::oauth::grant_type::ResponseType;

pub(super) fn check(params: &Params, client: &Client) -> Result<(), OAuthError> {
    let sent = params
        .one("response_type")?
        .ok_or_else(|| invalid("response_type is missing; send response_type=code"))?;
    let kind: ResponseType = sent
        .parse()
        .map_err(|()| OAuthError::new(ErrorCode::UnsupportedResponseType, "this server answers response_type=code only"))?;
    if client.response_types.contains(&kind) {
        Ok(())
    } else {
        Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "this client may not use this response_type",
        ))
    }
}
