//! Scopes (RFC 6749 §3.3).

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A set of scope tokens; order never matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<String>);

/// A scope string holds a character that RFC 6749 §3.3 does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope holds a character that RFC 6749 §3.3 does not allow")]
pub struct MalformedScope;

impl Scopes {
    /// Parses a space-separated list. An empty string is the empty set.
    ///
    /// # Errors
    /// [`MalformedScope`] if a token holds anything but `%x21 / %x23-5B / %x5D-7E`.
    pub fn parse(text: &str) -> Result<Self, MalformedScope> {
        text.split(' ')
            .filter(|token| !token.is_empty())
            .map(|token| {
                if Self::is_token(token) {
                    Ok(token.to_owned())
                } else {
                    Err(MalformedScope)
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether this is one well-formed scope token.
    pub fn is_token(token: &str) -> bool {
        !token.is_empty() && token.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    }

    /// Whether the set holds this scope.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether every scope here is also in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// What both hold.
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// What either holds.
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// What is here and not in `other`.
    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(iter: I) -> Self {
        Self(iter.into_iter().map(Into::into).collect())
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_a_list_and_prints_it_in_one_order() {
        let scopes = Scopes::parse("profile  openid orders:read openid").unwrap();
        assert_eq!(scopes.to_string(), "openid orders:read profile");
    }

    #[test]
    fn refuses_quotes_backslashes_and_control_characters() {
        for text in ["a\"b", "a\\b", "a\tb", "é"] {
            assert_eq!(Scopes::parse(text), Err(MalformedScope), "{text:?}");
        }
    }
}
