//! Where a server caches: pure.

use super::desired::Cache;
use crate::operator::world::SecretView;
use url::Url;

/// What is wrong with a Secret with a cache, if anything is. Says nothing of what is in it.
pub fn fault(secret: &SecretView) -> Option<&'static str> {
    let Some(url) = secret.bytes("url") else {
        return Some("has no key `url`");
    };
    let Some(url) = parsed(url) else {
        return Some("has a `url` that is none");
    };
    if !["redis", "rediss"].contains(&url.scheme()) {
        return Some("has a `url` that does not begin with rediss:// or redis://");
    }
    url.host_str().is_none_or(str::is_empty).then_some("has a `url` without a host")
}

/// The cache that a Secret describes. Certificates count where the URL asks for TLS.
pub fn described(name: &str, secret: &SecretView) -> Cache {
    let tls = secret.bytes("url").and_then(parsed).is_some_and(|url| url.scheme() == "rediss");
    Cache {
        secret: name.to_owned(),
        authority: tls && secret.bytes("ca.crt").is_some(),
        client: tls && secret.bytes("tls.crt").is_some() && secret.bytes("tls.key").is_some(),
    }
}

/// Secrets made from a file end in a new line.
fn parsed(url: &[u8]) -> Option<Url> {
    Url::parse(str::from_utf8(url).ok()?.trim()).ok()
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
            &[("url", "redis://cache:port")],
        ] {
            assert!(fault(&secret(values)).is_some(), "{values:?}");
        }
        for url in ["rediss://user:password@cache.example.org:6380/1", "redis://cache\n"] {
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
        assert_eq!(of("redis://cache"), (false, false));
        let without_key = described("c", &secret(&[("url", "rediss://cache"), ("tls.crt", "b")]));
        assert!(!without_key.authority && !without_key.client);
    }
}
