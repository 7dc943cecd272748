//! A certificate and its key, read from a Secret.

use crate::operator::world::SecretView;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use jiff::Timestamp;
use rcgen::{KeyPair, PublicKeyData};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use x509_parser::asn1_rs::Tag;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

/// A certificate and the key that belongs to it. `Debug` shows no key.
#[derive(Clone, Debug)]
pub struct Pair {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key: SecretString,
    /// From when on it counts
    pub not_before: Timestamp,
    /// Until when it counts
    pub not_after: Timestamp,
    public_key: Vec<u8>,
    key_id: Option<Vec<u8>>,
    names: Vec<String>,
    /// The name of an authority, if it is one
    authority: Option<String>,
}

impl Pair {
    /// `tls.crt` and `tls.key` of a Secret; `None` if there is no certificate with its key in it.
    pub fn of(secret: &SecretView) -> Option<Self> {
        Self::read(secret.bytes("tls.crt")?, secret.bytes("tls.key")?)
    }

    /// PEM texts; `None` if they are no certificate and its key. Only keys on P-256 are.
    pub fn read(certificate: &[u8], key: &[u8]) -> Option<Self> {
        let certificate_pem = std::str::from_utf8(certificate).ok()?.to_owned();
        let key = std::str::from_utf8(key).ok()?;
        let certificate = CertificateDer::from_pem_slice(certificate).ok()?;
        let pair = KeyPair::from_pem(key).ok()?;
        let (_, parsed) = X509Certificate::from_der(&certificate).ok()?;
        let public_key = parsed.public_key().subject_public_key.data.to_vec();
        if pair.algorithm() != &rcgen::PKCS_ECDSA_P256_SHA256 || pair.der_bytes() != public_key {
            return None;
        }
        let time = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
        let validity = parsed.validity();
        Some(Self {
            not_before: time(validity.not_before)?,
            not_after: time(validity.not_after)?,
            key_id: key_id(&parsed),
            names: names(&parsed),
            authority: authority_name(&parsed),
            public_key,
            key: SecretString::from(key),
            certificate_pem,
            certificate,
        })
    }

    /// The certificate and its chain, as PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The key, as PEM.
    pub fn key_pem(&self) -> &str {
        self.key.expose_secret()
    }

    /// Its subject key identifier.
    pub fn key_id(&self) -> Option<&[u8]> {
        self.key_id.as_deref()
    }

    /// Whether it is an authority of this name.
    pub fn is_authority(&self, name: &str) -> bool {
        self.authority.as_deref() == Some(name)
    }

    /// Whether it proves to be this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }

    /// Two thirds of its life: it is renewed then.
    pub fn renew_at(&self) -> Timestamp {
        let life = self.not_after.duration_since(self.not_before);
        self.not_after.checked_sub(life / 3).unwrap_or(self.not_after)
    }

    /// Whether this authority signed that certificate.
    pub fn signed(&self, leaf: &Self) -> bool {
        let Ok((_, parsed)) = X509Certificate::from_der(&leaf.certificate) else {
            return false;
        };
        let Ok((_, own)) = X509Certificate::from_der(&self.certificate) else {
            return false;
        };
        parsed.issuer().as_raw() == own.subject().as_raw()
            && UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.public_key)
                .verify(parsed.tbs_certificate.as_ref(), &parsed.signature_value.data)
                .is_ok()
    }
}

/// Until when a certificate in PEM form counts, if it is one; the first, if it is a chain.
pub fn ends(pem: &[u8]) -> Option<Timestamp> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    let (_, parsed) = X509Certificate::from_der(&certificate).ok()?;
    Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()
}

fn key_id(parsed: &X509Certificate<'_>) -> Option<Vec<u8>> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

fn names(parsed: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = parsed.subject_alternative_name() else {
        return Vec::new();
    };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    };
    names.value.general_names.iter().filter_map(name).collect()
}

/// Its name, if it is an authority with nothing but a common name, written as certificates are signed here.
fn authority_name(parsed: &X509Certificate<'_>) -> Option<String> {
    if !parsed.is_ca() || parsed.subject().iter_attributes().count() != 1 {
        return None;
    }
    let name = parsed.subject().iter_common_name().next()?;
    (name.attr_value().tag() == Tag::PrintableString).then_some(())?;
    name.as_str().ok().map(str::to_owned)
}
