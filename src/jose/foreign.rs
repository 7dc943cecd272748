//! Tokens that others signed: their published keys (RFC 7517 §5), and what a signature by one of them says.
//!
//! Only signatures with a key pair are looked at. `none` is no algorithm here, and a shared secret proves nothing: whoever knows a public key could
//! use it as one (RFC 8725 §2.1, §3.1).

use super::error::TokenRejected;
use super::provider;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation};
use serde_json::{Map, Value};

/// Longer than any token that has to be read.
const MAX_LENGTH: usize = 64 * 1024;
/// A set with more keys than this is cut off.
const MAX_KEYS: usize = 64;

/// Somebody's published keys.
#[derive(Clone, Debug, Default)]
pub struct ForeignKeys(Vec<Jwk>);

/// A token whose signature is right. Who made it for whom is yet to be checked.
#[derive(Clone, Debug)]
pub struct Signed {
    /// What it says
    pub claims: Map<String, Value>,
    /// How it is signed
    pub algorithm: Algorithm,
}

impl ForeignKeys {
    /// Of a JWK set. Keys that this release does not understand are passed over.
    pub fn of(set: &Map<String, Value>) -> Self {
        let keys = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let usable = keys
            .iter()
            .take(MAX_KEYS)
            .filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
        Self(
            usable
                .filter(|key| !matches!(key.algorithm, AlgorithmParameters::Other(_)))
                .collect(),
        )
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Verifies a token's signature. It is of the type `own` (`logout+jwt` and the like) or says none: some who make them do not. `None`: of no type of
    /// its own, as an ID token.
    ///
    /// # Errors
    /// [`TokenRejected::UnknownKey`] if the key that it names is not here, else why it is refused.
    pub fn verify(&self, token: &str, own: Option<&str>) -> Result<Signed, TokenRejected> {
        // Else this would fix the crate's own provider for the whole process
        provider::install();
        if token.len() > MAX_LENGTH {
            return Err(TokenRejected::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenRejected::Malformed)?;
        let is_other_kind = |kind: &str| {
            let kind = kind.to_ascii_lowercase();
            let kind = kind.strip_prefix("application/").unwrap_or(&kind);
            kind.ends_with("+jwt") && own != Some(kind)
        };
        if header.crit.is_some() || header.typ.as_deref().is_some_and(is_other_kind) {
            return Err(TokenRejected::WrongType);
        }
        let algorithm = header.alg;
        if AlgorithmFamily::Hmac.algorithms().contains(&algorithm) {
            return Err(TokenRejected::WrongAlgorithm);
        }
        let named = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
        let mut candidates = self.0.iter().filter(named).filter_map(|key| fit(key, algorithm));
        let key = candidates.next().ok_or(TokenRejected::UnknownKey)?;
        // Of several keys one has to be named (OpenID Connect Core §10.1).
        if candidates.next().is_some() {
            return Err(TokenRejected::UnknownKey);
        }
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        // Times and audience are checked by the caller, against its clock
        validation.validate_exp = false;
        validation.validate_aud = false;
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation);
        let claims = decoded.map_err(|error| super::key_ring::rejection(&error))?.claims;
        Ok(Signed { claims, algorithm })
    }
}

/// The key, if it is one to verify this algorithm with.
fn fit(key: &Jwk, algorithm: Algorithm) -> Option<DecodingKey> {
    if !matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    if key.common.key_algorithm.is_some_and(|named| named != KeyAlgorithm::from(algorithm)) {
        return None;
    }
    let decoded = DecodingKey::from_jwk(key).ok()?;
    let is_pair = decoded.family() != AlgorithmFamily::Hmac && decoded.family().algorithms().contains(&algorithm);
    // An Ed25519 key has 32 bytes; whatever else stands there is no handle on a key of ours either.
    let is_whole = decoded.family() != AlgorithmFamily::Ed || decoded.try_get_as_bytes().is_ok_and(|bytes| bytes.len() == 32);
    (is_pair && is_whole).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::snapshot::SigningAlgorithm;
    use crate::jose::SigningKey;
    use crate::jose::signing_key::jws_algorithm;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header};
    use proptest::prelude::*;
    use serde_json::json;
    use std::sync::LazyLock;

    static KEYS: LazyLock<[SigningKey; 3]> =
        LazyLock::new(|| [SigningAlgorithm::RS256, SigningAlgorithm::ES256, SigningAlgorithm::EdDSA].map(generate));

