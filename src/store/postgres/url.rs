//! The store's URL: libpq's, with its `sslmode`, `sslrootcert`, `sslcert` and `sslkey`, which the driver knows only in part.

use super::tls::{ClientFiles, TlsPolicy, Verify};
use crate::store::{StoreError, StoreResult};
use std::path::{Path, PathBuf};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

/// What a URL says.
#[derive(Debug)]
pub(super) struct Parsed {
    pub config: Config,
    pub tls: TlsPolicy,
}

/// Parses. `ca_file` and `client` are the settings'; `sslrootcert`, `sslcert` and `sslkey` in the URL come first.
///
/// # Errors
/// [`StoreError::Refused`]; the text never quotes the URL.
pub(super) fn parse(url: &str, ca_file: Option<&Path>, client: Option<&ClientFiles>) -> StoreResult<Parsed> {
    // A `?` may be in the password, so the query begins after the last `@`.
    let authority = url.rfind('@').unwrap_or(0);
    let (address, query) = match url.get(authority..).and_then(|rest| rest.find('?')) {
        Some(at) => (
            url.get(..authority + at).unwrap_or_default(),
            url.get(authority + at + 1..).unwrap_or_default(),
        ),
        None => (url, ""),
    };
    // Whoever names the authorities wants the certificate to be looked at: `prefer` would pass over them in silence.
    let default_mode = if ca_file.is_some() { "verify-full" } else { "prefer" };
    let (mut mode, mut ca_file, mut rest) = (default_mode.to_owned(), ca_file.map(Path::to_path_buf), Vec::new());
    let (mut certificate, mut key): (Option<PathBuf>, Option<PathBuf>) = (None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let decoded = ::url::form_urlencoded::parse(pair.as_bytes()).next();
        match decoded.as_ref().map(|(key, value)| (key.as_ref(), value.as_ref())) {
            Some(("sslmode", value)) => mode = value.to_owned(),
            Some(("sslrootcert", "system")) => ca_file = None,
            Some(("sslrootcert", value)) => ca_file = Some(value.into()),
            Some(("sslcert", value)) => certificate = Some(value.into()),
            Some(("sslkey", value)) => key = Some(value.into()),
            _ => rest.push(pair),
        }
    }
    let address = if rest.is_empty() {
        address.to_owned()
    } else {
        format!("{address}?{}", rest.join("&"))
    };
    let mut config: Config = address.parse().map_err(|error: tokio_postgres::Error| {
        let cause = std::error::Error::source(&error)
            .map(|cause| format!(": {cause}"))
            .unwrap_or_default();
        StoreError::Refused(format!("the store's URL is not understood{cause}"))
    })?;
    let (ssl_mode, verify) = match (mode.as_str(), ca_file.is_some()) {
        ("disable", _) => (SslMode::Disable, Verify::Nothing),
        ("prefer", _) => (SslMode::Prefer, Verify::Nothing),
        // As libpq: an authority that is named is meant to be looked at.
        ("require", false) => (SslMode::Require, Verify::Nothing),
        ("require" | "verify-ca", _) => (SslMode::Require, Verify::Chain),
        ("verify-full", _) => (SslMode::Require, Verify::ChainAndName),
        _ => {
            return Err(StoreError::Refused(
                "sslmode in the store's URL must be disable, prefer, require, verify-ca or verify-full".to_owned(),
            ));
        }
    };
    config.ssl_mode(ssl_mode);
    let client = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(ClientFiles { certificate, key }),
        (None, None) => client.cloned(),
        _ => {
            return Err(StoreError::Refused(
                "sslcert and sslkey in the store's URL belong together: name both".to_owned(),
            ));
        }
    };
    if config.get_application_name().is_none() {
        config.application_name("nauthera");
    }
    Ok(Parsed {
        config,
        tls: TlsPolicy { verify, ca_file, client },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(url: &str) -> (SslMode, Verify) {
        let parsed = parse(url, None, None).unwrap();
        (parsed.config.get_ssl_mode(), parsed.tls.verify)
    }

    #[test]
    fn knows_the_modes_of_libpq() {
        assert_eq!(policy("postgres://h/d"), (SslMode::Prefer, Verify::Nothing));
        assert_eq!(policy("postgres://h/d?sslmode=disable"), (SslMode::Disable, Verify::Nothing));
        assert_eq!(policy("postgres://h/d?sslmode=require"), (SslMode::Require, Verify::Nothing));
        assert_eq!(
            policy("postgres://h/d?sslmode=require&sslrootcert=/ca.pem"),
            (SslMode::Require, Verify::Chain)
        );
        assert_eq!(policy("postgres://h/d?sslmode=verify-ca"), (SslMode::Require, Verify::Chain));
        assert_eq!(
            policy("postgres://h/d?sslmode=verify-full"),
            (SslMode::Require, Verify::ChainAndName)
        );
    }

    #[test]
    fn leaves_everything_else_to_the_driver() {
        let parsed = parse(
            "postgresql://u:p%3fw?x@h:6432/d?connect_timeout=7&sslmode=verify-full&sslrootcert=%2Fa%20b.pem&application_name=me",
            Some(Path::new("/setting.pem")),
            None,
        )
        .unwrap();
        assert_eq!(parsed.config.get_password(), Some(b"p?w?x".as_slice()));
        assert_eq!(parsed.config.get_ports(), [6432]);
        assert_eq!(parsed.config.get_application_name(), Some("me"));
        assert_eq!(parsed.tls.ca_file.as_deref(), Some(Path::new("/a b.pem")));
        assert!(parse("postgres://h/d?sslcompression=1", None, None).is_err());
    }

    #[test]
    fn uses_the_authorities_of_the_settings() {
        let parsed = parse("postgres://h/d?sslmode=require", Some(Path::new("/setting.pem")), None).unwrap();
        assert_eq!(
            (parsed.tls.verify, parsed.tls.ca_file.as_deref()),
            (Verify::Chain, Some(Path::new("/setting.pem")))
        );
        let parsed = parse("postgres://h/d", Some(Path::new("/setting.pem")), None).unwrap();
        assert_eq!(
            (parsed.config.get_ssl_mode(), parsed.tls.verify),
            (SslMode::Require, Verify::ChainAndName)
        );
        let parsed = parse(
            "postgres://h/d?sslmode=verify-full&sslrootcert=system",
            Some(Path::new("/setting.pem")),
            None,
        )
        .unwrap();
        assert_eq!(parsed.tls.ca_file, None);
    }

    #[test]
    fn a_client_certificate_has_a_key_and_the_urls_comes_first() {
        let files = |folder: &str| ClientFiles {
            certificate: format!("{folder}/tls.crt").into(),
            key: format!("{folder}/tls.key").into(),
        };
        let setting = files("/setting");
        assert_eq!(
            parse("postgres://h/d", None, Some(&setting)).unwrap().tls.client,
            Some(setting.clone())
        );
        let both = parse("postgres://h/d?sslcert=/url/tls.crt&sslkey=/url/tls.key", None, Some(&setting)).unwrap();
        assert_eq!(both.tls.client, Some(files("/url")));
        let half = parse("postgres://h/d?sslcert=/url/tls.crt", None, Some(&setting))
            .unwrap_err()
            .to_string();
        assert!(half.contains("sslkey"), "{half}");
    }
}
