//! `client_id` names a client that this server knows (RFC 6749 §4.1.1).

use super::invalid;
use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Params;
use std::sync::Arc;

pub(super) fn check(params: &Params, find: impl FnOnce(&str) -> Option<Arc<Client>>) -> Result<Arc<Client>, OAuthError> {
    let id = params.one("client_id")?.ok_or_else(|| invalid("client_id is missing"))?;
    find(id).ok_or_else(|| OAuthError::new(ErrorCode::InvalidClient, "this server knows no client with this client_id"))
}
