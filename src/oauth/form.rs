//! `application/x-www-form-urlencoded` as the network sends it: query strings and form bodies (RFC 6749 appendix B).
//!
//! Strict where lenience would be a hole: bytes that are no UTF-8, NUL, broken percent signs and floods of parameters are refused instead of repaired.

use super::error::{ErrorCode, OAuthError};

/// No request of ours needs more parameters; a flood costs its sender more than us.
pub const MAX_PARAMETERS: usize = 100;

/// Decoded name-value pairs in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// Why a query or a form could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A decoded byte sequence is not UTF-8, or a NUL
    #[error("a parameter is not valid UTF-8 text")]
    NotText,
    /// `%` without two hexadecimal digits
    #[error("a percent sign is not followed by two hexadecimal digits")]
    BadEscape,
    /// More than [`MAX_PARAMETERS`]
    #[error("there are more than 100 parameters")]
    TooMany,
}

impl From<FormError> for OAuthError {
    fn from(error: FormError) -> Self {
        Self::new(ErrorCode::InvalidRequest, error.to_string())
    }
}

/// A parameter came more than once (RFC 6749 §3.1, §3.2). The name is one that the caller asked for, not text of the sender's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parameter {0} is present more than once; send it once")]
pub struct Duplicate(pub &'static str);

impl From<Duplicate> for OAuthError {
    fn from(error: Duplicate) -> Self {
        Self::new(ErrorCode::InvalidRequest, error.to_string())
    }
}

impl Params {
    /// Decodes a query string or a form body.
    ///
    /// # Errors
    /// [`FormError`], see its variants.
    pub fn parse(encoded: &[u8]) -> Result<Self, FormError> {
        let mut pairs = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MAX_PARAMETERS {
                return Err(FormError::TooMany);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The one value of a parameter. An empty value counts as an omitted parameter (RFC 6749 §3.1).
    ///
    /// # Errors
    /// [`Duplicate`] if it came more than once, even with the same value.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, Duplicate> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Duplicate(name));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// Every value of a parameter that may be repeated (`resource`, `audience`).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The pairs in their order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The pairs as an owned list.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// Encodes the pairs again.
    pub fn encode(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

impl From<Vec<(String, String)>> for Params {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

/// Decodes one form-urlencoded name or value.
///
/// # Errors
/// [`FormError::NotText`], [`FormError::BadEscape`].
pub fn decode(encoded: &[u8]) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (Some(high), Some(low)) = (rest.next().and_then(hex), rest.next().and_then(hex)) else {
                    return Err(FormError::BadEscape);
                };
                high << 4 | low
            }
            other => other,
        });
    }
    if bytes.contains(&0) {
        return Err(FormError::NotText);
    }
    String::from_utf8(bytes).map_err(|_| FormError::NotText)
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_plus_and_percent() {
        let params = Params::parse(b"scope=openid+profile&state=%C3%A9%26&&flag").unwrap();
        assert_eq!(params.one("scope"), Ok(Some("openid profile")));
        assert_eq!(params.one("state"), Ok(Some("é&")));
        assert_eq!(params.one("flag"), Ok(None));
    }

    #[test]
    fn refuses_a_repeated_parameter_even_with_one_value() {
        let params = Params::parse(b"state=a&state=a").unwrap();
        assert_eq!(params.one("state"), Err(Duplicate("state")));
    }

    #[test]
    fn refuses_what_is_not_text() {
        assert_eq!(Params::parse(b"a=%FF%FE"), Err(FormError::NotText));
        assert_eq!(Params::parse(b"a=\xC3\x28"), Err(FormError::NotText));
        assert_eq!(Params::parse(b"a=%00"), Err(FormError::NotText));
        assert_eq!(Params::parse(b"a=%4"), Err(FormError::BadEscape));
        assert_eq!(Params::parse(b"a=%zz"), Err(FormError::BadEscape));
        assert_eq!(Params::parse("a&".repeat(101).as_bytes()), Err(FormError::TooMany));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Params::parse(&bytes);
        }

        #[test]
        fn reads_back_what_it_encodes(pairs in proptest::collection::vec(("[^\0]{0,12}", "[^\0]{0,20}"), 0..20)) {
            let pairs: Vec<(String, String)> = pairs.into_iter().filter(|(name, value)| !(name.is_empty() && value.is_empty())).collect();
            let params = Params::from(pairs);
            prop_assert_eq!(Params::parse(params.encode().as_bytes()).unwrap(), params);
        }
    }
}
