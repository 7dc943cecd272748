//! The schema that a server's tables are in, where several servers share a database.

use crate::store::{StoreError, StoreResult};

/// PostgreSQL cuts longer names off, and two could become one.
const LONGEST: usize = 63;

/// The name of a schema: lower-case letters, digits, `_` and `-`, so that it reads the same in quotes and out of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema(String);

impl Schema {
    /// A name that was checked.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if it is none that we use.
    pub fn new(name: &str) -> StoreResult<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
        let fits = (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain);
        // PostgreSQL keeps these for itself.
        let reserved = name.starts_with("pg_") || name == "information_schema";
        if fits && !reserved {
            Ok(Self(name.to_owned()))
        } else {
            Err(StoreError::Refused(format!(
                "{name:?} cannot be the name of its schema: write 1 to {LONGEST} lower-case letters, digits, `_` and `-`, not beginning with `pg_`"
            )))
        }
    }

    /// The name.
    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// The name as an identifier in a statement. There is no quote in it.
    pub(super) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_that_an_operator_makes_of_namespaces_and_names() {
        for name in ["identity_main", "team-a_login-eu", "1", "_", "public", &"a".repeat(63)] {
            assert_eq!(Schema::new(name).unwrap().quoted(), format!("\"{name}\""));
        }
    }

    #[test]
    fn refuses_what_could_be_a_statement_or_another_schema() {
        let names = [
            "",
            "a\"b",
            "a;b",
            "a b",
            "A",
            "ä",
            "a.b",
            "pg_catalog",
            "information_schema",
            "a\0",
            &"a".repeat(64),
        ];
        for name in names {
            assert!(matches!(Schema::new(name), Err(StoreError::Refused(_))), "{name}");
        }
    }
}
