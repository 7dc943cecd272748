//! `Forwarded` (RFC 7239 §4): who asked, as each proxy in a row wrote it down. Strict: an element that is not well-formed names nobody.

use std::net::{IpAddr, SocketAddr};

/// More than anybody has proxies in a row; a caller's own text is not looked through for more.
const MOST: usize = 32;

/// The `for` of each element in one header field, in order; `None` for one that names no address: `unknown`, an obfuscated name (§6.3), an
/// element without `for` or with two, or what is no element at all.
///
/// Quotes are obeyed, so that a comma within them parts nothing. A caller who leaves a quote open spoils what the caller wrote, and nothing that
/// proxies appended to the same field: who is not known is not limited, so nobody may become that. Of a field with an open quote the last
/// elements are read only, as many as there can be proxies.
pub fn elements(field: &[u8]) -> Vec<Option<IpAddr>> {
    // Backwards: what is nearest to the server is at the end.
    let (mut found, mut rest) = (Vec::new(), field);
    while found.len() < MOST {
        if let Some(parts) = split(rest, b',') {
            // RFC 9110 §5.6.1: empty elements of a list count for nothing.
            let filled = parts.into_iter().map(<[u8]>::trim_ascii).filter(|part| !part.is_empty());
            found.extend(filled.map(element).rev());
            found.reverse();
            return found;
        }
        let Some((before, last)) = split_off_last(rest) else { break };
        if !last.is_empty() {
            found.push(element(last));
        }
        rest = before;
    }
    found.push(None);
    found.reverse();
    found
}

/// The last element of a field in which a quote stays open, and what is before it; `None` if it is the element with the quote.
fn split_off_last(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let commas = field.iter().enumerate().rev().filter(|(_, byte)| **byte == b',');
    commas.take(MOST).find_map(|(at, _)| {
        let (before, last) = (field.get(..at)?, field.get(at.saturating_add(1)..)?);
        split(last, b',')?;
        Some((before, last.trim_ascii()))
    })
}

fn element(text: &[u8]) -> Option<IpAddr> {
    let mut found = None;
    for pair in split(text, b';')? {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = pair.split_at_checked(at)?;
        let name = name.trim_ascii_start();
        if name.is_empty() || !name.iter().copied().all(is_token) {
            return None;
        }
        let value = unquote(value.get(1..)?.trim_ascii_end())?;
        // Names are of any case, and come once (§4).
        if name.eq_ignore_ascii_case(b"for") && found.replace(node(&value)).is_some() {
            return None;
        }
    }
    found.flatten()
}

/// §6: an IPv4 address, or an IPv6 address in brackets, and a port. Some write the IPv6 address bare.
fn node(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return address.parse().ok().filter(|address: &IpAddr| is_port && address.is_ipv6());
    }
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (address, port) = text.split_once(':')?;
    let known = text.parse::<SocketAddr>().ok().map(|address| address.ip());
    known.or_else(|| address.parse().ok().filter(|_| is_port(port)))
}

/// A number, or an obfuscated port (§6.3).
fn is_port(text: &str) -> bool {
    let number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let hidden = text.strip_prefix('_').is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    });
    number || hidden
}

