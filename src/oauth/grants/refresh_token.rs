//! Refresh token (RFC 6749 §6; RFC 9700 §4.14).

use super::{OAuthError, Params, requested_scopes, required};
use crate::oauth::error::ErrorCode;
use crate::oauth::scope::Scopes;
use crate::oauth::target;

/// The grant's own parameters. The token is a secret, so there is no `Debug`.
pub struct Request {
    /// `refresh_token`
    pub refresh_token: String,
    /// `scope`
    pub scopes: Option<Scopes>,
    /// `resource`, `audience`
    pub targets: Vec<String>,
}

impl Request {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `invalid_request`, `invalid_scope`, `invalid_target`.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        Ok(Self {
            refresh_token: required(params, "refresh_token")?.to_owned(),
            scopes: requested_scopes(params)?,
            targets: target::requested(params)?,
        })
    }

    /// Whether the request asks for less than the whole grant; then the grant is looked at before the token is used up.
    pub fn narrows(&self) -> bool {
        self.scopes.is_some() || !self.targets.is_empty()
    }

    /// The scopes of the new tokens: those requested, never more than were granted.
    ///
    /// # Errors
    /// `invalid_scope` if the request goes beyond the grant.
    pub fn scopes_within(&self, granted: &Scopes) -> Result<Scopes, OAuthError> {
        match &self.scopes {
            None => Ok(granted.clone()),
            Some(requested) if requested.is_subset(granted) => Ok(requested.clone()),
            Some(_) => Err(OAuthError::new(
                ErrorCode::InvalidScope,
                "a refresh can only narrow what was granted; ask for more at the authorization endpoint",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::form;
    use super::*;

    #[test]
    fn narrows_and_never_widens() {
        let granted = Scopes::parse("openid email").unwrap();
        let scopes = |text: &str| {
            Request::parse(&form(&format!("refresh_token=t&{text}")))
                .unwrap()
                .scopes_within(&granted)
        };
        assert_eq!(scopes("").unwrap(), granted);
        assert_eq!(scopes("scope=email").unwrap().to_string(), "email");
        assert_eq!(scopes("scope=email+profile").unwrap_err().code, ErrorCode::InvalidScope);
    }

    #[test]
    fn needs_a_token() {
        assert_eq!(
            Request::parse(&form("refresh_token=")).err().unwrap().code,
            ErrorCode::InvalidRequest
        );
    }
}
