//! Features that this server says it does not have (OpenID Connect Core §3.1.2.6): saying so is better than ignoring them, since
//! each would change what the request means.

use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Params;

pub(super) fn check(params: &Params) -> Result<(), OAuthError> {
    for (name, code) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if params.one(name)?.is_some() {
            return Err(OAuthError::new(
                code,
                format!("the parameter {name} is not supported; send plain parameters"),
            ));
        }
    }
    Ok(())
}
