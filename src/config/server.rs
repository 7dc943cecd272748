//! What makes an AuthServer acceptable, and what its resource comes to.

use super::input::Runtime;
use super::redirect_uri::is_loopback;
use super::snapshot::{Branding, SigningAlgorithm, SigningPolicy};
use super::{rate, selector};
use crate::resources::auth_server::{Algorithm, AllowedClients, AuthServerSpec, BrandingSpec, From, Signing};
use crate::resources::condition::Condition;
use crate::resources::exposure::TrustedProxies;
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;
use url::Url;

/// Everything that is wrong with an AuthServer in itself.
pub fn faults(spec: &AuthServerSpec) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(fault) = issuer_fault(&spec.issuer_url) {
        found.push(format!("issuerUrl: {:?} {fault}", spec.issuer_url));
    }
    if let Some(fault) = spec.policy_selector.as_ref().and_then(selector::fault) {
        found.push(format!("policySelector: {fault}"));
    }
    match (spec.allowed_clients.from, &spec.allowed_clients.selector) {
        (From::Selector, None) => found.push("allowedClients: from: Selector needs a selector".to_owned()),
        (From::All | From::Same, Some(_)) => found.push("allowedClients: selector goes with from: Selector only".to_owned()),
        (_, Some(selector)) => {
            if let Some(fault) = selector::fault(selector) {
                found.push(format!("allowedClients.selector: {fault}"));
            }
        }
        (_, None) => {}
    }
    found.extend(signing_faults(&spec.signing));
    found.extend(spec.trusted_proxies.iter().flat_map(proxy_faults));
    found.extend(spec.rate_limits.iter().flat_map(rate::faults));
    found.extend(spec.branding.iter().flat_map(branding_faults));
    found
}

/// What is wrong with an issuer (OpenID Connect Discovery §3, RFC 8414 §2), if anything is.
pub fn issuer_fault(issuer: &str) -> Option<&'static str> {
    if !issuer.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some("holds a character that no URL has");
    }
    let Ok(url) = Url::parse(issuer) else {
        return Some("is not a URL");
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Some("is neither https nor http on a loopback address"),
    }
    if issuer.contains('?') || issuer.contains('#') {
        return Some("has a query or a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("holds a user name or password");
    }
    if issuer.ends_with('/') {
        return Some("ends with a slash; clients compare the issuer exactly, so leave it off");
    }
    // Clients compare issuers as text: it must be written the one normal way.
    if url.as_str().trim_end_matches('/') != issuer {
        return Some("is not written the normal way (lower-case host, no default port, no . or .. in the path)");
    }
    None
}

fn signing_faults(signing: &Signing) -> Vec<String> {
    let mut found = Vec::new();
    let names: BTreeSet<&'static str> = signing
        .algorithms
        .iter()
        .map(|algorithm| algorithm_of(*algorithm).as_str())
        .collect();
    if signing.algorithms.is_empty() {
        found.push("signing.algorithms is empty: name one, or leave it out".to_owned());
    } else if names.len() < signing.algorithms.len() {
        found.push("signing.algorithms names one twice".to_owned());
    }
    if signing.overlap >= signing.rotate_every {
        found.push(format!(
            "signing.overlap ({}) must be shorter than rotateEvery ({})",
            signing.overlap, signing.rotate_every
        ));
    }
    found
}

fn proxy_faults(proxies: &TrustedProxies) -> Vec<String> {
    let mut found = Vec::new();
    if proxies.networks.is_empty() {
        found.push("trustedProxies.networks is empty: name a network, or leave trustedProxies out".to_owned());
    }
    for text in &proxies.networks {
        match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Err(_) => found.push(format!(
                "trustedProxies.networks: {text:?} is neither an address nor a network such as 10.0.0.0/8"
            )),
            Ok(network) if network.prefix_len() == 0 => found.push(format!(
                "trustedProxies.networks: {text} is everybody, and everybody could then say who they are"
            )),
            Ok(_) => {}
        }
    }
    found
}

fn branding_faults(branding: &BrandingSpec) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(name) = &branding.product_name
        && (name.trim().is_empty() || name.chars().any(char::is_control) || name.chars().count() > 80)
    {
        found.push("branding.productName is empty, longer than 80 characters or holds control characters".to_owned());
    }
    if let Some(logo) = &branding.logo_url
        && !Url::parse(logo).is_ok_and(|url| url.scheme() == "https" && logo.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        found.push("branding.logoUrl is not an https: URL".to_owned());
    }
    if let Some(color) = &branding.primary_color
        && !color
            .strip_prefix('#')
            .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        found.push("branding.primaryColor is not a colour such as #1a73e8".to_owned());
    }
    found
}

