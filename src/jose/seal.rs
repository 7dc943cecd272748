//! Sealing: what rests in the database and must not be read there, encrypted with a key-encryption key that does not rest there.
//!
//! AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce: one key may seal 2³² times. The sealed form is `1 ‖ length ‖ key id ‖ nonce ‖
//! ciphertext ‖ tag`; the first three and the [`Binding`] are authenticated with it, so that what was sealed for one place opens at no
//! other. Every key has an id, and the newest seals while all open: so the keys can be exchanged one after another.

use aws_lc_rs::aead::{AES_256_GCM, Aad, MAX_TAG_LEN, NONCE_LEN, Nonce, RandomizedNonceKey};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use zeroize::Zeroizing;

/// Bytes of a key-encryption key.
pub const KEY_BYTES: usize = 32;
/// The longest id of a key.
pub const MAX_ID: usize = 63;
/// The sealed form that this release writes.
const VERSION: u8 = 1;

/// What sealed bytes belong to. Whoever opens them must say the same.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// What they are, such as `configuration`
    pub purpose: &'a str,
    /// NAMESPACE/NAME of the AuthServer whose they are
    pub server: &'a str,
    /// What stands beside them in the clear and must be as it was
    pub facts: &'a [&'a str],
}

/// Why something cannot be sealed or opened. Says nothing of keys but their ids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A key's id is none
    #[error("{0:?} is no id of a key-encryption key: 1 to {MAX_ID} letters, digits, `.`, `_` and `-`")]
    BadId(String),
    /// A key has not the right length
    #[error("the key-encryption key {0} has {1} bytes instead of {KEY_BYTES}")]
    BadKey(String, usize),
    /// There is no key at all
    #[error("there is no key-encryption key")]
    NoKey,
    /// Not in the form that this release knows
    #[error("it is not in a sealed form that this release reads")]
    Malformed,
    /// Its key is not here
    #[error("it is sealed with the key-encryption key {wanted:?}, and those at hand are {at_hand:?}")]
    UnknownKey {
        /// The id that it names
        wanted: String,
        /// The ids that there are
        at_hand: Vec<String>,
    },
    /// It was changed, moved here from elsewhere, or the key is another one of the same id
    #[error(
        "it does not open with the key-encryption key {0:?}: it was altered, belongs to another server, or the key is another one of that name"
    )]
    Refused(String),
    /// The cryptography failed: no randomness, say
    #[error("sealing failed")]
    Failed,
}

/// The key-encryption keys at hand. `Debug` shows their ids only.
pub struct SealingKeys {
    /// By id: the last one seals
    keys: BTreeMap<String, RandomizedNonceKey>,
}

impl std::fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealingKeys").field("ids", &self.ids()).finish_non_exhaustive()
    }
}

impl SealingKeys {
    /// Keys by their ids. The greatest id, as bytes compare, seals.
    ///
    /// # Errors
    /// [`SealError::NoKey`], [`SealError::BadId`] or [`SealError::BadKey`].
    pub fn new<'a>(keys: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, SealError> {
        let mut known = BTreeMap::new();
        for (id, key) in keys {
            if !is_id(id) {
                return Err(SealError::BadId(id.to_owned()));
            }
            if key.len() != KEY_BYTES {
                return Err(SealError::BadKey(id.to_owned(), key.len()));
            }
            let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| SealError::Failed)?;
            known.insert(id.to_owned(), key);
        }
        if known.is_empty() {
            return Err(SealError::NoKey);
        }
        Ok(Self { keys: known })
    }

    /// The ids of the keys; the last one seals.
    pub fn ids(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    /// The id of the key that seals.
    pub fn newest(&self) -> &str {
        self.keys.last_key_value().map_or("", |(id, _)| id)
    }

    /// Seals bytes for one place.
    ///
    /// # Errors
    /// [`SealError::Failed`] if the system gives no randomness.
    pub fn seal(&self, binding: &Binding<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, key) = self.keys.last_key_value().ok_or(SealError::NoKey)?;
        let head = head(id)?;
        let mut body = Zeroizing::new(Vec::with_capacity(plain.len() + MAX_TAG_LEN));
        body.extend_from_slice(plain);
        let nonce = key
            .seal_in_place_append_tag(Aad::from(associated(&head, binding)), &mut *body)
            .map_err(|_| SealError::Failed)?;
        let mut sealed = Vec::with_capacity(head.len() + NONCE_LEN + body.len());
        sealed.extend_from_slice(&head);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// What was sealed for this place.
    ///
    /// # Errors
    /// [`SealError::Malformed`], [`SealError::UnknownKey`] or [`SealError::Refused`].
    pub fn open(&self, binding: &Binding<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (head, id, rest) = split(sealed).ok_or(SealError::Malformed)?;
        let key = self.keys.get(id).ok_or_else(|| SealError::UnknownKey {
            wanted: id.to_owned(),
            at_hand: self.ids(),
        })?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Malformed)?;
        let mut body = Zeroizing::new(body.to_vec());
        let opened = key.open_in_place(Nonce::from(nonce), Aad::from(associated(head, binding)), &mut body);
        let length = opened.map_err(|_| SealError::Refused(id.to_owned()))?.len();
        body.truncate(length);
        Ok(body)
    }
}

