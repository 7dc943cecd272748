//! Opaque bearer strings (codes, refresh tokens, session cookies) and the digests that the store keeps of them.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

/// SHA-256 of an opaque token. The store never sees the token itself, so a stolen database opens no session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The digest of a presented token.
    pub fn of(token: &str) -> Self {
        Self::of_bytes(token.as_bytes())
    }

    /// The digest of bytes that are no text.
    pub fn of_bytes(presented: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, presented).as_ref());
        Self(bytes)
    }

    /// A digest that was read back from the store.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, as the store keeps them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A fresh opaque token: 256 bits of entropy, base64url. Its `Debug` shows nothing.
#[derive(Clone, Debug)]
pub struct OpaqueToken(SecretString);

impl OpaqueToken {
    /// Encodes 256 bits that the caller drew from a cryptographic generator.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(SecretString::from(URL_SAFE_NO_PAD.encode(entropy)))
    }

    /// The token as it is handed to its owner, once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What the store keeps.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose())
    }
}
