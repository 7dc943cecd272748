//! Where a request comes from, when proxies stand in front of the server.

use super::forwarded;
use actix_web::http::header::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

/// Whose word on who asks counts. Each proxy appends whom it saw; what stands before the first trusted one's entry was written by
/// whoever called it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedProxies {
    /// So many stand in front, whatever their addresses, and nobody reaches the server but through them. 0: nobody's word counts
    Count(usize),
    /// Those with these addresses. Whoever calls from another one is taken by that, whatever the header says
    Networks(Arc<[IpNet]>),
}

/// The header in which the proxies write whom they saw. Only the one that they write: the other one is passed on as its caller wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`, which nearly all proxies write
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239)
    Forwarded,
}

impl FromStr for ForwardedBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err("write x-forwarded-for or forwarded".to_owned()),
        }
    }
}

impl ForwardedBy {
    /// The entries of the header, in order; `None` for one that names no address.
    fn entries(self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        match self {
            Self::XForwardedFor => headers
                .get_all("x-forwarded-for")
                .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
                .map(|entry| read(&String::from_utf8_lossy(entry.trim_ascii())))
                .collect(),
            Self::Forwarded => headers
                .get_all("forwarded")
                .flat_map(|value| forwarded::elements(value.as_bytes()))
                .collect(),
        }
    }
}

/// More proxies in a row than anybody has.
const MOST: usize = 16;

impl TrustedProxies {
    /// Nobody's word counts.
    pub const NONE: Self = Self::Count(0);

    /// The address of whoever called the first trusted proxy; `None` if a trusted one wrote none.
    pub fn caller(&self, by: ForwardedBy, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        match self {
            Self::Count(0) => peer,
            Self::Count(proxies) => {
                let entries = by.entries(headers);
                *entries.get(entries.len().checked_sub(*proxies)?)?
            }
            Self::Networks(networks) => {
                let is_ours = |address: IpAddr| networks.iter().any(|network| network.contains(&address.to_canonical()));
                let mut last = peer?;
                for entry in by.entries(headers).into_iter().rev() {
                    if !is_ours(last) {
                        break;
                    }
                    last = entry?;
                }
                Some(last.to_canonical())
            }
        }
    }
}

impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = text.parse().ok().filter(|number| *number <= MOST);
            return number.map(Self::Count).ok_or_else(|| format!("write at most {MOST}"));
        }
        let networks: Result<Vec<IpNet>, String> = text.split(',').map(|part| network(part.trim())).collect();
        Ok(Self::Networks(networks?.into()))
    }
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let parsed = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    parsed.map_err(|_| {
        format!("{text:?} is neither a number of proxies nor an address or a network: write 1, or 10.0.0.0/8,2001:db8::/32, or 192.0.2.7")
    })
}