/// The key-encryption keys of one AuthServer's process, which may be exchanged while it runs. Clones share them.
#[derive(Clone, Debug)]
pub struct Sealer {
    server: Arc<str>,
    keys: Arc<watch::Sender<Arc<SealingKeys>>>,
    takes_clear: bool,
}

impl Sealer {
    /// Seals what belongs to the AuthServer `server` (NAMESPACE/NAME) with these, until others come.
    pub fn new(server: &str, keys: SealingKeys) -> Self {
        Self {
            server: server.into(),
            keys: Arc::new(watch::Sender::new(Arc::new(keys))),
            takes_clear: false,
        }
    }

    /// What lies in the clear is taken as it is, and sealed: for a database that was used without sealing before.
    #[must_use]
    pub fn taking_what_is_in_the_clear(mut self) -> Self {
        self.takes_clear = true;
        self
    }

    /// Whether what lies in the clear is taken. Otherwise it is nobody's word: whoever can write to the database could have put it there.
    pub fn takes_what_is_in_the_clear(&self) -> bool {
        self.takes_clear
    }

    /// The AuthServer whose things are sealed.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The keys at hand now.
    pub fn keys(&self) -> Arc<SealingKeys> {
        Arc::clone(&self.keys.borrow())
    }

    /// Other keys from now on.
    pub fn replace(&self, keys: SealingKeys) {
        self.keys.send_replace(Arc::new(keys));
    }

    /// Tells when other keys come.
    pub fn subscribe(&self) -> watch::Receiver<Arc<SealingKeys>> {
        self.keys.subscribe()
    }