    fn generate(algorithm: SigningAlgorithm) -> SigningKey {
        SigningKey::from_pkcs8(algorithm, &SigningKey::generate_pkcs8(algorithm).unwrap()).unwrap()
    }

    fn sign(key: &SigningKey, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, key.encoding()).unwrap()
    }

    fn header(key: &SigningKey) -> Header {
        let mut header = Header::new(jws_algorithm(key.algorithm()));
        header.kid = Some(key.kid().to_owned());
        header
    }

    fn set(change: impl Fn(&mut Value)) -> ForeignKeys {
        let keys: Vec<Value> = KEYS
            .iter()
            .map(|key| {
                let mut jwk = serde_json::to_value(key.jwk()).unwrap();
                change(&mut jwk);
                jwk
            })
            .collect();
        ForeignKeys::of(json!({ "keys": keys }).as_object().unwrap())
    }

    fn token(key: &SigningKey) -> String {
        sign(key, &header(key), &json!({"sub": "7"}))
    }

    #[test]
    fn a_signature_by_a_published_key_is_right() {
        for key in KEYS.iter() {
            let signed = set(|_| ()).verify(&token(key), None).unwrap();
            assert_eq!(signed.claims["sub"], "7");
        }
    }

    #[test]
    fn a_key_that_is_not_there_or_is_for_something_else_is_unknown() {
        let token = token(&KEYS[0]);
        for change in [
            json!({"kid": "other"}),
            json!({"use": "enc"}),
            json!({"alg": "PS256"}),
            json!({"kty": "AKP"}),
        ] {
            let keys = set(|jwk| jwk.as_object_mut().unwrap().extend(change.as_object().unwrap().clone()));
            assert_eq!(keys.verify(&token, None).unwrap_err(), TokenRejected::UnknownKey, "{change}");
        }
        assert_eq!(ForeignKeys::default().verify(&token, None).unwrap_err(), TokenRejected::UnknownKey);
    }

    #[test]
    fn a_public_key_is_no_shared_secret_and_none_is_no_algorithm() {
        let keys = set(|_| ());
        let jwk = serde_json::to_value(KEYS[0].jwk()).unwrap();
        let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(KEYS[0].kid().to_owned());
        let confused = jsonwebtoken::encode(&header, &json!({"sub": "7"}), &EncodingKey::from_secret(&modulus)).unwrap();
        assert_eq!(keys.verify(&confused, None).unwrap_err(), TokenRejected::WrongAlgorithm);
        // Not even where the provider publishes a shared secret.
        let published = json!({"keys": [{"kty": "oct", "k": URL_SAFE_NO_PAD.encode(&modulus), "kid": KEYS[0].kid()}]});
        assert!(ForeignKeys::of(published.as_object().unwrap()).verify(&confused, None).is_err());
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        for name in ["none", "None", "NONE", ""] {
            let unsigned = format!(
                "{}.{}.",
                encode(json!({"alg": name, "kid": KEYS[0].kid()})),
                encode(json!({"sub": "7"}))
            );
            assert_eq!(keys.verify(&unsigned, None).unwrap_err(), TokenRejected::Malformed, "{name}");
        }
    }

    #[test]
    fn a_key_in_the_tokens_own_header_is_nobodys() {
        let stranger = generate(SigningAlgorithm::ES256);
        let mut header = header(&KEYS[1]);
        header.jwk = serde_json::from_value(serde_json::to_value(stranger.jwk()).unwrap()).ok();
        let token = sign(&stranger, &header, &json!({"sub": "7"}));
        assert_eq!(set(|_| ()).verify(&token, None).unwrap_err(), TokenRejected::BadSignature);
    }

    #[test]
    fn another_kind_of_token_is_no_id_token() {
        let mut header = header(&KEYS[1]);
        for (kind, fits) in [
            ("JWT", true),
            ("jwt", true),
            ("at+jwt", false),
            ("logout+jwt", false),
            ("AT+JWT", false),
        ] {
            header.typ = Some(kind.to_owned());
            let token = sign(&KEYS[1], &header, &json!({}));
            assert_eq!(set(|_| ()).verify(&token, None).is_ok(), fits, "{kind}");
            let as_logout = set(|_| ()).verify(&token, Some("logout+jwt")).is_ok();
            assert_eq!(as_logout, fits || kind.ends_with("logout+jwt"), "{kind}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,300}", set_text in ".{0,300}") {
            prop_assert!(set(|_| ()).verify(&text, None).is_err());
            if let Ok(Value::Object(object)) = serde_json::from_str(&set_text) {
                let _ = ForeignKeys::of(&object);
            }
        }
    }
}