fn algorithm_of(algorithm: Algorithm) -> SigningAlgorithm {
    match algorithm {
        Algorithm::ES256 => SigningAlgorithm::ES256,
        Algorithm::RS256 => SigningAlgorithm::RS256,
        Algorithm::PS256 => SigningAlgorithm::PS256,
        Algorithm::EdDSA => SigningAlgorithm::EdDSA,
    }
}

/// The server's keys, as the snapshot has them.
pub fn signing_policy(signing: &Signing) -> SigningPolicy {
    SigningPolicy {
        algorithms: signing.algorithms.iter().map(|algorithm| algorithm_of(*algorithm)).collect(),
        rotate_every: signing.rotate_every.duration(),
        overlap: signing.overlap.duration(),
    }
}

/// The server's looks, as the snapshot has them.
pub fn branding(spec: Option<&BrandingSpec>) -> Branding {
    spec.map_or_else(Branding::default, |spec| Branding {
        product_name: spec.product_name.clone(),
        logo_url: spec.logo_url.clone(),
        primary_color: spec.primary_color.clone(),
    })
}

/// What the server's resource asks for and nobody gives it.
pub fn unserved(spec: &AuthServerSpec, runtime: Runtime) -> Vec<Condition> {
    let mut found = Vec::new();
    if runtime == Runtime::Cluster {
        return found;
    }
    if spec.tls.is_some() {
        found.push(Condition::no(
            "TLS",
            "NotServedYet",
            "a server that reads files takes its certificate from --tls-cert and --tls-key, not from here",
        ));
    }
    let asked: Vec<&str> = [
        ("autoscaling", spec.autoscaling.is_some()),
        ("image", spec.image.is_some()),
        ("resources", spec.resources.is_some()),
        ("database", spec.database.is_some()),
        ("cache", spec.cache.is_some()),
        ("exposure", spec.exposure.is_some()),
        ("trustedProxies", spec.trusted_proxies.is_some()),
    ]
    .into_iter()
    .filter_map(|(field, there)| there.then_some(field))
    .collect();
    if !asked.is_empty() {
        let message = format!(
            "{}: for the operator; a server that reads files is started by hand",
            asked.join(", ")
        );
        found.push(Condition::no("Deployed", "NotServedYet", message));
    }
    found
}

/// Whether clients of a namespace may name this server.
pub fn admits(allowed: &AllowedClients, own_namespace: &str, namespace: &str, namespace_labels: &super::input::Labels) -> bool {
    match allowed.from {
        From::All => true,
        From::Same => own_namespace == namespace,
        From::Selector => allowed
            .selector
            .as_ref()
            .is_some_and(|selector| selector::matches(selector, namespace_labels)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::exposure::ForwardedHeader;

    #[test]
    fn a_proxy_is_an_address_or_a_network_and_not_everybody() {
        let faults = |networks: &[&str]| {
            proxy_faults(&TrustedProxies {
                networks: networks.iter().map(|text| (*text).to_owned()).collect(),
                header: ForwardedHeader::default(),
            })
        };
        assert_eq!(faults(&["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"]), Vec::<String>::new());
        for wrong in ["0.0.0.0/0", "::/0", "10.0.0.0/33", "10.0.0", "--listen=x", "10.0.0.1,10.0.0.2", ""] {
            assert_eq!(faults(&["10.0.0.0/8", wrong]).len(), 1, "{wrong}");
        }
        assert_eq!(faults(&[]).len(), 1);
    }

    #[test]
    fn an_issuer_is_https_or_loopback_and_written_the_normal_way() {
        for good in [
            "https://login.example.org",
            "https://login.example.org/tenant/a",
            "https://login.example.org:8443",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost",
        ] {
            assert_eq!(issuer_fault(good), None, "{good}");
        }
        for bad in [
            "",
            "login.example.org",
            "http://login.example.org",
            "ftp://login.example.org",
            "https://login.example.org/",
            "https://login.example.org?x",
            "https://login.example.org#x",
            "https://user@login.example.org",
            "https://LOGIN.example.org",
            "https://login.example.org:443",
            "https://login.example.org/a/../b",
            "https://login.example.org/a b",
            "https:///login.example.org",
            "http://127.0.0.1.example.org",
        ] {
            assert!(issuer_fault(bad).is_some(), "{bad:?}");
        }
    }
}