    /// What things of this server are bound to.
    pub fn binding<'a>(&'a self, purpose: &'a str, facts: &'a [&'a str]) -> Binding<'a> {
        Binding {
            purpose,
            server: &self.server,
            facts,
        }
    }
}

/// Ids are names of files, and stand in logs.
fn is_id(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn head(id: &str) -> Result<Vec<u8>, SealError> {
    let length = u8::try_from(id.len()).map_err(|_| SealError::BadId(id.to_owned()))?;
    let mut head = vec![VERSION, length];
    head.extend_from_slice(id.as_bytes());
    Ok(head)
}

/// The head, the key's id in it, and what comes after.
fn split(sealed: &[u8]) -> Option<(&[u8], &str, &[u8])> {
    let (&version, rest) = sealed.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (id, rest) = rest.split_at_checked(length.into())?;
    let id = std::str::from_utf8(id).ok().filter(|id| is_id(id))?;
    (version == VERSION).then(|| (sealed.get(..id.len() + 2).unwrap_or_default(), id, rest))
}

/// What is authenticated beside the bytes: each text with its length before it, so that no two bindings read the same.
fn associated(head: &[u8], binding: &Binding<'_>) -> Vec<u8> {
    let mut data = head.to_vec();
    for text in [binding.purpose, binding.server].iter().chain(binding.facts) {
        data.extend_from_slice(&(text.len() as u64).to_be_bytes());
        data.extend_from_slice(text.as_bytes());
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HERE: Binding<'static> = Binding {
        purpose: "configuration",
        server: "identity/main",
        facts: &["3.14"],
    };

    fn keys(keys: &[(&str, u8)]) -> SealingKeys {
        let bytes: Vec<(&str, [u8; 32])> = keys.iter().map(|(id, byte)| (*id, [*byte; 32])).collect();
        SealingKeys::new(bytes.iter().map(|(id, key)| (*id, key.as_slice()))).unwrap()
    }

    #[test]
    fn opens_where_it_was_sealed_for() {
        let keys = keys(&[("2026-01", 1)]);
        for plain in [&b""[..], b"x", &[7; 100_000]] {
            let sealed = keys.seal(&HERE, plain).unwrap();
            assert_eq!(keys.open(&HERE, &sealed).unwrap().as_slice(), plain);
        }
    }

    #[test]
    fn the_same_bytes_are_never_sealed_the_same_and_show_nothing() {
        let keys = keys(&[("a", 1)]);
        let plain = b"a secret that would be recognised";
        let (first, second) = (keys.seal(&HERE, plain).unwrap(), keys.seal(&HERE, plain).unwrap());
        assert_ne!(first, second);
        assert!(!first.windows(8).any(|window| plain.windows(8).any(|part| part == window)));
    }

    #[test]
    fn the_newest_key_seals_and_all_open_so_that_keys_can_be_exchanged() {
        let (old, both, new) = (
            keys(&[("2026-01", 1)]),
            keys(&[("2026-02", 2), ("2026-01", 1)]),
            keys(&[("2026-02", 2)]),
        );
        let before = old.seal(&HERE, b"x").unwrap();
        assert!(both.open(&HERE, &before).is_ok());
        let after = both.seal(&HERE, b"x").unwrap();
        assert!(new.open(&HERE, &after).is_ok());
        let unknown = new.open(&HERE, &before).unwrap_err();
        assert_eq!(
            unknown,
            SealError::UnknownKey {
                wanted: "2026-01".to_owned(),
                at_hand: vec!["2026-02".to_owned()]
            }
        );
    }

    #[test]
    fn no_bit_can_be_flipped() {
        let keys = keys(&[("a", 1), ("b", 1)]);
        let sealed = keys.seal(&HERE, b"plain").unwrap();
        for at in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[at / 8] ^= 1 << (at % 8);
            assert!(keys.open(&HERE, &altered).is_err(), "bit {at}");
        }
    }

    #[test]
    fn a_key_of_the_same_bytes_under_another_id_does_not_open_it() {
        let twins = keys(&[("a", 1), ("b", 1)]);
        let mut sealed = twins.seal(&HERE, b"plain").unwrap();
        sealed[2] = b'a';
        assert_eq!(twins.open(&HERE, &sealed).unwrap_err(), SealError::Refused("a".to_owned()));
    }

    #[test]
    fn nothing_can_be_cut_off_or_added() {
        let keys = keys(&[("a", 1)]);
        let sealed = keys.seal(&HERE, b"plain").unwrap();
        for length in 0..sealed.len() {
            assert!(keys.open(&HERE, &sealed[..length]).is_err(), "{length}");
        }
        let mut longer = sealed;
        longer.push(0);
        assert!(keys.open(&HERE, &longer).is_err());
    }

    #[test]
    fn what_belongs_elsewhere_does_not_open_here() {
        let keys = keys(&[("a", 1)]);
        let sealed = keys.seal(&HERE, b"plain").unwrap();
        let elsewhere = [
            Binding {
                purpose: "signing-key",
                ..HERE
            },
            Binding {
                server: "identity/other",
                ..HERE
            },
            Binding { facts: &["3.15"], ..HERE },
            Binding { facts: &[], ..HERE },
            Binding {
                facts: &["3.14", ""],
                ..HERE
            },
            // The same letters, divided otherwise
            Binding {
                purpose: "configurationi",
                server: "dentity/main",
                ..HERE
            },
        ];
        for binding in elsewhere {
            assert_eq!(
                keys.open(&binding, &sealed).unwrap_err(),
                SealError::Refused("a".to_owned()),
                "{binding:?}"
            );
        }
    }

    #[test]
    fn another_key_of_the_same_name_does_not_open_it() {
        let sealed = keys(&[("a", 1)]).seal(&HERE, b"plain").unwrap();
        assert_eq!(
            keys(&[("a", 2)]).open(&HERE, &sealed).unwrap_err(),
            SealError::Refused("a".to_owned())
        );
    }

    #[test]
    fn a_later_form_is_not_guessed_at() {
        let keys = keys(&[("a", 1)]);
        let mut sealed = keys.seal(&HERE, b"plain").unwrap();
        sealed[0] = 2;
        assert_eq!(keys.open(&HERE, &sealed).unwrap_err(), SealError::Malformed);
    }

    #[test]
    fn keys_that_are_none_are_named() {
        let fault = |id: &str, key: &[u8]| SealingKeys::new([(id, key)]).unwrap_err();
        assert_eq!(SealingKeys::new([]).unwrap_err(), SealError::NoKey);
        assert_eq!(fault("a", &[1; 31]), SealError::BadKey("a".to_owned(), 31));
        for id in ["", "a/b", "ä", &"a".repeat(64)] {
            assert_eq!(fault(id, &[1; 32]), SealError::BadId(id.to_owned()));
        }
    }

    #[test]
    fn debug_shows_ids_only() {
        let shown = format!("{:?}", keys(&[("2026-01", 0x53)]));
        assert_eq!(shown, r#"SealingKeys { ids: ["2026-01"], .. }"#);
    }

    proptest! {
        #[test]
        fn whatever_the_database_holds_is_an_error_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(keys(&[("a", 1)]).open(&HERE, &bytes).is_err());
        }
    }
}
