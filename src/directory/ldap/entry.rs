//! An entry of a directory: a name, and attributes with values that are bytes until somebody knows better.

use ldap3::SearchEntry;
use std::collections::BTreeMap;

/// A claim's value is no longer than this, bytes; a longer one is not used.
pub const LONGEST_TEXT: usize = 1024;

/// An entry. Attributes are found in any case, and without their options (RFC 4512 §2.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    dn: String,
    values: BTreeMap<String, Vec<Vec<u8>>>,
}

impl Entry {
    /// From its parts.
    pub fn new<'a>(dn: &str, attributes: impl IntoIterator<Item = (&'a str, Vec<Vec<u8>>)>) -> Self {
        let mut values: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        for (name, mut found) in attributes {
            let name = name.split(';').next().unwrap_or_default().to_ascii_lowercase();
            values.entry(name).or_default().append(&mut found);
        }
        Self { dn: dn.to_owned(), values }
    }

    /// Its distinguished name.
    pub fn dn(&self) -> &str {
        &self.dn
    }

    /// All values of an attribute.
    pub fn all(&self, attribute: &str) -> &[Vec<u8>] {
        self.values.get(&attribute.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// The first value.
    pub fn bytes(&self, attribute: &str) -> Option<&[u8]> {
        self.all(attribute).first().map(Vec::as_slice)
    }

    /// All values that are text that a claim can hold.
    pub fn texts(&self, attribute: &str) -> impl Iterator<Item = &str> {
        self.all(attribute)
            .iter()
            .filter_map(|value| str::from_utf8(value).ok().map(str::trim))
            .filter(|text| !text.is_empty() && text.len() <= LONGEST_TEXT && !text.chars().any(char::is_control))
    }

    /// The first value that is text. Of several the smallest: directories do not keep an order, and it should not change from login to login.
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.texts(attribute).min()
    }

    /// Whether a value is the boolean TRUE (RFC 4517 §3.3.3), or another usual way to write it.
    pub fn is_true(&self, attribute: &str) -> bool {
        self.texts(attribute)
            .any(|text| text.eq_ignore_ascii_case("true") || text == "1" || text.eq_ignore_ascii_case("yes"))
    }
}

impl From<SearchEntry> for Entry {
    /// ldap3 sorts values into text and bytes by what they look like.
    fn from(entry: SearchEntry) -> Self {
        let text = entry
            .attrs
            .iter()
            .map(|(name, values)| (name.as_str(), values.iter().map(|value| value.clone().into_bytes()).collect()));
        let binary = entry.bin_attrs.iter().map(|(name, values)| (name.as_str(), values.clone()));
        Self::new(&entry.dn, text.chain(binary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_in_any_case_and_without_options() {
        let entry = Entry::new("cn=a", [("givenName;lang-de", vec![b"Ann".to_vec()])]);
        assert_eq!(entry.text("GIVENNAME"), Some("Ann"));
        assert_eq!(entry.text("sn"), None);
    }

    #[test]
    fn of_several_values_the_same_one_is_taken_whatever_their_order() {
        for values in [[b"b".to_vec(), b"a".to_vec()], [b"a".to_vec(), b"b".to_vec()]] {
            assert_eq!(Entry::new("cn=a", [("mail", values.to_vec())]).text("mail"), Some("a"));
        }
    }

    #[test]
    fn what_no_claim_can_hold_is_not_text() {
        for value in [vec![0xff, 0xfe], b"a\nb".to_vec(), b"  ".to_vec(), vec![b'x'; LONGEST_TEXT + 1]] {
            assert_eq!(Entry::new("cn=a", [("cn", vec![value])]).text("cn"), None);
        }
    }

    #[test]
    fn true_is_written_in_several_ways() {
        for (text, wanted) in [
            ("TRUE", true),
            ("true", true),
            ("1", true),
            ("FALSE", false),
            ("0", false),
            ("", false),
        ] {
            let entry = Entry::new("cn=a", [("x", vec![text.as_bytes().to_vec()])]);
            assert_eq!(entry.is_true("x"), wanted, "{text}");
        }
    }
}
