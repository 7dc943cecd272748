//! Recovery codes: single-use stand-ins for a second factor that is lost. Each has 80 random bits, so that a digest keeps it.

use crate::oauth::ids::UserId;
use crate::oauth::opaque::TokenHash;

/// How many somebody gets at once.
pub const COUNT: usize = 10;
/// Random bytes of a code.
pub const BYTES: usize = 10;
/// Without letters that look like digits, or like each other (Crockford's base32).
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's', 't',
    'v', 'w', 'x', 'y', 'z',
];
const CHARACTERS: usize = 16;

/// A code as people write it down: four groups of four.
pub fn write(entropy: [u8; BYTES]) -> String {
    let mut text = String::with_capacity(CHARACTERS + 3);
    let (mut bits, mut held, mut written) = (0_u32, 0_u32, 0);
    for byte in entropy {
        bits = (bits << 8) | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            let index = usize::try_from((bits >> held) & 31).unwrap_or(0);
            if written > 0 && written % 4 == 0 {
                text.push('-');
            }
            text.extend(ALPHABET.get(index));
            written += 1;
        }
        bits &= (1 << held) - 1;
    }
    text
}

/// What a code is kept under, however it was typed. `None` for what no code looks like.
pub fn hash(user: &UserId, typed: &str) -> Option<TokenHash> {
    let mut code = String::with_capacity(CHARACTERS);
    for character in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let character = match character.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        if !ALPHABET.contains(&character) || code.len() == CHARACTERS {
            return None;
        }
        code.push(character);
    }
    (code.len() == CHARACTERS).then(|| TokenHash::of(&format!("recovery code of {user}: {code}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn alice() -> UserId {
        UserId::new("alice")
    }

    #[test]
    fn a_code_is_four_groups_of_four_and_holds_all_of_its_bits() {
        assert_eq!(write([0; BYTES]), "0000-0000-0000-0000");
        assert_eq!(write([255; BYTES]), "zzzz-zzzz-zzzz-zzzz");
        let each_bit: HashSet<String> = (0..BYTES * 8)
            .map(|bit| {
                let mut entropy = [0; BYTES];
                entropy[bit / 8] = 1 << (bit % 8);
                write(entropy)
            })
            .collect();
        assert_eq!(each_bit.len(), BYTES * 8);
    }

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let code = write([7, 130, 3, 99, 250, 31, 0, 8, 77, 200]);
        let kept = hash(&alice(), &code).unwrap();
        let typed = code.to_uppercase().replace('-', " ").replace('0', "O").replace('1', "l");
        assert_eq!(hash(&alice(), &format!(" {typed} ")), Some(kept));
        assert_ne!(hash(&UserId::new("bob"), &code), Some(kept), "another person's code is another one");
    }

    #[test]
    fn what_is_no_code_has_no_digest() {
        for typed in [
            "",
            "0000",
            "0000-0000-0000-000",
            "0000-0000-0000-00000",
            "0000-0000-0000-000u",
            "0000_0000_0000_0000",
        ] {
            assert_eq!(hash(&alice(), typed), None, "{typed}");
        }
    }
}