/// A token, or the content of a quoted string (RFC 9110 §5.6.4).
fn unquote(value: &[u8]) -> Option<String> {
    let Some(inner) = value.strip_prefix(b"\"") else {
        let is_value = !value.is_empty()
            && value
                .iter()
                .copied()
                .all(|byte| is_token(byte) || matches!(byte, b':' | b'[' | b']'));
        return is_value.then(|| String::from_utf8_lossy(value).into_owned());
    };
    let inner = inner.strip_suffix(b"\"")?;
    let mut text = Vec::new();
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => text.push(*bytes.next()?),
            b'"' => return None,
            other => text.push(*other),
        }
    }
    String::from_utf8(text).ok()
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// Parts at a separator that does not stand in quotes; `None` if a quote stays open.
fn split(text: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
    let (mut parts, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte if *byte == separator && !quoted => {
                parts.push(text.get(from..at)?);
                from = at.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.push(text.get(from..)?);
    (!quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(field: &str) -> Vec<String> {
        let found = elements(field.as_bytes()).into_iter();
        found
            .map(|address| address.map_or_else(|| "-".to_owned(), |address| address.to_string()))
            .collect()
    }

    #[test]
    fn reads_the_examples_of_the_rfc() {
        assert_eq!(read("for=\"_gazonk\""), ["-"]);
        assert_eq!(read("For=\"[2001:db8:cafe::17]:4711\""), ["2001:db8:cafe::17"]);
        assert_eq!(read("for=192.0.2.60;proto=http;by=203.0.113.43"), ["192.0.2.60"]);
        assert_eq!(read("for=192.0.2.43, for=198.51.100.17"), ["192.0.2.43", "198.51.100.17"]);
        assert_eq!(read("for=_hidden, for=_SEVKISEK"), ["-", "-"]);
        assert_eq!(
            read("for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown"),
            ["192.0.2.43", "2001:db8:cafe::17", "-"]
        );
        assert_eq!(read("for=\"192.0.2.43:47011\""), ["192.0.2.43"]);
        assert_eq!(read("for=\"192.0.2.43:_secret\""), ["192.0.2.43"]);
    }

    #[test]
    fn what_is_not_well_formed_names_nobody() {
        for field in [
            "192.0.2.60",
            "for",
            "for=",
            "for=192.0.2.60;for=192.0.2.61",
            "for=192.0.2.60;",
            "for =192.0.2.60",
            "for=\"192.0.2.60",
            "for=\"192.0.2.60\"x",
            "for=192.0.2.999",
            "for=\"[192.0.2.1]\"",
            "for=\"[2001:db8::1]x\"",
            "for=\"192.0.2.1:\"",
            "for=192.0.2.1 for=192.0.2.2",
            "by=192.0.2.1",
            "=192.0.2.1",
        ] {
            assert_eq!(read(field), ["-"], "{field}");
        }
    }

    #[test]
    fn a_comma_or_a_semicolon_in_quotes_parts_nothing() {
        assert_eq!(read("by=\"a,for=6.6.6.6;for=6.6.6.7\", for=203.0.113.7"), ["-", "203.0.113.7"]);
        assert_eq!(read("by=\"a\\\",for=6.6.6.6\", for=203.0.113.7"), ["-", "203.0.113.7"]);
    }

    #[test]
    fn a_quote_that_a_caller_leaves_open_spoils_nothing_that_proxies_append() {
        assert_eq!(read("for=\"6.6.6.6, for=203.0.113.7"), ["-", "203.0.113.7"]);
        assert_eq!(
            read("x=\"a\\, for=\"[2001:db8::1]:1\", for=10.0.0.1"),
            ["-", "2001:db8::1", "10.0.0.1"]
        );
        assert_eq!(read("\",,, for=203.0.113.7"), ["-", "203.0.113.7"]);
        let long = format!("\"{} for=203.0.113.7", ",".repeat(100_000));
        assert_eq!(read(&long).last().unwrap(), "203.0.113.7");
    }

    proptest! {
        #[test]
        fn nothing_that_a_caller_wrote_changes_what_a_proxy_appends(field in "[ -~]{0,40}|[\"\\\\,=a]{0,12}") {
            for appended in ["for=203.0.113.7", "for=\"203.0.113.7:80\";proto=https"] {
                let found = elements(format!("{field}, {appended}").as_bytes());
                prop_assert_eq!(found.last(), Some(&Some("203.0.113.7".parse().unwrap())));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(field in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = elements(&field);
        }

        #[test]
        fn nothing_that_a_caller_wrote_in_a_field_of_its_own_changes_what_a_proxy_wrote(field in "[ -~]{0,40}") {
            let mut found = elements(field.as_bytes());
            found.extend(elements(b"for=203.0.113.7"));
            prop_assert_eq!(found.last(), Some(&Some("203.0.113.7".parse().unwrap())));
        }
    }
}
