//! All keys that this server publishes, and which of them signs when.

use super::cache_key::CacheKey;
use super::error::{JoseError, TokenRejected};
use super::signing_key::{SigningKey, jws_algorithm};
use super::ticket::{self, TicketKey};
use crate::config::snapshot::SigningAlgorithm;
use jiff::Timestamp;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

/// Longer than any token of ours; what is longer is not looked at.
pub const MAX_TOKEN_LENGTH: usize = 32 * 1024;

/// The kinds of tokens that are signed with these keys. `typ` keeps them apart (RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// `at+jwt` (RFC 9068 §2.1)
    Access,
    /// `JWT`: an ID token (OpenID Connect Core §2)
    Id,
    /// `logout+jwt` (OpenID Connect Back-Channel Logout §2.4)
    Logout,
}

impl TokenType {
    /// The `typ` header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Id => "JWT",
            Self::Logout => "logout+jwt",
        }
    }
}

/// Claims whose time and issuer the ring checks.
pub trait Timed {
    /// `iss`
    fn issuer(&self) -> &str;
    /// `exp`, seconds since the epoch
    fn expires_at(&self) -> i64;
    /// `nbf`
    fn not_before(&self) -> Option<i64> {
        None
    }
}

/// Whether a token's end is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Expiry {
    /// It must hold at this time
    At(Timestamp),
    /// A token that has expired is fine (`id_token_hint`, OpenID Connect RP-Initiated Logout §2)
    Ignored(Timestamp),
}

/// A key and its times.
#[derive(Clone, Debug)]
pub struct PublishedKey {
    /// The key
    pub key: Arc<SigningKey>,
    /// Signs from here on
    pub active_from: Timestamp,
    /// Signs until here
    pub retires_at: Option<Timestamp>,
    /// Is no longer published from here on
    pub expires_at: Option<Timestamp>,
    access_header: Header,
    id_header: Header,
    logout_header: Header,
}

impl PublishedKey {
    /// A key with its times.
    pub fn new(key: Arc<SigningKey>, active_from: Timestamp, retires_at: Option<Timestamp>, expires_at: Option<Timestamp>) -> Self {
        let header = |token_type: TokenType| {
            let mut header = Header::new(jws_algorithm(key.algorithm()));
            header.typ = Some(token_type.as_str().to_owned());
            header.kid = Some(key.kid().to_owned());
            header
        };
        Self {
            access_header: header(TokenType::Access),
            id_header: header(TokenType::Id),
            logout_header: header(TokenType::Logout),
            key,
            active_from,
            retires_at,
            expires_at,
        }
    }

    fn is_published(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// An immutable set of keys. The key keeper makes a new one when something changes.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: Vec<PublishedKey>,
    tickets: Vec<TicketKey>,
}

impl KeyRing {
    /// A ring of signing keys in the order in which they were made, and of ticket keys with the one that seals first.
    pub fn new(mut keys: Vec<PublishedKey>, tickets: Vec<TicketKey>) -> Self {
        // A stable sort: of two that begin at the same time the one that was made later comes first
        keys.reverse();
        keys.sort_by_key(|published| std::cmp::Reverse(published.active_from));
        Self { keys, tickets }
    }

    /// The key for a shared cache; `None` before there are keys.
    pub fn cache(&self) -> Option<&CacheKey> {
        self.tickets.first().and_then(TicketKey::cache)
    }

    /// Every key, the latest first.
    pub fn keys(&self) -> &[PublishedKey] {
        &self.keys
    }

    /// Whether the server can sign with every one of these algorithms and seal tickets.
    pub fn is_ready_for(&self, algorithms: &[SigningAlgorithm], now: Timestamp) -> bool {
        !self.tickets.is_empty() && algorithms.iter().all(|algorithm| self.signer(*algorithm, now).is_some())
    }

