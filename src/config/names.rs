//! Names as Kubernetes allows them (RFC 1123). They go into file paths, so nothing else may.

/// Whether this is a DNS label: a namespace's name.
pub fn is_dns_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Whether this is a DNS subdomain: a resource's name.
pub fn is_dns_subdomain(name: &str) -> bool {
    (1..=253).contains(&name.len()) && name.split('.').all(is_dns_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_folder() {
        for name in [
            "", ".", "..", "../x", "a/b", "a\\b", "a..b", "-a", "a-", "A", "ä", "a\0", "a.", ".a",
        ] {
            assert!(!is_dns_subdomain(name), "{name:?}");
        }
        for name in ["a", "shop", "shop-1.example", "0"] {
            assert!(is_dns_subdomain(name), "{name:?}");
        }
        assert!(!is_dns_label("a.b"));
        assert!(!is_dns_label(&"a".repeat(64)));
    }
}
