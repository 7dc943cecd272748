//! Which resource servers a token is for (RFC 8707, and `audience` of RFC 8693 §2.1).

use super::client::Client;
use super::error::{ErrorCode, OAuthError};
use super::form::Params;

/// More than a client can need in one token.
const MAX_TARGETS: usize = 20;

/// `resource` and `audience` of a request, both repeatable, without duplicates.
///
/// # Errors
/// `invalid_target` if there are too many.
pub fn requested(params: &Params) -> Result<Vec<String>, OAuthError> {
    let mut targets: Vec<String> = Vec::new();
    for target in params
        .all("resource")
        .chain(params.all("audience"))
        .filter(|target| !target.is_empty())
    {
        if !targets.iter().any(|known| known == target) {
            targets.push(target.to_owned());
        }
        if targets.len() > MAX_TARGETS {
            return Err(OAuthError::new(
                ErrorCode::InvalidTarget,
                "too many resource and audience parameters",
            ));
        }
    }
    Ok(targets)
}

/// The audience of a token: what was requested, within what was granted before (`within`, empty for everything), within what the client
/// may reach. Without a request it is all of that; a client without audiences gets tokens for the issuer itself.
///
/// # Errors
/// `invalid_target` if the request goes beyond, or if nothing is left of an earlier grant.
pub fn select(client: &Client, issuer: &str, requested: Vec<String>, within: &[String]) -> Result<Vec<String>, OAuthError> {
    let may_reach = |target: &str| {
        if client.audiences.is_empty() {
            target == issuer
        } else {
            client.audiences.iter().any(|known| known == target)
        }
    };
    let was_granted = |target: &str| within.is_empty() || within.iter().any(|known| known == target);
    if !requested.is_empty() {
        return if requested.iter().all(|target| may_reach(target) && was_granted(target)) {
            Ok(requested)
        } else {
            Err(OAuthError::new(
                ErrorCode::InvalidTarget,
                "a requested resource or audience is not one that this client may get tokens for; add it to the audiences of its AuthClient",
            ))
        };
    }
    if !within.is_empty() {
        let left: Vec<String> = within.iter().filter(|target| may_reach(target)).cloned().collect();
        return if left.is_empty() {
            Err(OAuthError::new(
                ErrorCode::InvalidTarget,
                "the client may no longer get tokens for what was granted",
            ))
        } else {
            Ok(left)
        };
    }
    Ok(if client.audiences.is_empty() {
        vec![issuer.to_owned()]
    } else {
        client.audiences.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::testing;

    const ISSUER: &str = "https://login.example.org";

    fn texts(targets: &[&str]) -> Vec<String> {
        targets.iter().map(|target| (*target).to_owned()).collect()
    }

    fn client(audiences: &[&str]) -> Client {
        Client {
            audiences: texts(audiences),
            ..testing::client("a")
        }
    }

    #[test]
    fn takes_the_request_else_all_audiences_else_the_issuer() {
        let both = client(&["https://a", "https://b"]);
        assert_eq!(select(&both, ISSUER, texts(&["https://b"]), &[]).unwrap(), ["https://b"]);
        assert_eq!(select(&both, ISSUER, vec![], &[]).unwrap(), ["https://a", "https://b"]);
        assert_eq!(select(&client(&[]), ISSUER, vec![], &[]).unwrap(), [ISSUER]);
        assert_eq!(select(&client(&[]), ISSUER, texts(&[ISSUER]), &[]).unwrap(), [ISSUER]);
    }

    #[test]
    fn never_goes_beyond_the_client_or_the_grant() {
        let both = client(&["https://a", "https://b"]);
        for (requested, within) in [
            (texts(&["https://c"]), texts(&[])),
            (texts(&["https://a", "https://b"]), texts(&["https://a"])),
            (texts(&[ISSUER]), texts(&[])),
            (texts(&[]), texts(&["https://gone"])),
        ] {
            let error = select(&both, ISSUER, requested, &within).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidTarget);
        }
        assert_eq!(
            select(&both, ISSUER, vec![], &texts(&["https://a", "https://gone"])).unwrap(),
            ["https://a"]
        );
    }

    #[test]
    fn reads_both_parameters_once_each() {
        let params = Params::parse(b"resource=https://a&audience=b&resource=https://a&audience=").unwrap();
        assert_eq!(requested(&params).unwrap(), ["https://a", "b"]);
        let flood: String = (0..30).map(|n| format!("resource=r{n}&")).collect();
        assert!(requested(&Params::parse(flood.as_bytes()).unwrap()).is_err());
    }
}
