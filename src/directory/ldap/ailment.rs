//! Why a server of a directory cannot be used, in words that stay the same from try to try: what others are told. What the network said, with its
//! times and numbers, is for the log.

use rustls::{CertificateError, Error};
use std::io;

/// Why a server cannot be used, as far as that can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ailment {
    /// Its name leads to no address
    Unresolved,
    /// There is no connection, or it was cut
    Unreachable,
    /// No answer in time
    Silent,
    /// It does not begin TLS on a connection without (RFC 4511 §4.14)
    NoStartTls,
    /// Its certificate was signed by nobody who is trusted
    UnknownAuthority,
    /// Its certificate is for another name
    WrongName,
    /// Its certificate is not valid at this time
    NotValidNow,
    /// TLS failed for another reason
    Tls,
    /// It does not let the reader in
    ReaderRefused,
    /// It says that it cannot answer now
    Unavailable,
    /// What it sends is not LDAP
    Nonsense,
}

impl Ailment {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Unresolved,
        Self::Unreachable,
        Self::Silent,
        Self::NoStartTls,
        Self::UnknownAuthority,
        Self::WrongName,
        Self::NotValidNow,
        Self::Tls,
        Self::ReaderRefused,
        Self::Unavailable,
        Self::Nonsense,
    ];

    /// A stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Unreachable => "unreachable",
            Self::Silent => "silent",
            Self::NoStartTls => "no_start_tls",
            Self::UnknownAuthority => "unknown_authority",
            Self::WrongName => "wrong_name",
            Self::NotValidNow => "not_valid_now",
            Self::Tls => "tls",
            Self::ReaderRefused => "reader_refused",
            Self::Unavailable => "unavailable",
            Self::Nonsense => "nonsense",
        }
    }

    /// Of a TLS handshake that failed.
    pub fn of_handshake(error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        match tls {
            Some(Error::InvalidCertificate(certificate)) => match certificate {
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownAuthority,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Self::NotValidNow,
                _ => Self::Tls,
            },
            Some(_) => Self::Tls,
            None => Self::Unreachable,
        }
    }
}

/// Why a server cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In words that stay the same
    pub ailment: Ailment,
    /// What the network, TLS or the server said
    pub why: String,
}

impl Failure {
    /// With what was said.
    pub fn new(ailment: Ailment, why: impl std::fmt::Display) -> Self {
        Self {
            ailment,
            why: why.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told_from_a_connection_that_was_cut() {
        let of = |error: Error| Ailment::of_handshake(&io::Error::new(io::ErrorKind::InvalidData, error));
        assert_eq!(of(CertificateError::UnknownIssuer.into()), Ailment::UnknownAuthority);
        assert_eq!(of(CertificateError::NotValidForName.into()), Ailment::WrongName);
        assert_eq!(of(CertificateError::Expired.into()), Ailment::NotValidNow);
        assert_eq!(of(Error::NoCertificatesPresented), Ailment::Tls);
        assert_eq!(
            Ailment::of_handshake(&io::Error::from(io::ErrorKind::UnexpectedEof)),
            Ailment::Unreachable
        );
    }
}
