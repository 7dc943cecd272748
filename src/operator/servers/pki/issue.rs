//! Makes keys and certificates (RFC 5280), ECDSA on P-256.

use super::pair::Pair;
use crate::operator::servers::names::Names;
use jiff::{SignedDuration, Timestamp};
use rcgen::string::PrintableString;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use std::time::Duration;

/// An authority is renewed long before that.
const AUTHORITY_LIVES: SignedDuration = SignedDuration::from_hours(3650 * 24);
/// A certificate of one side.
const LEAF_LIVES: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Clocks differ.
const BEGAN_BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// A certificate could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a certificate for the configuration service cannot be made: {0}")]
pub struct IssueError(String);

impl From<rcgen::Error> for IssueError {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

/// Which side of the configuration service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The pods
    Server,
    /// The operator
    Operator,
}

impl Side {
    /// The name in its certificate.
    pub fn identity(self, names: &Names) -> String {
        match self {
            Self::Server => names.server_identity(),
            Self::Operator => names.operator_identity(),
        }
    }
}

/// A new authority.
pub fn authority(names: &Names, now: Timestamp) -> Result<Pair, IssueError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = authority_params(names)?;
    span(&mut params, now, AUTHORITY_LIVES);
    let certificate = params.self_signed(&key)?;
    read(&certificate.pem(), &key)
}

/// A certificate for one side, signed by the authority.
pub fn leaf(names: &Names, side: Side, authority: &Pair, now: Timestamp) -> Result<Pair, IssueError> {
    let signer = KeyPair::from_pem(authority.key_pem())?;
    let mut issuer_params = authority_params(names)?;
    if let Some(id) = authority.key_id() {
        issuer_params.key_identifier_method = KeyIdMethod::PreSpecified(id.to_vec());
    }
    let issuer = Issuer::new(issuer_params, signer);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new([side.identity(names)])?;
    params.distinguished_name = DistinguishedName::new();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![match side {
        Side::Server => ExtendedKeyUsagePurpose::ServerAuth,
        Side::Operator => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    params.use_authority_key_identifier_extension = true;
    span(&mut params, now, LEAF_LIVES);
    let certificate = params.signed_by(&key, &issuer)?;
    read(&certificate.pem(), &key)
}

/// As cert-manager writes it, so that either can go on with what the other made.
fn authority_params(names: &Names) -> Result<CertificateParams, IssueError> {
    let mut params = CertificateParams::default();
    let name = PrintableString::try_from(names.config())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, DnValue::PrintableString(name));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
    ];
    Ok(params)
}

fn span(params: &mut CertificateParams, now: Timestamp, lives: SignedDuration) {
    let at = |time: Timestamp| date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(time.as_second()).unwrap_or_default());
    params.not_before = at(now.checked_sub(BEGAN_BEFORE).unwrap_or(now));
    params.not_after = at(now.checked_add(lives).unwrap_or(Timestamp::MAX));
}

fn read(certificate: &str, key: &KeyPair) -> Result<Pair, IssueError> {
    let pair = Pair::read(certificate.as_bytes(), key.serialize_pem().as_bytes());
    pair.ok_or_else(|| IssueError("what was made cannot be read".to_owned()))
}