    /// The key that signs with an algorithm: the latest whose time has come and that has not retired. If all have, the latest goes on, so
    /// that a late rotation costs freshness and not tokens.
    pub fn signer(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Option<&PublishedKey> {
        let usable = |published: &&PublishedKey| {
            published.key.algorithm() == algorithm && published.active_from <= now && published.is_published(now)
        };
        let is_retired = |published: &&PublishedKey| published.retires_at.is_some_and(|end| end <= now);
        let mut candidates = self.keys.iter().filter(usable);
        let latest = candidates.clone().next();
        candidates.find(|published| !is_retired(published)).or(latest)
    }

    /// Signs claims as a compact JWS.
    ///
    /// # Errors
    /// [`JoseError::NoKey`] if no such key is active, [`JoseError::Signing`] if the crypto library fails.
    pub fn sign(
        &self,
        algorithm: SigningAlgorithm,
        token_type: TokenType,
        claims: &impl Serialize,
        now: Timestamp,
    ) -> Result<String, JoseError> {
        let published = self.signer(algorithm, now).ok_or(JoseError::NoKey(algorithm))?;
        let header = match token_type {
            TokenType::Access => &published.access_header,
            TokenType::Id => &published.id_header,
            TokenType::Logout => &published.logout_header,
        };
        Ok(jsonwebtoken::encode(header, claims, published.key.encoding())?)
    }

    /// Reads a token that this server signed. The algorithm is the key's; what the token says is only compared with it.
    ///
    /// # Errors
    /// [`TokenRejected`] with the reason.
    pub fn verify<T: DeserializeOwned + Timed>(
        &self,
        token: &str,
        token_type: TokenType,
        issuer: &str,
        expiry: Expiry,
        leeway: Duration,
    ) -> Result<T, TokenRejected> {
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(TokenRejected::Malformed);
        }
        let (Expiry::At(now) | Expiry::Ignored(now)) = expiry;
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenRejected::Malformed)?;
        // None of our tokens needs an extension to be understood (RFC 7515 §4.1.11), and no key comes from a header
        if header.typ.as_deref() != Some(token_type.as_str()) || header.crit.is_some() {
            return Err(TokenRejected::WrongType);
        }
        let kid = header.kid.as_deref().ok_or(TokenRejected::UnknownKey)?;
        let published = self
            .keys
            .iter()
            .find(|published| published.key.kid() == kid && published.is_published(now))
            .ok_or(TokenRejected::UnknownKey)?;
        let algorithm = jws_algorithm(published.key.algorithm());
        if header.alg != algorithm {
            return Err(TokenRejected::WrongAlgorithm);
        }
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        // Time is checked below against the caller's clock, the audience by the caller
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<T>(token, published.key.decoding(), &validation)
            .map_err(|error| rejection(&error))?
            .claims;
        if claims.issuer() != issuer {
            return Err(TokenRejected::WrongIssuer);
        }
        let leeway = i64::try_from(leeway.as_secs()).unwrap_or(0);
        if claims
            .not_before()
            .is_some_and(|start| start > now.as_second().saturating_add(leeway))
        {
            return Err(TokenRejected::NotYetValid);
        }
        if let Expiry::At(now) = expiry
            && claims.expires_at().saturating_add(leeway) <= now.as_second()
        {
            return Err(TokenRejected::Expired);
        }
        Ok(claims)
    }

    /// The JWKS (RFC 7517 §5): keys that sign, that will sign, and that have retired but may still be needed to check a token.
    pub fn jwks(&self, now: Timestamp) -> JwkSet {
        JwkSet {
            keys: self
                .keys
                .iter()
                .filter(|published| published.is_published(now))
                .map(|published| published.key.jwk().clone())
                .collect(),
        }
    }

    /// Seals a ticket with the newest key. See [`TicketKey::seal`].
    ///
    /// # Errors
    /// [`JoseError::NoTicketKey`] before the first key, [`JoseError::Signing`] if the content is not JSON.
    pub fn seal_ticket(&self, purpose: &str, content: &impl Serialize, expires_at: Timestamp) -> Result<String, JoseError> {
        self.tickets
            .first()
            .ok_or(JoseError::NoTicketKey)?
            .seal(purpose, content, expires_at)
    }

    /// Opens a ticket. See [`ticket::open`].
    ///
    /// # Errors
    /// [`TokenRejected`] with the reason.
    pub fn open_ticket<T: DeserializeOwned>(&self, purpose: &str, ticket: &str, now: Timestamp) -> Result<T, TokenRejected> {
        ticket::open(&self.tickets, purpose, ticket, now)
    }
}

