//! Certificates: whether they can be used, whose they are, and for how long.

use super::finding::Finding;
use crate::cli::serve::ServeArgs;
use crate::cli::tls;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A certificate that ends sooner should have been renewed by now.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Looks at each that the flags name.
pub fn look(args: &ServeArgs) -> Vec<Finding> {
    let mut findings = Vec::new();
    match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => findings.push(pair("https", certificate, key, Timestamp::now())),
        _ => findings.push(Finding::well(
            "https",
            "plain HTTP: an Ingress or a proxy in front ends TLS, or nobody but this machine calls",
        )),
    }
    if let Some(folder) = &args.configuration.config_tls {
        findings.push(pair(
            "config tls",
            &folder.join("tls.crt"),
            &folder.join("tls.key"),
            Timestamp::now(),
        ));
    }
    if let (Some(certificate), Some(key)) = (&args.database.database_cert, &args.database.database_key) {
        findings.push(pair("database tls", certificate, key, Timestamp::now()));
    }
    findings
}

fn pair(subject: &'static str, certificate: &Path, key: &Path, now: Timestamp) -> Finding {
    let loaded = match tls::load(certificate, key) {
        Ok(loaded) => loaded,
        Err(error) => return Finding::fault(subject, format!("{error:#}")),
    };
    let shown = certificate.display();
    let Some(first) = loaded.cert.first().and_then(|der| Facts::of(der)) else {
        return Finding::fault(subject, format!("{shown} holds a certificate that cannot be read"));
    };
    let Facts { names, from, until } = first;
    let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    if now < from {
        return Finding::fault(
            subject,
            format!("{shown} for {names} is not valid before {from}: look at this machine's clock"),
        );
    }
    if until <= now {
        return Finding::fault(subject, format!("{shown} for {names} ended at {until}: renew it"));
    }
    if until.duration_since(now) < SOON {
        return Finding::warning(subject, format!("{shown} for {names} ends at {until}: has its renewal stopped?"));
    }
    Finding::well(subject, format!("for {names}, until {until}"))
}

struct Facts {
    names: Vec<String>,
    from: Timestamp,
    until: Timestamp,
}

impl Facts {
    fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.into_iter().flat_map(|extension| &extension.value.general_names);
        let names = names.filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        });
        let validity = certificate.validity();
        Some(Self {
            names: names.collect(),
            from: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
            until: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_certificate_is_judged_by_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
        let verdict = |now: &str| {
            let found = pair("https", &certificate, &key, now.parse().unwrap());
            (found.verdict, found.text)
        };
        assert_eq!(verdict("2026-01-01T00:00:00Z").0, Verdict::Fault, "there is none");
        let made = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["login.example.org".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2026, 4, 1);
        std::fs::write(&certificate, parameters.self_signed(&made).unwrap().pem()).unwrap();
        std::fs::write(&key, made.serialize_pem()).unwrap();
        assert_eq!(verdict("2025-12-31T00:00:00Z").0, Verdict::Fault);
        let (well, text) = verdict("2026-02-01T00:00:00Z");
        assert!(
            well == Verdict::Well && text.contains("login.example.org") && text.contains("2026-04-01"),
            "{text}"
        );
        assert_eq!(verdict("2026-03-30T00:00:00Z").0, Verdict::Warning);
        assert_eq!(verdict("2026-04-01T00:00:00Z").0, Verdict::Fault);
        std::fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
        let (other, text) = verdict("2026-02-01T00:00:00Z");
        assert!(other == Verdict::Fault && text.contains("do not fit together"), "{text}");
    }
}
