//! The checks of an ID token (OpenID Connect Core §3.1.3.7), one after another.

use crate::jose::TokenRejected;
use crate::jose::foreign::{ForeignKeys, Signed};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

/// Two machines' clocks may differ by this many seconds.
pub const LEEWAY: i64 = 60;
/// Longest `sub` (OpenID Connect Core §2).
const LONGEST_SUBJECT: usize = 255;

/// What the token has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// `iss`
    pub issuer: &'a str,
    /// `aud`
    pub client_id: &'a str,
    /// `nonce`
    pub nonce: &'a str,
    /// What `at_hash` is of, if it is there
    pub access_token: Option<&'a str>,
    /// The time
    pub now: Timestamp,
}

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its key is not among those that were read: they may be out of date
    UnknownKey,
    /// It is not what it must be, and why
    Invalid(String),
}

pub(super) fn invalid(why: &str) -> Refusal {
    Refusal::Invalid(why.to_owned())
}

/// The claims of a token that passes every check, with a `sub` that is one.
///
/// # Errors
/// [`Refusal`].
pub fn verify(token: &str, keys: &ForeignKeys, expected: &Expected<'_>) -> Result<Map<String, Value>, Refusal> {
    let signed = keys.verify(token, None)?;
    let Expected { issuer, client_id, .. } = *expected;
    check_origin(&signed.claims, issuer, client_id)?;
    check_times(&signed.claims, expected.now)?;
    check_nonce(&signed.claims, expected)?;
    check_subject(&signed.claims)?;
    check_access_token(&signed, expected)?;
    Ok(signed.claims)
}

impl From<TokenRejected> for Refusal {
    fn from(rejected: TokenRejected) -> Self {
        match rejected {
            TokenRejected::UnknownKey => Self::UnknownKey,
            other => Self::Invalid(other.to_string()),
        }
    }
}

/// By the provider, for us.
pub(super) fn check_origin(claims: &Map<String, Value>, issuer: &str, client_id: &str) -> Result<(), Refusal> {
    if text(claims, "iss") != Some(issuer) {
        return Err(invalid("iss is not the provider"));
    }
    check_audience(claims, client_id)
}

pub(super) fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// Seconds since 1970 (RFC 7519 §2, `NumericDate`): a part of a second does not matter.
pub fn seconds(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    let number = claims.get(name)?;
    #[allow(clippy::cast_possible_truncation)]
    number.as_i64().or_else(|| number.as_f64().map(|number| number as i64))
}

/// For us; if for others too, then asked for by us.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), Refusal> {
    let us = |value: &Value| value.as_str() == Some(client_id);
    let (is_ours, is_shared) = match claims.get("aud") {
        Some(Value::Array(all)) => (all.iter().any(us), all.len() > 1),
        Some(one) => (us(one), false),
        None => (false, false),
    };
    if !is_ours {
        return Err(invalid("aud is not us"));
    }
    match claims.get("azp") {
        Some(party) if !us(party) => Err(invalid("azp is not us")),
        None if is_shared => Err(invalid("it is for others too, and has no azp")),
        _ => Ok(()),
    }
}

pub(super) fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Result<(), Refusal> {
    let now = now.as_second();
    let (Some(expires), Some(issued)) = (seconds(claims, "exp"), seconds(claims, "iat")) else {
        return Err(invalid("exp or iat is missing"));
    };
    if expires.saturating_add(LEEWAY) <= now {
        return Err(invalid("it has expired"));
    }
    let latest = now.saturating_add(LEEWAY);
    if issued > latest || seconds(claims, "nbf").is_some_and(|begins| begins > latest) {
        return Err(invalid("it is from the future"));
    }
    Ok(())
}

fn check_nonce(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), Refusal> {
    let nonce = text(claims, "nonce").unwrap_or_default();
    if bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        Ok(())
    } else {
        Err(invalid("nonce is not that of this login"))
    }
}

fn check_subject(claims: &Map<String, Value>) -> Result<(), Refusal> {
    match text(claims, "sub") {
        Some(subject) if is_subject(subject) => Ok(()),
        _ => Err(invalid("sub is missing, or is none")),
    }
}

