//! Which passwords a person may choose (NIST SP 800-63B-4 §3.1.1.2): long enough, not one that everybody tries first, and nothing that is known
//! of the person. There are no rules of composition and no expiry by age: both make passwords worse, and the source forbids them.
//!
//! Passwords are bytes to whoever hashes them: nothing is normalised. The source asks for NFC or NFKC where Unicode is accepted; but declared hashes
//! are made elsewhere, of what was typed there, and would not open any more.

use super::password::MAX_BYTES;
use std::sync::LazyLock;

/// Shortest password where no policy says otherwise, in characters.
pub const BASELINE_LENGTH: u32 = 12;
/// The shortest minimum that a policy may set. The list of common passwords begins here.
pub const LEAST_LENGTH: u32 = 8;
/// The longest minimum that a policy may set (the source: at least 64 characters have to be possible).
pub const MOST_LENGTH: u32 = 64;

/// What is known of a person is looked for in a password if it has so many characters. Shorter pieces are in words by chance.
const TELLING: usize = 4;

static COMMON: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("common_passwords/list.txt").lines().collect());

/// What a server asks of passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Shortest password, in characters (Unicode code points)
    pub min_length: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            min_length: BASELINE_LENGTH,
        }
    }
}

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Fewer characters than this
    #[error("it is too short: it needs at least {0} characters")]
    TooShort(u32),
    /// More bytes than are looked at
    #[error("it is too long: it may have at most {MAX_BYTES} bytes")]
    TooLong,
    /// Among those that are tried first
    #[error("it is one of the passwords that are tried first")]
    Common,
    /// It holds the person's name, their address, or the product's name
    #[error("it holds the name, the e-mail address or the product's name")]
    Personal,
    /// It is the one that has to be changed
    #[error("it is the password that has to be changed")]
    Same,
}

/// Whether a password may be chosen. `known` is what a guesser would try of this person: username, e-mail address, names, the product's name.
///
/// # Errors
/// [`Weakness`], the first that is found. Never [`Weakness::Same`]: that needs the old password's hash.
pub fn judge<'a>(password: &str, rules: Rules, known: impl IntoIterator<Item = &'a str>) -> Result<(), Weakness> {
    if password.len() > MAX_BYTES {
        return Err(Weakness::TooLong);
    }
    if password.chars().count() < usize::try_from(rules.min_length).unwrap_or(usize::MAX) {
        return Err(Weakness::TooShort(rules.min_length));
    }
    let lower = password.to_lowercase();
    if is_common(&lower) {
        return Err(Weakness::Common);
    }
    let tells = |piece: &str| piece.chars().count() >= TELLING && lower.contains(piece);
    if known.into_iter().any(|text| pieces(&text.to_lowercase()).any(tells)) {
        return Err(Weakness::Personal);
    }
    Ok(())
}

/// A text as a whole, the part of an address before its `@`, and each of its words.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let local = text.rsplit_once('@').map(|(local, _)| local);
    let words = local.unwrap_or(text).split(|c: char| !c.is_alphanumeric());
    std::iter::once(text).chain(local).chain(words)
}

/// A common password, alone or with digits and signs around it; or something short again and again, or a row of neighbours.
fn is_common(lower: &str) -> bool {
    let bare = lower.trim_matches(|c: char| !c.is_alphabetic());
    is_listed(lower) || is_listed(bare) || repeats(lower) || is_row(lower)
}

fn is_listed(text: &str) -> bool {
    COMMON.binary_search(&text).is_ok()
}

/// `abcabcabcabc`: made of one piece, at least three times.
fn repeats(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=chars.len() / 3).any(|length| chars.iter().zip(chars.iter().skip(length)).all(|(a, b)| a == b))
}

