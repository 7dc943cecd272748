//! The key-encryption key: what is to be done about its Secret. Pure.
//!
//! Whoever loses it loses what is sealed with it: signing keys and the last configuration. So it is made once, never overwritten, and put
//! back as it was.

use crate::operator::world::SecretView;
use std::collections::BTreeMap;

/// The id of the first key. People add others to rotate: the one that sorts last seals, all of them open.
const FIRST_ID: &str = "kek-1";
/// Bytes of a key (AES-256).
const LENGTH: usize = 32;

/// What to do about the Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing
    Rest,
    /// To make the first key
    Make,
    /// To put these keys back
    PutBack(BTreeMap<String, Vec<u8>>),
    /// Nothing: it holds no key, and nobody knows what it held
    Unusable,
    /// Nothing: it is gone, there was one, and nobody knows what it held
    Lost,
}

/// What to do. `before` is what it held when this process last saw it whole, `in_use` says that a server has been made with one.
pub fn step(secret: Option<&SecretView>, before: Option<&SecretView>, in_use: bool) -> Step {
    match (secret, before) {
        (None, Some(before)) => Step::PutBack(keys(before)),
        (None, None) if in_use => Step::Lost,
        (None, None) => Step::Make,
        (Some(secret), Some(before)) => {
            let (now, before) = (keys(secret), keys(before));
            // Taking an old key out is how a rotation ends; taking all out is an accident.
            let changed = before.iter().any(|(id, key)| secret.bytes(id).is_some_and(|now| now != key));
            if changed || now.is_empty() {
                Step::PutBack(before)
            } else {
                Step::Rest
            }
        }
        (Some(secret), None) if keys(secret).is_empty() => Step::Unusable,
        (Some(_), None) => Step::Rest,
    }
}

/// Whether a Secret holds a key.
pub fn is_usable(secret: &SecretView) -> bool {
    !keys(secret).is_empty()
}

fn keys(secret: &SecretView) -> BTreeMap<String, Vec<u8>> {
    let key = |id: &str| Some((id.to_owned(), secret.bytes(id).filter(|key| key.len() == LENGTH)?.to_vec()));
    secret.keys().filter_map(key).collect()
}

/// A first key. `None` if the system's generator fails.
pub fn first() -> Option<BTreeMap<String, Vec<u8>>> {
    let mut key = vec![0_u8; LENGTH];
    aws_lc_rs::rand::fill(&mut key).ok()?;
    Some(BTreeMap::from([(FIRST_ID.to_owned(), key)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(keys: &[(&str, u8, usize)]) -> SecretView {
        let data = keys.iter().map(|(id, byte, length)| ((*id).to_owned(), vec![*byte; *length]));
        SecretView::new(data.collect())
    }

    #[test]
    fn the_first_key_is_made_once() {
        assert_eq!(step(None, None, false), Step::Make);
        let made = SecretView::new(first().unwrap());
        assert!(is_usable(&made));
        assert_eq!(step(Some(&made), None, true), Step::Rest);
    }

    #[test]
    fn what_was_deleted_or_changed_is_put_back_as_it_was() {
        let before = secret(&[("kek-1", 1, 32)]);
        let back = Step::PutBack(BTreeMap::from([("kek-1".to_owned(), vec![1; 32])]));
        for spoilt in [
            None,
            Some(secret(&[])),
            Some(secret(&[("kek-1", 2, 32)])),
            Some(secret(&[("kek-1", 1, 31)])),
        ] {
            assert_eq!(step(spoilt.as_ref(), Some(&before), true), back);
        }
    }

    #[test]
    fn people_may_add_keys_and_take_old_ones_out() {
        let (one, both, two) = (
            secret(&[("kek-1", 1, 32)]),
            secret(&[("kek-1", 1, 32), ("kek-2", 2, 32)]),
            secret(&[("kek-2", 2, 32)]),
        );
        assert_eq!(step(Some(&both), Some(&one), true), Step::Rest);
        assert_eq!(step(Some(&two), Some(&both), true), Step::Rest);
    }

    #[test]
    fn one_that_is_gone_and_that_nobody_remembers_is_never_made_up() {
        assert_eq!(step(None, None, true), Step::Lost);
        assert_eq!(step(Some(&secret(&[("kek-1", 1, 16)])), None, false), Step::Unusable);
    }
}
