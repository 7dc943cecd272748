//! A signing key: generated or read once, then held parsed.

use super::error::JoseError;
use super::provider::{Pair, Parsed, Registered};
use crate::config::snapshot::SigningAlgorithm;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaKeyPair, RsaPublicKeyComponents, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType, Jwk, OctetKeyPairParameters,
    OctetKeyPairType, PublicKeyUse, RSAKeyParameters, RSAKeyType, ThumbprintHash,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use zeroize::Zeroizing;

/// A private key that is ready to sign, with the JWK of its public half. `Debug` shows its id only.
pub struct SigningKey {
    kid: String,
    algorithm: SigningAlgorithm,
    encoding: EncodingKey,
    decoding: DecodingKey,
    jwk: Jwk,
    _registered: Registered,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The algorithm by its JOSE name (RFC 7518 §3.1); also the store's `purpose` of such keys.
pub const fn algorithm_name(algorithm: SigningAlgorithm) -> &'static str {
    match algorithm {
        SigningAlgorithm::ES256 => "ES256",
        SigningAlgorithm::RS256 => "RS256",
        SigningAlgorithm::PS256 => "PS256",
        SigningAlgorithm::EdDSA => "EdDSA",
    }
}

pub(super) const fn jws_algorithm(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::ES256 => Algorithm::ES256,
        SigningAlgorithm::RS256 => Algorithm::RS256,
        SigningAlgorithm::PS256 => Algorithm::PS256,
        SigningAlgorithm::EdDSA => Algorithm::EdDSA,
    }
}

impl SigningKey {
    /// Draws a new private key and returns it as PKCS#8 DER. RSA keys have 2048 bits and take 70–95 ms: call it off the event loop.
    ///
    /// # Errors
    /// [`JoseError::Signing`] if the crypto library cannot make one.
    pub fn generate_pkcs8(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        let failed = |_| JoseError::Signing(format!("no {algorithm:?} key could be generated"));
        let der = match algorithm {
            SigningAlgorithm::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            SigningAlgorithm::EdDSA => Ed25519KeyPair::generate()
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => {
                let pair = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).map_err(failed)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                der.as_ref().to_vec()
            }
        };
        Ok(Zeroizing::new(der))
    }

    /// Parses a private key. The key id is its RFC 7638 thumbprint (SHA-256).
    ///
    /// # Errors
    /// [`JoseError::BadKey`] if the bytes are not such a key.
    pub fn from_pkcs8(algorithm: SigningAlgorithm, der: &[u8]) -> Result<Self, JoseError> {
        let bad = |reason: String| JoseError::BadKey { algorithm, reason };
        let rejected = |error: aws_lc_rs::error::KeyRejected| bad(error.to_string());
        let (pair, public, verification, parameters): (Pair, Vec<u8>, &'static dyn VerificationAlgorithm, AlgorithmParameters) =
            match algorithm {
                SigningAlgorithm::ES256 => {
                    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(rejected)?;
                    let public = pair.public_key().as_ref().to_vec();
                    let (x, y) = uncompressed_point(&public).ok_or_else(|| bad("its public point is not uncompressed P-256".to_owned()))?;
                    let parameters = AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
                        key_type: EllipticCurveKeyType::EC,
                        curve: EllipticCurve::P256,
                        x: URL_SAFE_NO_PAD.encode(x),
                        y: URL_SAFE_NO_PAD.encode(y),
                    });
                    (Pair::Ecdsa(pair), public, &ECDSA_P256_SHA256_FIXED, parameters)
                }
                SigningAlgorithm::EdDSA => {
                    let pair = Ed25519KeyPair::from_pkcs8(der).map_err(rejected)?;
                    let public = pair.public_key().as_ref().to_vec();
                    let parameters = AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                        key_type: OctetKeyPairType::OctetKeyPair,
                        curve: EllipticCurve::Ed25519,
                        x: URL_SAFE_NO_PAD.encode(&public),
                    });
                    (Pair::Ed25519(pair), public, &ED25519, parameters)
                }
                SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => {
                    let pair = RsaKeyPair::from_pkcs8(der).map_err(rejected)?;
                    let components = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                    let parameters = AlgorithmParameters::RSA(RSAKeyParameters {
                        key_type: RSAKeyType::RSA,
                        n: URL_SAFE_NO_PAD.encode(components.n),
                        e: URL_SAFE_NO_PAD.encode(components.e),
                    });
                    let public = pair.public_key().as_ref().to_vec();
                    if algorithm == SigningAlgorithm::RS256 {
                        (
                            Pair::Rsa(pair, &signature::RSA_PKCS1_SHA256),
                            public,
                            &RSA_PKCS1_2048_8192_SHA256,
                            parameters,
                        )
                    } else {
                        (
                            Pair::Rsa(pair, &signature::RSA_PSS_SHA256),
                            public,
                            &RSA_PSS_2048_8192_SHA256,
                            parameters,
                        )
                    }
                }
            };
        let public = ParsedPublicKey::new(verification, &public).map_err(rejected)?;
        let jws = jws_algorithm(algorithm);
        let registered = Registered::new(Parsed {
            algorithm: jws,
            pair,
            public,
        })?;
        let mut jwk = Jwk {
            common: CommonParameters {
                public_key_use: Some(PublicKeyUse::Signature),
                key_algorithm: Some(jws.into()),
                ..CommonParameters::default()
            },
            algorithm: parameters,
        };
        let kid = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(kid.clone());
        let handle = registered.handle();
        let (encoding, decoding) = match algorithm {
            SigningAlgorithm::ES256 => (EncodingKey::from_ec_der(&handle), DecodingKey::from_ec_der(&handle)),
            SigningAlgorithm::EdDSA => (EncodingKey::from_ed_der(&handle), DecodingKey::from_ed_der(&handle)),
            SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => (EncodingKey::from_rsa_der(&handle), DecodingKey::from_rsa_der(&handle)),
        };
        Ok(Self {
            kid,
            algorithm,
            encoding,
            decoding,
            jwk,
            _registered: registered,
        })
    }

    /// `kid`.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it signs with.
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The public half (RFC 7517), with `kid`, `use` and `alg`.
    pub const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    pub(super) const fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(super) const fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

