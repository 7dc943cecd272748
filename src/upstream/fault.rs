//! Why a provider's answer is of no use.

/// Why. The text is for the log: it names what was wrong, never a code, a token or a secret, and of the provider's own
/// text no more than an error code or the kind of a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamFault {
    /// It cannot be reached, does not answer in time, or says that it cannot now
    #[error("the provider is not available: {0}")]
    Unavailable(String),
    /// It answered with an OAuth error
    #[error("the provider refused: {0}")]
    Refused(String),
    /// What it sent is not what it must be
    #[error("the provider's answer is not right: {0}")]
    Invalid(String),
    /// It did not ask the person again, and should have
    #[error("the provider did not ask the person to prove themselves again")]
    Stale,
}

impl UpstreamFault {
    /// An answer that is not right.
    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid(why.into())
    }
}

/// An error code as a provider sent it, if it looks like one (RFC 6749 §5.2): no other text of theirs goes anywhere.
pub(super) fn code(text: &str) -> &str {
    let is_code = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if is_code { text } else { "an error code that is none" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_are_repeated() {
        assert_eq!(code("access_denied"), "access_denied");
        for text in ["", "a b", "a\nb", "<script>", &"a".repeat(65)] {
            assert_eq!(code(text), "an error code that is none", "{text:?}");
        }
    }
}
