//! Which redirect URIs a client may register (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1), and host patterns.

use crate::resources::common::ClientType;
use url::{Host, Url};

const LONGEST: usize = 2000;

/// What is wrong with a redirect URI, if anything is.
pub fn fault(uri: &str, client_type: ClientType) -> Option<&'static str> {
    if uri.len() > LONGEST {
        return Some("is longer than 2000 characters");
    }
    if !uri
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'))
    {
        return Some("holds a character that no URI has (write it percent-encoded)");
    }
    if uri.contains('*') {
        return Some("holds a wildcard: register each URI in full");
    }
    if uri.contains('#') {
        return Some("has a fragment");
    }
    let Ok(url) = Url::parse(uri) else {
        return Some("is not an absolute URI");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Some("holds a user name or password");
    }
    if has_dot_segments(uri) {
        return Some("holds a . or .. path segment");
    }
    if matches!(url.scheme(), "http" | "https") && !names_a_host(uri) {
        // URL parsers read `https:///a` and `https:a` as the host `a`; a browser and a proxy might not agree.
        return Some("names no host after ://");
    }
    match url.scheme() {
        "https" => None,
        "http" if is_loopback(&url) => None,
        "http" => Some("is plain http, which only a loopback address (127.0.0.1, [::1], localhost) may be"),
        // RFC 8252 §7.1: an app's own scheme is a domain name in reverse, which also keeps `javascript:` and its like out.
        scheme if scheme.contains('.') => match client_type {
            ClientType::Public => None,
            ClientType::Confidential => Some("has an app's own scheme, which only a public client may use"),
        },
        _ => Some("is neither https nor an app's own scheme (a domain name in reverse, such as com.example.app)"),
    }
}

fn names_a_host(uri: &str) -> bool {
    uri.split_once("://")
        .is_some_and(|(_, rest)| !rest.is_empty() && !rest.starts_with(['/', '?', ':']))
}

/// Browsers resolve dot segments (also `%2e`) before they send a request, so the registered string would not be where the code goes.
fn has_dot_segments(uri: &str) -> bool {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    })
}

/// Whether the URL points at this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether the URL leads to the machine of whoever asks for it, by whatever way that is written. A name that only its DNS server takes there is not seen.
pub fn is_own_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.is_loopback() || address.is_unspecified(),
            None => address.is_loopback() || address.is_unspecified(),
        },
        None => false,
    }
}

/// The host of a URI that [`fault`] accepts, in lower case; `None` for an app's own scheme.
pub fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase))
}

/// Whether a host is what a pattern stands for: itself, or with `*.` every name below.
pub fn host_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) => host
            .strip_suffix(parent)
            .and_then(|rest| rest.strip_suffix('.'))
            .is_some_and(|rest| !rest.is_empty()),
        None => pattern == host,
    }
}

/// The hosts that both patterns stand for, as a pattern.
pub fn host_intersection(a: &str, b: &str) -> Option<String> {
    match (a.strip_prefix("*."), b.strip_prefix("*.")) {
        (None, _) => host_matches(b, a).then(|| a.to_owned()),
        (_, None) => host_matches(a, b).then(|| b.to_owned()),
        (Some(x), Some(y)) if x == y || host_matches(b, x) => Some(a.to_owned()),
        (Some(x), Some(y)) => (y != x && host_matches(a, y)).then(|| b.to_owned()),
    }
}

/// What is wrong with a host pattern, if anything is.
pub fn host_pattern_fault(pattern: &str) -> Option<&'static str> {
    let name = pattern.strip_prefix("*.").unwrap_or(pattern);
    if name.contains('*') {
        return Some("may have a * only in front, as in *.example.org");
    }
    if name != name.to_ascii_lowercase() {
        return Some("is not in lower case");
    }
    match Url::parse(&format!("https://{name}/")) {
        Ok(url) if url.host_str() == Some(name) && url.port().is_none() && url.path() == "/" => None,
        _ => Some("is not a host name (no scheme, port or path)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_https_loopback_and_an_apps_own_scheme() {
        for uri in [
            "https://shop.example.org/callback",
            "https://shop.example.org",
            "https://shop.example.org:8443/a/b?x=1",
            "http://127.0.0.1:8081/callback",
            "http://[::1]/cb",
            "http://localhost:3000/cb",
            "com.example.app:/callback",
        ] {
            assert_eq!(fault(uri, ClientType::Public), None, "{uri}");
        }
        assert!(fault("com.example.app:/callback", ClientType::Confidential).is_some());
    }

    #[test]
    fn refuses_what_could_lead_a_code_astray() {
        for uri in [
            "",
            "/callback",
            "shop.example.org/callback",
            "http://shop.example.org/callback",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost.evil.example/cb",
            "https://shop.example.org/callback#fragment",
            "https://shop.example.org/callback#",
            "https://*.example.org/callback",
            "https://shop.example.org/*",
            "https://user@shop.example.org/",
            "https://user:pw@shop.example.org/",
            "https://shop.example.org/../callback",
            "https://shop.example.org/a/%2e%2E/callback",
            "https://shop.example.org\\@evil.example/",
            "https://shop.example.org/\ncallback",
            " https://shop.example.org/",
            "https:///callback",
            "https:callback",
            "https://shop.example.org/ö",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://shop.example.org/",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert!(fault(uri, ClientType::Public).is_some(), "{uri:?}");
        }
    }

    #[test]
    fn ones_own_machine_has_many_names() {
        let is_own = |uri: &str| is_own_machine(&Url::parse(uri).unwrap());
        for uri in [
            "https://localhost/",
            "https://LOCALHOST./",
            "https://x.localhost/",
            "https://127.1.2.3/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0.0.0.0/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
        ] {
            assert!(is_own(uri), "{uri}");
        }
        for uri in [
            "https://localhost.example.org/",
            "https://notlocalhost/",
            "https://192.0.2.1/",
            "https://[2001:db8::1]/",
        ] {
            assert!(!is_own(uri), "{uri}");
        }
    }

    #[test]
    fn a_wildcard_host_stands_for_names_below_it_only() {
        assert!(host_matches("*.example.org", "shop.example.org"));
        assert!(host_matches("*.example.org", "a.b.example.org"));
        for host in ["example.org", "evilexample.org", ".example.org", "example.org.evil.example"] {
            assert!(!host_matches("*.example.org", host), "{host}");
        }
    }

    #[test]
    fn intersects_patterns_as_sets() {
        for (a, b, both) in [
            ("*.example.org", "shop.example.org", Some("shop.example.org")),
            ("*.example.org", "*.shop.example.org", Some("*.shop.example.org")),
            ("*.example.org", "*.example.org", Some("*.example.org")),
            ("*.example.org", "example.org", None),
            ("*.example.org", "*.example.com", None),
            ("a.example.org", "a.example.org", Some("a.example.org")),
            ("a.example.org", "b.example.org", None),
        ] {
            assert_eq!(host_intersection(a, b).as_deref(), both, "{a} {b}");
            assert_eq!(host_intersection(b, a).as_deref(), both, "{b} {a}");
        }
    }

    #[test]
    fn refuses_host_patterns_that_are_no_hosts() {
        for pattern in ["", "https://a", "a/b", "a:80", "*", "a.*.b", "*.", "A.example", "a b"] {
            assert!(host_pattern_fault(pattern).is_some(), "{pattern:?}");
        }
        for pattern in ["a.example", "*.a.example", "127.0.0.1", "[::1]", "localhost"] {
            assert_eq!(host_pattern_fault(pattern), None, "{pattern:?}");
        }
    }
}
