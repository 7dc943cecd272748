//! Each `resource` is a resource server that the client may have tokens for (RFC 8707 §2).

use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Params;

pub(super) fn check(params: &Params, client: &Client) -> Result<Vec<String>, OAuthError> {
    let mut resources: Vec<String> = Vec::new();
    for resource in params.all("resource") {
        if !client.audiences.iter().any(|audience| audience == resource) {
            return Err(OAuthError::new(
                ErrorCode::InvalidTarget,
                "a resource is not one of this client's audiences",
            ));
        }
        if !resources.iter().any(|known| known == resource) {
            resources.push(resource.to_owned());
        }
    }
    Ok(resources)
}
