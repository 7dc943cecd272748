//! Client credentials (RFC 6749 §4.4): a service asks for itself. No person, no refresh token, no row.

use super::{Granted, OAuthError, Params, beyond_client, requested_scopes};
use crate::oauth::claims::PERSON_SCOPES;
use crate::oauth::client::{Client, ClientType};
use crate::oauth::error::ErrorCode;
use crate::oauth::scope::Scopes;
use crate::oauth::target;

/// Decides what the client gets: the requested scopes, else all of its own that need no person.
///
/// # Errors
/// `invalid_scope`, `invalid_target`, or `unauthorized_client` for a public client, which anyone can be.
pub fn decide(client: &Client, issuer: &str, params: &Params) -> Result<Granted, OAuthError> {
    if client.client_type == ClientType::Public {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "a public client proves nothing about itself and gets no token of its own",
        ));
    }
    let scopes = match requested_scopes(params)? {
        Some(requested) if !requested.is_subset(&client.scopes) => return Err(beyond_client()),
        Some(requested) if PERSON_SCOPES.iter().any(|scope| requested.contains(scope)) => {
            return Err(OAuthError::new(
                ErrorCode::InvalidScope,
                "openid, profile, email, groups and offline_access need a person; leave them out of a client_credentials request",
            ));
        }
        Some(requested) => requested,
        None => client
            .scopes
            .iter()
            .filter(|scope| !PERSON_SCOPES.contains(scope))
            .collect::<Scopes>(),
    };
    Ok(Granted {
        sub: client.id.as_str().to_owned(),
        login: None,
        grant: None,
        scopes,
        audience: target::select(client, issuer, target::requested(params)?, &[])?,
        not_after: None,
        act: None,
        profile: None,
        carried: None,
        nonce: None,
        with_id_token: false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::form;
    use super::*;
    use crate::oauth::testing::client;

    fn code(text: &str) -> ErrorCode {
        decide(&client("a"), "i", &form(text)).unwrap_err().code
    }

    #[test]
    fn gives_what_was_asked_or_all_that_needs_no_person() {
        let all = decide(&client("a"), "i", &form("")).unwrap();
        assert_eq!(all.scopes.to_string(), "orders:read orders:write");
        assert_eq!((all.sub.as_str(), all.audience), ("a", vec!["i".to_owned()]));
        let some = decide(&client("a"), "i", &form("scope=orders:read")).unwrap();
        assert_eq!(some.scopes.to_string(), "orders:read");
    }

    #[test]
    fn refuses_more_than_the_client_has_and_what_needs_a_person() {
        for text in ["scope=admin", "scope=orders:read+admin", "scope=openid", "scope=a%22b"] {
            assert_eq!(code(text), ErrorCode::InvalidScope, "{text}");
        }
        assert_eq!(code("resource=https://other"), ErrorCode::InvalidTarget);
        assert_eq!(code("scope=orders:read&scope=orders:read"), ErrorCode::InvalidRequest);
    }

    #[test]
    fn refuses_a_public_client() {
        let public = Client {
            client_type: ClientType::Public,
            ..client("a")
        };
        assert_eq!(decide(&public, "i", &form("")).unwrap_err().code, ErrorCode::UnauthorizedClient);
    }
}