/// An address; some proxies write its port too.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn caller(proxies: &str, peer: &str, forwarded: &[&[u8]]) -> Option<String> {
        let mut request = TestRequest::default();
        for value in forwarded {
            request = request.append_header(("x-forwarded-for", *value));
        }
        let proxies: TrustedProxies = proxies.parse().unwrap();
        let request = request.to_http_request();
        let found = proxies.caller(ForwardedBy::XForwardedFor, Some(peer.parse().unwrap()), request.headers());
        found.map(|address| address.to_string())
    }

    fn is(address: &str) -> Option<String> {
        Some(address.to_owned())
    }

    #[test]
    fn so_many_proxies_count_and_what_stands_before_them_does_not() {
        assert_eq!(caller("0", "10.0.0.9", &[b"1.1.1.1"]), is("10.0.0.9"));
        assert_eq!(caller("1", "10.0.0.9", &[b"6.6.6.6, 203.0.113.7"]), is("203.0.113.7"));
        assert_eq!(caller("2", "10.0.0.9", &[b"6.6.6.6", b"203.0.113.7, 10.0.0.8"]), is("203.0.113.7"));
        assert_eq!(caller("2", "10.0.0.9", &[b"203.0.113.7"]), None);
        assert_eq!(caller("1", "10.0.0.9", &[b"<script>"]), None);
    }

    #[test]
    fn only_proxies_with_these_addresses_count() {
        let ours = "10.0.0.0/8, 2001:db8:1::/48,192.0.2.7";
        assert_eq!(caller(ours, "10.0.0.9", &[b"6.6.6.6, 203.0.113.7"]), is("203.0.113.7"));
        assert_eq!(
            caller(ours, "10.0.0.9", &[b"6.6.6.6, 203.0.113.7, 192.0.2.7, 2001:db8:1::5"]),
            is("203.0.113.7")
        );
        // Whoever comes another way is who they are.
        assert_eq!(caller(ours, "203.0.113.66", &[b"1.1.1.1"]), is("203.0.113.66"));
        assert_eq!(caller(ours, "10.0.0.9", &[]), is("10.0.0.9"), "the proxy itself asks");
        assert_eq!(caller(ours, "10.0.0.9", &[b"10.1.1.1"]), is("10.1.1.1"), "somebody inside");
        assert_eq!(caller(ours, "10.0.0.9", &[b"unknown"]), None);
        assert_eq!(
            caller(ours, "::ffff:10.0.0.9", &[b"203.0.113.7"]),
            is("203.0.113.7"),
            "a socket for both kinds"
        );
    }

    #[test]
    fn what_a_caller_wrote_cannot_hide_what_a_proxy_wrote() {
        for proxies in ["1", "10.0.0.0/8"] {
            assert_eq!(caller(proxies, "10.0.0.9", &[b"\xff\xfe, 6.6.6.6, 203.0.113.7"]), is("203.0.113.7"));
            // Some proxies write the port too (RFC 7239 §6 has it; several send it here).
            assert_eq!(caller(proxies, "10.0.0.9", &[b"203.0.113.7:4711"]), is("203.0.113.7"));
            assert_eq!(caller(proxies, "10.0.0.9", &[b"[2001:db8::1]:4711"]), is("2001:db8::1"));
            assert_eq!(caller(proxies, "10.0.0.9", &[b"[2001:db8::1]"]), is("2001:db8::1"));
        }
    }

    fn by_forwarded(proxies: &str, peer: &str, headers: &[(&str, &str)]) -> Option<String> {
        let mut request = TestRequest::default();
        for header in headers {
            request = request.append_header(*header);
        }
        let (proxies, request): (TrustedProxies, _) = (proxies.parse().unwrap(), request.to_http_request());
        let found = proxies.caller(ForwardedBy::Forwarded, Some(peer.parse().unwrap()), request.headers());
        found.map(|address| address.to_string())
    }

    #[test]
    fn the_standard_header_counts_where_it_is_the_proxies_own() {
        for proxies in ["1", "10.0.0.0/8"] {
            let by = |headers: &[(&str, &str)]| by_forwarded(proxies, "10.0.0.9", headers);
            assert_eq!(by(&[("forwarded", "for=6.6.6.6, for=203.0.113.7;proto=https")]), is("203.0.113.7"));
            assert_eq!(
                by(&[("forwarded", "for=6.6.6.6"), ("forwarded", "for=\"[2001:db8::1]:4711\"")]),
                is("2001:db8::1")
            );
            assert_eq!(by(&[("forwarded", "for=_hidden")]), None);
            assert_eq!(
                by(&[("forwarded", "for=6.6.6.6, for=unknown")]),
                None,
                "what the proxy does not know nobody knows"
            );
            assert_eq!(
                by(&[("x-forwarded-for", "6.6.6.6"), ("forwarded", "for=203.0.113.7")]),
                is("203.0.113.7"),
                "a caller's own header"
            );
            // A quote that stays open hides nobody: whose address is not known is not limited.
            assert_eq!(by(&[("forwarded", "for=\"6.6.6.6, for=203.0.113.7")]), is("203.0.113.7"));
            assert_eq!(
                by(&[("forwarded", "for=\"6.6.6.6"), ("forwarded", "for=203.0.113.7")]),
                is("203.0.113.7")
            );
        }
        assert_eq!(
            by_forwarded("10.0.0.0/8", "203.0.113.66", &[("forwarded", "for=1.1.1.1")]),
            is("203.0.113.66")
        );
        assert_eq!(
            by_forwarded("0", "203.0.113.66", &[("forwarded", "for=1.1.1.1")]),
            is("203.0.113.66")
        );
    }

    #[test]
    fn a_header_that_the_proxies_do_not_write_is_the_callers_and_counts_for_nothing() {
        let request = TestRequest::default()
            .append_header(("forwarded", "for=6.6.6.6"))
            .append_header(("x-forwarded-for", "203.0.113.7"))
            .to_http_request();
        let proxies: TrustedProxies = "10.0.0.0/8".parse().unwrap();
        let found = proxies.caller(ForwardedBy::default(), Some("10.0.0.9".parse().unwrap()), request.headers());
        assert_eq!(found, Some("203.0.113.7".parse().unwrap()));
    }

    #[test]
    fn what_cannot_be_meant_is_answered_with_examples() {
        for text in ["17", "99999999999999999999", "ten", "10.0.0.0/33", "10.0.0.1,", "-1"] {
            assert!(text.parse::<TrustedProxies>().unwrap_err().contains("write "), "{text}");
        }
    }
}
