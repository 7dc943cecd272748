//! Bearer tokens in requests (RFC 6750 §2).

use super::error::{ErrorCode, OAuthError};
use super::form::Params;

/// The token of a request, from the only `Authorization` header or the form, not both. `None` if the request brings none.
///
/// # Errors
/// `invalid_request` if it comes in both ways, twice, or malformed (RFC 6750 §3.1).
pub fn read<'a>(authorization: Option<&'a [u8]>, form: Option<&'a Params>) -> Result<Option<&'a str>, OAuthError> {
    let invalid = |description| OAuthError::new(ErrorCode::InvalidRequest, description);
    let in_form = form.map(|form| form.one("access_token")).transpose()?.flatten();
    let in_header = authorization
        .map(|header| token(header).ok_or_else(|| invalid("the Authorization header must be Bearer and a token")))
        .transpose()?;
    match (in_header, in_form) {
        (Some(_), Some(_)) => Err(invalid(
            "the token is in the Authorization header and in the form; send it in one place",
        )),
        (header, form) => Ok(header.or(form)),
    }
}

fn token(header: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, token) = text.split_once(' ')?;
    let token = token.trim_matches(' ');
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.bytes().all(is_token)).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_one_token_from_one_place() {
        let form = Params::parse(b"access_token=f").unwrap();
        assert_eq!(read(Some(b"Bearer abc"), None), Ok(Some("abc")));
        assert_eq!(read(Some(b"bearer  abc"), None), Ok(Some("abc")));
        assert_eq!(read(None, Some(&form)), Ok(Some("f")));
        assert_eq!(read(None, None), Ok(None));
        assert!(read(Some(b"Bearer abc"), Some(&form)).is_err());
        for bad in [&b"Bearer"[..], b"Bearer ", b"Basic YTpi", b"Bearer a b", b"Bearer \xff"] {
            assert!(read(Some(bad), None).is_err());
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(Some(&bytes), None);
        }
    }
}
