//! Proof Key for Code Exchange, S256 only (RFC 7636; RFC 9700 §2.1.1).

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

/// Whether this can be an S256 challenge: base64url of 32 bytes (RFC 7636 §4.2).
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether this is a well-formed verifier: 43 to 128 unreserved characters (RFC 7636 §4.1).
pub fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

/// The S256 challenge of a verifier.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// Whether the verifier belongs to the challenge.
pub fn matches(verifier: &str, expected: &str) -> bool {
    is_verifier(verifier) && bool::from(challenge(verifier).as_bytes().ct_eq(expected.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_example_of_rfc_7636_appendix_b() {
        let (verifier, expected) = (
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        );
        assert_eq!(challenge(verifier), expected);
        assert!(is_challenge(expected) && matches(verifier, expected));
        assert!(!matches(expected, expected), "plain is not S256");
    }

    #[test]
    fn refuses_short_and_strange_verifiers() {
        for verifier in ["", "short", &"a".repeat(129), &format!("{} ", "a".repeat(43))] {
            assert!(!matches(verifier, &challenge(verifier)), "{verifier:?}");
        }
    }
}