pub(super) fn is_subject(subject: &str) -> bool {
    (1..=LONGEST_SUBJECT).contains(&subject.len()) && !subject.chars().any(char::is_control)
}

/// `at_hash` (OpenID Connect Core §3.1.3.6): the left half of the access token's digest, made as the signature's is.
fn check_access_token(signed: &Signed, expected: &Expected<'_>) -> Result<(), Refusal> {
    let (Some(hash), Some(token)) = (signed.claims.get("at_hash"), expected.access_token) else {
        return Ok(());
    };
    let digest = digest::digest(digest_of(signed.algorithm), token.as_bytes());
    let half = digest.as_ref().get(..digest.as_ref().len() / 2).unwrap_or_default();
    if hash.as_str() == Some(URL_SAFE_NO_PAD.encode(half).as_str()) {
        Ok(())
    } else {
        Err(invalid("at_hash is not that of the access token"))
    }
}

fn digest_of(algorithm: jsonwebtoken::Algorithm) -> &'static digest::Algorithm {
    use jsonwebtoken::Algorithm as A;
    match algorithm {
        A::RS384 | A::PS384 | A::ES384 => &digest::SHA384,
        A::RS512 | A::PS512 | A::EdDSA => &digest::SHA512,
        _ => &digest::SHA256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn expected() -> Expected<'static> {
        Expected {
            issuer: "https://id.example.org",
            client_id: "us",
            nonce: "n",
            access_token: Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            now: Timestamp::from_second(NOW).unwrap(),
        }
    }

    fn claims(change: Value) -> Map<String, Value> {
        let mut claims = json!({"iss": "https://id.example.org", "aud": "us", "exp": NOW + 300, "iat": NOW, "nonce": "n", "sub": "7"});
        let fields = claims.as_object_mut().unwrap();
        fields.extend(change.as_object().unwrap().clone());
        fields.retain(|_, value| !value.is_null());
        fields.clone()
    }

    /// Every check but the signature's.
    fn passes(change: Value) -> bool {
        let (claims, expected) = (claims(change), expected());
        let signed = Signed {
            claims: claims.clone(),
            algorithm: jsonwebtoken::Algorithm::RS256,
        };
        [
            check_origin(&claims, expected.issuer, expected.client_id),
            check_times(&claims, expected.now),
            check_nonce(&claims, &expected),
            check_subject(&claims),
            check_access_token(&signed, &expected),
        ]
        .iter()
        .all(Result::is_ok)
    }

    #[test]
    fn a_right_token_passes() {
        for change in [
            json!({}),
            json!({"aud": ["us"]}),
            json!({"aud": ["us", "them"], "azp": "us"}),
            json!({"azp": "us"}),
            json!({"exp": NOW - 59}),
            json!({"iat": NOW + 60, "nbf": NOW + 60}),
            json!({"iat": 1_800_000_000.5}),
            // The example of OpenID Connect Core appendix A.3.
            json!({"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}),
        ] {
            assert!(passes(change.clone()), "{change}");
        }
    }

    #[test]
    fn a_token_that_is_anybody_elses_or_too_old_does_not() {
        for change in [
            json!({"iss": "https://id.example.org/"}),
            json!({"iss": null}),
            json!({"iss": ["https://id.example.org"]}),
            json!({"aud": "them"}),
            json!({"aud": []}),
            json!({"aud": null}),
            json!({"aud": ["us", "them"]}),
            json!({"aud": ["us", "them"], "azp": "them"}),
            json!({"azp": "them"}),
            json!({"azp": 7}),
            json!({"exp": NOW - 60}),
            json!({"exp": null}),
            json!({"exp": "2099"}),
            json!({"iat": null}),
            json!({"iat": NOW + 61}),
            json!({"nbf": NOW + 61}),
            json!({"nonce": "m"}),
            json!({"nonce": ""}),
            json!({"nonce": null}),
            json!({"sub": null}),
            json!({"sub": ""}),
            json!({"sub": 7}),
            json!({"sub": "a\u{0}b"}),
            json!({"sub": "x".repeat(256)}),
            json!({"at_hash": "AAAAUPtjPfzWtF2AnpK9RQ"}),
            json!({"at_hash": 7}),
        ] {
            assert!(!passes(change.clone()), "{change}");
        }
    }
}