pub(super) fn rejection(error: &Error) -> TokenRejected {
    match error.kind() {
        ErrorKind::InvalidSignature => TokenRejected::BadSignature,
        ErrorKind::InvalidAlgorithm => TokenRejected::WrongAlgorithm,
        ErrorKind::Json(_) => TokenRejected::BadClaims,
        _ => TokenRejected::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use std::sync::OnceLock;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    struct Claims {
        iss: String,
        exp: i64,
        nbf: Option<i64>,
    }

    impl Timed for Claims {
        fn issuer(&self) -> &str {
            &self.iss
        }
        fn expires_at(&self) -> i64 {
            self.exp
        }
        fn not_before(&self) -> Option<i64> {
            self.nbf
        }
    }

    const ISSUER: &str = "https://login.example.org";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn key(algorithm: SigningAlgorithm) -> Arc<SigningKey> {
        let der = SigningKey::generate_pkcs8(algorithm).unwrap();
        Arc::new(SigningKey::from_pkcs8(algorithm, &der).unwrap())
    }

    fn ring() -> &'static KeyRing {
        static RING: OnceLock<KeyRing> = OnceLock::new();
        RING.get_or_init(|| {
            let keys = [
                SigningAlgorithm::ES256,
                SigningAlgorithm::RS256,
                SigningAlgorithm::PS256,
                SigningAlgorithm::EdDSA,
            ]
            .map(|algorithm| PublishedKey::new(key(algorithm), at(0), None, None));
            KeyRing::new(keys.into(), vec![TicketKey::new("t", &[1; 32])])
        })
    }

    fn claims() -> Claims {
        Claims {
            iss: ISSUER.to_owned(),
            exp: 100,
            nbf: None,
        }
    }

    fn read(token: &str, token_type: TokenType, now: i64) -> Result<Claims, TokenRejected> {
        ring().verify(token, token_type, ISSUER, Expiry::At(at(now)), Duration::ZERO)
    }

    #[test]
    fn every_algorithm_signs_and_verifies() {
        for published in ring().keys() {
            let token = ring().sign(published.key.algorithm(), TokenType::Access, &claims(), at(1)).unwrap();
            assert_eq!(read(&token, TokenType::Access, 99), Ok(claims()));
            assert_eq!(read(&token, TokenType::Access, 100), Err(TokenRejected::Expired));
            assert_eq!(read(&token, TokenType::Id, 99), Err(TokenRejected::WrongType));
        }
    }

    #[test]
    fn a_library_that_knows_only_the_jwks_accepts_our_tokens() {
        let jwks = ring().jwks(at(1));
        for published in ring().keys() {
            let token = ring().sign(published.key.algorithm(), TokenType::Access, &claims(), at(1)).unwrap();
            let header = jsonwebtoken::decode_header(&token).unwrap();
            let jwk = jwks.find(header.kid.as_deref().unwrap()).unwrap();
            let mut validation = Validation::new(header.alg);
            validation.validate_exp = false;
            let read = jsonwebtoken::decode::<Claims>(&token, &jsonwebtoken::DecodingKey::from_jwk(jwk).unwrap(), &validation);
            assert_eq!(read.unwrap().claims, claims());
        }
    }

    #[test]
    fn refuses_another_issuer_and_a_token_from_the_future() {
        let mut foreign = claims();
        foreign.iss = "https://evil.example.org".to_owned();
        let token = ring().sign(SigningAlgorithm::ES256, TokenType::Access, &foreign, at(1)).unwrap();
        assert_eq!(read(&token, TokenType::Access, 1), Err(TokenRejected::WrongIssuer));
        let mut future = claims();
        future.nbf = Some(50);
        let token = ring().sign(SigningAlgorithm::ES256, TokenType::Access, &future, at(1)).unwrap();
        assert_eq!(read(&token, TokenType::Access, 49), Err(TokenRejected::NotYetValid));
        assert!(read(&token, TokenType::Access, 50).is_ok());
    }

    #[test]
    fn a_public_key_is_no_hmac_secret_and_none_is_no_algorithm() {
        // RFC 8725 §2.1: the classic confusions
        let published = ring().signer(SigningAlgorithm::RS256, at(1)).unwrap();
        let public = serde_json::to_vec(published.key.jwk()).unwrap();
        let mut header = Header::new(jsonwebtoken::Algorithm::HS256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(published.key.kid().to_owned());
        let forged = jsonwebtoken::encode(&header, &claims(), &jsonwebtoken::EncodingKey::from_secret(&public)).unwrap();
        assert_eq!(read(&forged, TokenType::Access, 1), Err(TokenRejected::WrongAlgorithm));

        use base64::Engine;
        let encode = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        for alg in ["none", "None", "NONE"] {
            let head = encode(format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"{}"}}"#, published.key.kid()));
            let unsigned = format!("{head}.{}.", encode(serde_json::to_string(&claims()).unwrap()));
            assert_eq!(read(&unsigned, TokenType::Access, 1), Err(TokenRejected::Malformed));
        }
    }

    #[test]
    fn a_key_named_by_another_kid_or_a_critical_header_is_refused() {
        let own = ring().signer(SigningAlgorithm::ES256, at(1)).unwrap();
        let other = key(SigningAlgorithm::ES256);
        let mut header = own.access_header.clone();
        let forged = jsonwebtoken::encode(&header, &claims(), other.encoding()).unwrap();
        assert_eq!(read(&forged, TokenType::Access, 1), Err(TokenRejected::BadSignature));
        header.kid = Some(other.kid().to_owned());
        let forged = jsonwebtoken::encode(&header, &claims(), other.encoding()).unwrap();
        assert_eq!(read(&forged, TokenType::Access, 1), Err(TokenRejected::UnknownKey));
        let mut header = own.access_header.clone();
        header.crit = Some(vec!["b64".to_owned()]);
        let critical = jsonwebtoken::encode(&header, &claims(), own.key.encoding()).unwrap();
        assert_eq!(read(&critical, TokenType::Access, 1), Err(TokenRejected::WrongType));
    }

    #[test]
    fn keys_are_published_before_they_sign_and_after_they_retire() {
        let (old, new) = (key(SigningAlgorithm::ES256), key(SigningAlgorithm::ES256));
        let ring = KeyRing::new(
            vec![
                PublishedKey::new(Arc::clone(&old), at(0), Some(at(100)), Some(at(200))),
                PublishedKey::new(Arc::clone(&new), at(100), None, None),
            ],
            vec![],
        );
        let signer = |now| {
            ring.signer(SigningAlgorithm::ES256, at(now))
                .map(|published| published.key.kid().to_owned())
        };
        assert_eq!(signer(99).as_deref(), Some(old.kid()));
        assert_eq!(signer(100).as_deref(), Some(new.kid()));
        assert_eq!(ring.jwks(at(99)).keys.len(), 2);
        assert_eq!(ring.jwks(at(199)).keys.len(), 2);
        assert_eq!(ring.jwks(at(200)).keys.len(), 1);
        assert!(!ring.is_ready_for(&[SigningAlgorithm::RS256], at(1)));
    }

    #[test]
    fn a_key_that_was_replaced_before_its_time_never_signs() {
        let [old, skipped, new] = [0, 1, 2].map(|_| key(SigningAlgorithm::ES256));
        let ring = KeyRing::new(
            vec![
                PublishedKey::new(old, at(0), Some(at(100)), None),
                PublishedKey::new(skipped, at(100), Some(at(50)), None),
                PublishedKey::new(Arc::clone(&new), at(50), None, None),
            ],
            vec![],
        );
        for now in [50, 99, 100, 200] {
            assert_eq!(
                ring.signer(SigningAlgorithm::ES256, at(now)).unwrap().key.kid(),
                new.kid(),
                "at {now}"
            );
        }
    }

    #[test]
    fn without_a_successor_the_last_key_goes_on() {
        let only = key(SigningAlgorithm::ES256);
        let ring = KeyRing::new(vec![PublishedKey::new(only, at(0), Some(at(10)), None)], vec![]);
        assert!(ring.signer(SigningAlgorithm::ES256, at(20)).is_some());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,300}") {
            prop_assert!(read(&text, TokenType::Access, 1).is_err());
            prop_assert!(ring().open_ticket::<serde_json::Value>("p", &text, at(1)).is_err());
        }

        #[test]
        fn no_change_of_one_byte_is_accepted(position in 0usize..10_000, byte in 0u8..128) {
            let token = ring().sign(SigningAlgorithm::EdDSA, TokenType::Access, &claims(), at(1)).unwrap();
            let mut bytes = token.clone().into_bytes();
            let position = position % bytes.len();
            bytes[position] = byte;
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert!(changed == token || read(&changed, TokenType::Access, 1).is_err());
        }

        #[test]
        fn no_header_and_body_make_the_reader_panic(header in any::<Vec<u8>>(), body in any::<Vec<u8>>(), signature in any::<Vec<u8>>()) {
            use base64::Engine;
            let encode = |part: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(part);
            let token = format!("{}.{}.{}", encode(&header), encode(&body), encode(&signature));
            prop_assert!(read(&token, TokenType::Access, 1).is_err());
        }
    }
}
