//! Where a server caches: pure.

use super::desired::Cache;
use crate::operator::world::SecretView;

/// How its URL begins, without TLS and with it; `+sentinel` or `+cluster` may follow.
const PLAIN: [&str; 2] = ["redis", "valkey"];
const ENCRYPTED: [&str; 2] = ["rediss", "valkeys"];

/// What is wrong with a Secret with a cache, if anything is. Says nothing of what is in it.
pub fn fault(secret: &SecretView) -> Option<&'static str> {
    let Some(url) = secret.bytes("url") else {
        return Some("has no key `url`");
    };
    let Some(Parts { scheme, kind, hosts, path }) = parts(url) else {
        return Some("has a `url` that is none: write rediss://USER:PASSWORD@HOST:PORT/DB");
    };
    if !PLAIN.contains(&scheme) && !ENCRYPTED.contains(&scheme) {
        return Some("has a `url` that does not begin with rediss:// or redis://");
    }
    if hosts.is_empty() {
        return Some("has a `url` without a host");
    }
    let (service, db) = match kind {
        "sentinel" => path.split_once('/').unwrap_or((path, "")),
        _ => ("-", path),
    };
    if service.is_empty() {
        return Some("has a `url` of sentinels without the service that they watch: write rediss+sentinel://HOST:PORT/SERVICE");
    }
    // What `serve` would refuse keeps new pods from starting.
    (path.contains('#') || !db.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some("has a `url` whose database is no number: write rediss://USER:PASSWORD@HOST:PORT/DB")
}

/// The cache that a Secret describes. Certificates count where the URL asks for TLS.
pub fn described(name: &str, secret: &SecretView) -> Cache {
    let tls = secret
        .bytes("url")
        .and_then(parts)
        .is_some_and(|parts| ENCRYPTED.contains(&parts.scheme));
    Cache {
        secret: name.to_owned(),
        authority: tls && secret.bytes("ca.crt").is_some(),
        client: tls && secret.bytes("tls.crt").is_some() && secret.bytes("tls.key").is_some(),
    }
}

/// A URL's parts, as far as they matter here.
struct Parts<'a> {
    scheme: &'a str,
    /// `sentinel`, `cluster` or nothing
    kind: &'a str,
    hosts: &'a str,
    path: &'a str,
}

/// Secrets made from a file end in a new line.
fn parts(url: &[u8]) -> Option<Parts<'_>> {
    let (scheme, rest) = str::from_utf8(url).ok()?.trim().split_once("://")?;
    let (scheme, kind) = match scheme.split_once('+') {
        Some((bare, kind @ ("sentinel" | "cluster"))) => (bare, kind),
        _ => (scheme, ""),
    };
    let rest = rest.split('?').next().unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    Some(Parts {
        scheme,
        kind,
        hosts: authority.rsplit('@').next().unwrap_or_default(),
        path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(values: &[(&str, &str)]) -> SecretView {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()));
        SecretView::new(values.collect())
    }

    #[test]
    fn a_secret_without_a_usable_address_is_said_to_be_one() {
        for values in [
            &[][..],
            &[("url", "")],
            &[("url", "cache:6379")],
            &[("url", "memcached://cache:11211")],
            &[("url", "redis:///0")],
            &[("url", "redis://user:password@")],
            &[("url", "redis+proxy://cache")],
            &[("url", "redis://cache/nine")],
            &[("url", "rediss://cache/0#insecure")],
            &[("url", "rediss+sentinel://one,two")],
            &[("url", "rediss+sentinel://one/primary/nine")],
        ] {
            assert!(fault(&secret(values)).is_some(), "{values:?}");
        }
        for url in [
            "rediss://user:password@cache.example.org:6380/1",
            "redis://cache\n",
            "rediss+sentinel://u:p@one:26379,two:26379/primary",
            "rediss+sentinel://one/primary/2?sentinel_password=x%2Fy",
            "valkeys+cluster://one,two",
        ] {
            assert_eq!(fault(&secret(&[("url", url)])), None, "{url}");
        }
    }

    #[test]
    fn certificates_count_where_the_address_asks_for_tls() {
        let of = |url: &str| {
            let cache = described("c", &secret(&[("url", url), ("ca.crt", "a"), ("tls.crt", "b"), ("tls.key", "c")]));
            (cache.authority, cache.client)
        };
        assert_eq!(of("rediss://cache"), (true, true));
        assert_eq!(of("rediss+cluster://one,two"), (true, true));
        assert_eq!(of("redis://cache"), (false, false));
        let without_key = described("c", &secret(&[("url", "rediss://cache"), ("tls.crt", "b")]));
        assert!(!without_key.authority && !without_key.client);
    }
}