/// The coordinates of an uncompressed P-256 point (SEC 1 §2.3.3).
fn uncompressed_point(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let coordinates = bytes.strip_prefix(&[4])?;
    (coordinates.len() == 64).then(|| coordinates.split_at(32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_read_back_is_the_same_key() {
        for algorithm in [
            SigningAlgorithm::ES256,
            SigningAlgorithm::RS256,
            SigningAlgorithm::PS256,
            SigningAlgorithm::EdDSA,
        ] {
            let der = SigningKey::generate_pkcs8(algorithm).unwrap();
            let (one, two) = (
                SigningKey::from_pkcs8(algorithm, &der).unwrap(),
                SigningKey::from_pkcs8(algorithm, &der).unwrap(),
            );
            assert_eq!(one.kid(), two.kid());
            assert_eq!(one.kid().len(), 43, "a base64url SHA-256 thumbprint");
            let jwk = serde_json::to_value(one.jwk()).unwrap();
            assert_eq!(jwk["alg"], algorithm_name(algorithm));
            assert_eq!(jwk["use"], "sig");
            assert!(jwk.get("d").is_none(), "the private half stays here");
        }
    }

    #[test]
    fn refuses_bytes_that_are_no_key() {
        for algorithm in [SigningAlgorithm::ES256, SigningAlgorithm::RS256, SigningAlgorithm::EdDSA] {
            assert!(matches!(
                SigningKey::from_pkcs8(algorithm, b"no key"),
                Err(JoseError::BadKey { .. })
            ));
        }
    }

    #[test]
    fn debug_shows_no_key_material() {
        let der = SigningKey::generate_pkcs8(SigningAlgorithm::ES256).unwrap();
        let key = SigningKey::from_pkcs8(SigningAlgorithm::ES256, &der).unwrap();
        assert_eq!(
            format!("{key:?}"),
            format!("SigningKey {{ kid: {:?}, algorithm: ES256, .. }}", key.kid())
        );
    }
}
