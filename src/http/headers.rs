//! Headers that every answer carries. A handler that sets one of them itself keeps its own.

use super::trace::TraceId;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What an answer that is not a page may do in a browser: nothing.
pub const CSP_NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CSP_NOTHING),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (
        header::PERMISSIONS_POLICY,
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Two years, as the preload list asks; without `includeSubDomains`, since the platform does not own its siblings.
const HSTS: &str = "max-age=63072000";

/// Adds what is missing. `https` says whether the issuer is reached by https (HSTS means nothing elsewhere, RFC 6797 §7.2).
pub fn secure(headers: &mut HeaderMap, https: bool) {
    for (name, value) in ALWAYS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}

/// Names the trace id, so that whoever sees a fault can quote it.
pub fn trace(headers: &mut HeaderMap, trace: &TraceId) {
    if let Ok(value) = HeaderValue::from_str(trace.as_str()) {
        headers.insert(HeaderName::from_static("x-trace-id"), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_a_handler_set() {
        let mut map = HeaderMap::new();
        map.insert(header::CACHE_CONTROL, HeaderValue::from_static("public"));
        secure(&mut map, false);
        assert_eq!(map.get(header::CACHE_CONTROL).unwrap(), "public");
        assert_eq!(map.get(header::X_FRAME_OPTIONS).unwrap(), "DENY");
        assert!(!map.contains_key(header::STRICT_TRANSPORT_SECURITY));
        secure(&mut map, true);
        assert!(map.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