/// `abcdefghijkl`, `987654321098`: each character is the neighbour of the one before. A row of digits goes round.
fn is_row(text: &str) -> bool {
    let step = |a: char, b: char| match (a.to_digit(10), b.to_digit(10)) {
        (Some(9), Some(0)) => 1,
        (Some(0), Some(9)) => -1,
        _ => i64::from(u32::from(b)) - i64::from(u32::from(a)),
    };
    let steps = || text.chars().zip(text.chars().skip(1)).map(|(a, b)| step(a, b));
    steps()
        .next()
        .is_some_and(|first| first.abs() == 1 && steps().all(|step| step == first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judged(password: &str) -> Result<(), Weakness> {
        judge(
            password,
            Rules::default(),
            ["alice", "alice.wonder@example.org", "Alice Lidell", "Nauthera"],
        )
    }

    #[test]
    fn takes_what_is_long_and_nobody_else_has() {
        for password in [
            "correct horse battery staple",
            "ein Gedicht über Möwen",
            "🐢🐇🦔🐿🐢🐇🦔🐿🐢🐇🦔🐺",
            "   leading spaces",
        ] {
            assert_eq!(judged(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn counts_characters_and_not_bytes() {
        assert_eq!(judged("ääääööööüüü"), Err(Weakness::TooShort(12)));
        assert_eq!(judged("ääääööööüüüß"), Ok(()));
        let rules = Rules { min_length: 20 };
        assert_eq!(judge("nineteen characters", rules, []), Err(Weakness::TooShort(20)));
        assert_eq!(judge("twenty characters ok", rules, []), Ok(()));
    }

    #[test]
    fn looks_at_no_more_than_can_be_hashed() {
        let long = "The quick brown fox; ".repeat(50);
        assert!(long.len() > MAX_BYTES);
        assert_eq!(judged(&long), Err(Weakness::TooLong));
        assert_eq!(judge(&long[..MAX_BYTES], Rules::default(), []), Err(Weakness::Common), "it repeats");
    }

    #[test]
    fn refuses_what_is_tried_first_in_any_case_and_with_something_around_it() {
        for password in [
            "QWERTY123456",
            "1qaz2wsx3edc4rfv",
            "Sunshine2026!!",
            "**password**",
            "leavemealone",
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabc",
            "Hallo1Hallo1Hallo1",
            "abcdefghijklmnop",
            "123456789012345",
            "ponmlkjihgfedcba",
        ] {
            assert_eq!(judged(password), Err(Weakness::Common), "{password}");
        }
    }

    #[test]
    fn refuses_what_is_known_of_the_person() {
        for password in [
            "my name is ALICE!",
            "x-alice.wonder@example.org-x",
            "in wonderland we go",
            "Lidell family car",
            "best nauthera login",
        ] {
            assert_eq!(judged(password), Err(Weakness::Personal), "{password}");
        }
        assert_eq!(
            judge("the example of an ant", Rules::default(), ["an", "ant@x", "Bo Li"]),
            Ok(()),
            "short names are in words by chance"
        );
        assert_eq!(judged("an example in org form"), Ok(()), "an address' domain is everybody's");
    }

    #[test]
    fn the_list_is_sorted_in_lower_case_and_free_of_what_is_too_short_anyway() {
        assert!(COMMON.len() > 10_000);
        assert!(COMMON.is_sorted());
        for entry in COMMON.iter() {
            assert_eq!(**entry, entry.to_lowercase());
            assert!(entry.len() >= LEAST_LENGTH as usize, "{entry}");
        }
    }

    proptest! {
        #[test]
        fn never_takes_what_is_too_short_and_never_panics(password in ".{0,40}", names in proptest::collection::vec(".{0,12}", 0..4)) {
            let judged = judge(&password, Rules::default(), names.iter().map(String::as_str));
            if password.chars().count() < 12 {
                prop_assert_eq!(judged, Err(Weakness::TooShort(12)));
            }
        }

        #[test]
        fn never_takes_a_password_around_the_username(before in "[^a]{0,20}", after in "[^a]{0,20}") {
            let password = format!("{before}Mallory{after}");
            prop_assert!(judge(&password, Rules::default(), ["mallory"]).is_err());
        }
    }
}
