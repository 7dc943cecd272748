//! Names as Kubernetes allows them (RFC 1123). They go into file paths, so nothing else may.

/// Whether this is a DNS label: a namespace's name.
pub fn is_dns_label(name: &str) -> bool {
    name.len() <= 63 && is_part(name)
}

/// Whether this is a DNS subdomain: a resource's name. Kubernetes bounds the whole name alone, not each of its parts.
pub fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_part)
}

fn is_part(part: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !part.is_empty() && part.bytes().all(known) && !part.starts_with('-') && !part.ends_with('-')
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
        assert!(!is_dns_label(&"a".repeat(64)) && is_dns_label(&"a".repeat(63)));
    }

    #[test]
    fn a_resource_may_have_a_name_of_253_characters_without_a_dot() {
        assert!(is_dns_subdomain(&"a".repeat(253)));
        assert!(!is_dns_subdomain(&"a".repeat(254)));
    }
}
