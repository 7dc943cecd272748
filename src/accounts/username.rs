//! What counts as the same name.

/// A name as a login form brought it, made comparable: without spaces around it and in lower case (Unicode's default mapping; no other
/// normalisation, so manifests and people have to write accented letters in the same composed form, as every browser does).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

/// The longest name, in bytes.
pub const MAX_BYTES: usize = 256;

impl Username {
    /// `None` for a name that no user can have: empty, longer than [`MAX_BYTES`], or with control characters.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.trim();
        if name.is_empty() || name.len() > MAX_BYTES || name.chars().any(char::is_control) {
            return None;
        }
        Some(Self(name.to_lowercase()))
    }

    /// The comparable form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignores_case_and_spaces_around_the_name() {
        assert_eq!(Username::parse("  Álice@Example.ORG ").unwrap().as_str(), "álice@example.org");
    }

    #[test]
    fn refuses_what_no_user_can_be_called() {
        for text in ["", "   ", "a\0b", "a\nb", &"x".repeat(MAX_BYTES + 1)] {
            assert_eq!(Username::parse(text), None, "{text:?}");
        }
    }
}
