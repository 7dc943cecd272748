//! Tickets: short facts that a browser carries for us between two requests, signed with a symmetric key that all replicas share.

use super::cache_key::CacheKey;
use super::error::{JoseError, TokenRejected};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const TYPE: &str = "nauthera-ticket+jwt";

/// Tickets travel in URLs and forms; nothing of ours is longer.
const MAX_LENGTH: usize = 16 * 1024;

/// A symmetric key for tickets (HS256). `Debug` shows its id only.
#[derive(Clone)]
pub struct TicketKey {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    cache: Option<Arc<CacheKey>>,
}

impl std::fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TicketKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    purpose: String,
    exp: i64,
    content: T,
}

impl TicketKey {
    /// A key from at least 32 random bytes.
    pub fn new(kid: impl Into<String>, secret: &[u8]) -> Self {
        // Else the first ticket would fix the crate's own provider for the whole process
        super::provider::install();
        Self {
            kid: kid.into(),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            cache: CacheKey::derive(secret).map(Arc::new),
        }
    }

    /// The key for a shared cache that goes with this one.
    pub fn cache(&self) -> Option<&CacheKey> {
        self.cache.as_deref()
    }

    /// `kid`.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Signs `content` for one purpose until `expires_at`. It is signed, not encrypted: no secrets inside.
    ///
    /// # Errors
    /// [`JoseError::Signing`] if the content cannot be written as JSON.
    pub fn seal(&self, purpose: &str, content: &impl Serialize, expires_at: Timestamp) -> Result<String, JoseError> {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.kid.clone());
        let envelope = Envelope {
            purpose: purpose.to_owned(),
            exp: expires_at.as_second(),
            content,
        };
        Ok(jsonwebtoken::encode(&header, &envelope, &self.encoding)?)
    }
}

/// Reads a ticket that was sealed for `purpose` by one of `keys` and has not expired.
///
/// # Errors
/// [`TokenRejected`] with the reason.
pub fn open<T: DeserializeOwned>(keys: &[TicketKey], purpose: &str, ticket: &str, now: Timestamp) -> Result<T, TokenRejected> {
    if ticket.len() > MAX_LENGTH {
        return Err(TokenRejected::Malformed);
    }
    let header = jsonwebtoken::decode_header(ticket).map_err(|_| TokenRejected::Malformed)?;
    if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
        return Err(TokenRejected::WrongType);
    }
    let key = keys
        .iter()
        .find(|key| header.kid.as_deref() == Some(key.kid()))
        .ok_or(TokenRejected::UnknownKey)?;
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    // The time is checked below, against the caller's clock
    validation.validate_exp = false;
    validation.validate_aud = false;
    let envelope = jsonwebtoken::decode::<Envelope<T>>(ticket, &key.decoding, &validation)
        .map_err(|error| super::key_ring::rejection(&error))?
        .claims;
    if envelope.purpose != purpose {
        return Err(TokenRejected::WrongType);
    }
    if envelope.exp <= now.as_second() {
        return Err(TokenRejected::Expired);
    }
    Ok(envelope.content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_ticket_opens_for_its_purpose_until_it_expires() {
        let keys = [TicketKey::new("b", &[2; 32]), TicketKey::new("a", &[1; 32])];
        let ticket = keys[1].seal("login", &"content", at(100)).unwrap();
        assert_eq!(open::<String>(&keys, "login", &ticket, at(99)).unwrap(), "content");
        assert_eq!(open::<String>(&keys, "login", &ticket, at(100)), Err(TokenRejected::Expired));
        assert_eq!(open::<String>(&keys, "consent", &ticket, at(99)), Err(TokenRejected::WrongType));
        assert_eq!(open::<String>(&keys[..1], "login", &ticket, at(99)), Err(TokenRejected::UnknownKey));
    }

    #[test]
    fn a_changed_or_foreign_ticket_does_not_open() {
        let keys = [TicketKey::new("a", &[1; 32])];
        let ticket = TicketKey::new("a", &[9; 32]).seal("login", &1, at(100)).unwrap();
        assert_eq!(open::<i32>(&keys, "login", &ticket, at(0)), Err(TokenRejected::BadSignature));
        assert_eq!(open::<i32>(&keys, "login", "a.b", at(0)), Err(TokenRejected::Malformed));
        let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoibmF1dGhlcmEtdGlja2V0K2p3dCIsImtpZCI6ImEifQ.e30.";
        assert_eq!(open::<i32>(&keys, "login", unsigned, at(0)), Err(TokenRejected::Malformed));
    }
}
