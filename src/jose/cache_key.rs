//! What servers of one database keep from a cache that they share: a key that each of them has, and the cache has not.
//!
//! It is derived from the secret that also signs tickets (HKDF-SHA256, RFC 5869), so it comes and goes with that and needs no place of its own. Names
//! are HMAC-SHA256. Values are sealed with AES-256-GCM-SIV (RFC 8452), whose random nonces may repeat without harm: there are more values than
//! GCM takes with one key.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, MAX_TAG_LEN, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

const BYTES: usize = 32;

struct Bytes;

impl KeyType for Bytes {
    fn len(&self) -> usize {
        BYTES
    }
}

/// The key. `Debug` shows nothing of it.
pub struct CacheKey {
    names: hmac::Key,
    values: RandomizedNonceKey,
}

impl std::fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheKey").finish_non_exhaustive()
    }
}

impl CacheKey {
    /// The key that goes with a secret; `None` if the cryptography fails.
    pub fn derive(secret: &[u8]) -> Option<Self> {
        let root = Salt::new(HKDF_SHA256, b"nauthera cache").extract(secret);
        let derive = |purpose: &[u8]| {
            let mut key = Zeroizing::new([0; BYTES]);
            root.expand(&[purpose], Bytes).ok()?.fill(&mut *key).ok()?;
            Some(key)
        };
        Some(Self {
            names: hmac::Key::new(hmac::HMAC_SHA256, &*derive(b"names")?),
            values: RandomizedNonceKey::new(&AES_256_GCM_SIV, &*derive(b"values")?).ok()?,
        })
    }

    /// The name of a thing of this kind. Nobody without the key can tell what it names.
    pub fn name(&self, kind: &str, id: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.names);
        context.update(&kind.len().to_be_bytes());
        context.update(kind.as_bytes());
        context.update(id);
        URL_SAFE_NO_PAD.encode(context.sign())
    }

    /// Encrypts what is to lie under a name: nonce ‖ ciphertext ‖ tag. `None` if there is no randomness.
    pub fn seal(&self, name: &str, plain: &[u8]) -> Option<Vec<u8>> {
        let mut body = Vec::with_capacity(plain.len() + MAX_TAG_LEN);
        body.extend_from_slice(plain);
        let nonce = self.values.seal_in_place_append_tag(Aad::from(name), &mut body).ok()?;
        Some([nonce.as_ref().as_slice(), &body].concat())
    }

    /// What was sealed for this name; `None` if it was not.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self
            .values
            .open_in_place(Nonce::from(nonce), Aad::from(name), &mut body)
            .ok()?
            .len();
        body.truncate(length);
        Some(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> CacheKey {
        CacheKey::derive(&[byte; 32]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_under_its_name_with_its_key_and_otherwise_not() {
        let sealed = key(1).seal("name", b"alice@example.org").unwrap();
        assert_eq!(key(1).open("name", &sealed).unwrap().as_slice(), b"alice@example.org");
        assert!(!sealed.windows(5).any(|window| window == b"alice"));
        assert!(key(2).open("name", &sealed).is_none());
        assert!(key(1).open("another", &sealed).is_none(), "moved to another place");
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(key(1).open("name", &altered).is_none(), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert!(key(1).open("name", &sealed[..length]).is_none());
        }
    }

    #[test]
    fn names_are_the_same_at_each_server_and_tell_nothing() {
        assert_eq!(key(1).name("user", b"alice"), key(1).name("user", b"alice"));
        assert_ne!(key(1).name("user", b"alice"), key(2).name("user", b"alice"));
        assert_ne!(key(1).name("user", b"alice"), key(1).name("usera", b"lice"));
        assert!(!key(1).name("user", b"alice").contains("alice"));
    }

    #[test]
    fn the_same_thing_sealed_twice_does_not_look_the_same() {
        assert_ne!(key(1).seal("name", b"x"), key(1).seal("name", b"x"));
    }
}
