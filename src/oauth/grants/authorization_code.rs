//! Authorization code (RFC 6749 §4.1.3) with PKCE (RFC 7636 §4.6; RFC 9700 §2.1.1).

use super::{OAuthError, Params, invalid_grant, required};
use crate::oauth::client::{Client, ClientType};
use crate::oauth::{pkce, target};

/// The grant's own parameters. The code is a secret, so there is no `Debug`.
pub struct Request {
    /// `code`
    pub code: String,
    /// `redirect_uri`
    pub redirect_uri: Option<String>,
    /// `code_verifier`
    pub code_verifier: Option<String>,
    /// `resource`, `audience`
    pub targets: Vec<String>,
}

/// What the code remembers of its authorization request.
#[derive(Clone, Copy, Debug)]
pub struct Remembered<'a> {
    /// Where the code was sent
    pub redirect_uri: &'a str,
    /// Whether the request named it
    pub redirect_uri_was_sent: bool,
    /// PKCE challenge
    pub code_challenge: Option<&'a str>,
}

impl Request {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `invalid_request` if `code` is missing or a parameter is repeated, `invalid_target` for a flood of resources.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        Ok(Self {
            code: required(params, "code")?.to_owned(),
            redirect_uri: params.one("redirect_uri")?.map(str::to_owned),
            code_verifier: params.one("code_verifier")?.map(str::to_owned),
            targets: target::requested(params)?,
        })
    }

    /// Compares the request with what the code remembers.
    ///
    /// # Errors
    /// `invalid_grant`.
    pub fn check(&self, remembered: Remembered<'_>, client: &Client) -> Result<(), OAuthError> {
        let same_uri = match &self.redirect_uri {
            Some(uri) => uri == remembered.redirect_uri,
            None => !remembered.redirect_uri_was_sent,
        };
        if !same_uri {
            return Err(invalid_grant(
                "redirect_uri is not that of the authorization request (RFC 6749 section 4.1.3)",
            ));
        }
        match (remembered.code_challenge, &self.code_verifier) {
            (Some(challenge), Some(verifier)) if pkce::matches(verifier, challenge) => Ok(()),
            (Some(_), Some(_)) => Err(invalid_grant("code_verifier does not belong to the code_challenge")),
            (Some(_), None) => Err(invalid_grant(
                "code_verifier is missing; the authorization request had a code_challenge",
            )),
            // A verifier without a challenge: somebody took the challenge out on the way (RFC 9700 §4.8.2)
            (None, Some(_)) => Err(invalid_grant("the authorization request had no code_challenge")),
            (None, None) if client.limits.require_pkce || client.client_type == ClientType::Public => Err(invalid_grant(
                "this client must use PKCE; send a code_challenge with the authorization request",
            )),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::form;
    use super::*;
    use crate::oauth::error::ErrorCode;
    use crate::oauth::testing::client;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const URI: &str = "https://app.example.org/callback";

    fn check(text: &str, sent: bool, challenge: Option<&str>, require_pkce: bool) -> Result<(), OAuthError> {
        let mut client = client("a");
        client.limits.require_pkce = require_pkce;
        let remembered = Remembered {
            redirect_uri: URI,
            redirect_uri_was_sent: sent,
            code_challenge: challenge,
        };
        Request::parse(&form(&format!("code=c&{text}"))).unwrap().check(remembered, &client)
    }

    #[test]
    fn takes_the_right_verifier_and_redirect_uri() {
        assert_eq!(
            check(&format!("redirect_uri={URI}&code_verifier={VERIFIER}"), true, Some(CHALLENGE), true),
            Ok(())
        );
        assert_eq!(check(&format!("code_verifier={VERIFIER}"), false, Some(CHALLENGE), true), Ok(()));
        assert_eq!(check("", false, None, false), Ok(()));
    }

    #[test]
    fn refuses_every_way_around_pkce() {
        for (text, challenge, require) in [
            ("", Some(CHALLENGE), false),
            ("code_verifier=", Some(CHALLENGE), false),
            (&format!("code_verifier={CHALLENGE}") as &str, Some(CHALLENGE), false),
            (&format!("code_verifier={VERIFIER}"), None, false),
            ("", None, true),
            ("code_verifier=short", Some(CHALLENGE), false),
        ] {
            assert_eq!(
                check(text, false, challenge, require).unwrap_err().code,
                ErrorCode::InvalidGrant,
                "{text:?}"
            );
        }
    }

    #[test]
    fn refuses_another_or_a_missing_redirect_uri() {
        for (text, sent) in [
            ("", true),
            ("redirect_uri=https://app.example.org/callback/", true),
            ("redirect_uri=https://APP.example.org/callback", false),
        ] {
            assert_eq!(check(text, sent, None, false).unwrap_err().code, ErrorCode::InvalidGrant, "{text}");
        }
    }

    #[test]
    fn a_public_client_must_have_used_pkce_whatever_its_policy_says() {
        let mut public = client("a");
        public.client_type = ClientType::Public;
        public.limits.require_pkce = false;
        let remembered = Remembered {
            redirect_uri: URI,
            redirect_uri_was_sent: false,
            code_challenge: None,
        };
        assert!(Request::parse(&form("code=c")).unwrap().check(remembered, &public).is_err());
    }
}
