//! The paths below the issuer, in one table: what is routed, what metrics and logs call it.

/// Every path that the server answers. Metrics name these and never a path that was sent.
pub const KNOWN: &[&str] = &[
    "/",
    "/authorize",
    "/consent",
    "/healthz",
    "/introspect",
    "/jwks",
    "/login",
    "/logout",
    "/metrics",
    "/readyz",
    "/revoke",
    "/token",
    "/userinfo",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
];

/// The label of a path: one of [`KNOWN`], `/assets`, or `other`.
pub fn label(path: &str) -> &'static str {
    if let Some(known) = KNOWN.iter().find(|known| **known == path) {
        known
    } else if path.starts_with("/assets/") {
        "/assets"
    } else {
        "other"
    }
}

/// The label of a method: a registered one, or `other`, so that an invented method makes no time series.
pub fn method_label(method: &str) -> &'static str {
    ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods_that_someone_invents_share_one_label() {
        assert_eq!(label("/token"), "/token");
        assert_eq!(label("/assets/app.css"), "/assets");
        assert_eq!(label("/token/x"), "other");
        assert_eq!(method_label("BREW"), "other");
    }
}
