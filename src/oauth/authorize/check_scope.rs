//! `scope` stays within what the client may have (RFC 6749 §3.3).

use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Params;
use crate::oauth::grant_type::GrantType;
use crate::oauth::scope::Scopes;

pub(super) fn check(params: &Params, client: &Client) -> Result<Scopes, OAuthError> {
    let refuse = |why: &str| OAuthError::new(ErrorCode::InvalidScope, why);
    let sent = params.one("scope")?.unwrap_or_default();
    let asked = Scopes::parse(sent).map_err(|_| refuse("the scope holds a character that RFC 6749 section 3.3 does not allow"))?;
    if asked.is_empty() {
        return Err(refuse("the scope is empty; name at least one, such as openid"));
    }
    if !asked.is_subset(&client.scopes) {
        return Err(refuse("the scope asks for more than this client may have"));
    }
    // Without the refresh token that it is about, offline_access means nothing and is ignored (OpenID Connect Core §11).
    if client.grant_types.contains(&GrantType::RefreshToken) {
        Ok(asked)
    } else {
        Ok(asked.difference(&Scopes::from_iter(["offline_access"])))
    }
}
