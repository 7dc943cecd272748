//! The paths below the issuer, in one table: what is routed, what metrics and logs call it.

/// What paths below it are called: the rest is a provider's name.
const CALLBACK: &str = "/login/callback";
const UPSTREAM: &str = "/login/upstream";
const UPSTREAM_LOGOUT: &str = "/logout/upstream";

/// Every path that the server answers, with its methods. Metrics name these and never a path that was sent.
const KNOWN: &[(&str, &str)] = &[
    ("/", "GET, HEAD"),
    ("/account", "GET, HEAD"),
    ("/account/applications", "GET, POST"),
    ("/account/events", "GET"),
    ("/account/security", "GET, POST"),
    ("/account/security/new", "GET"),
    ("/account/sessions", "GET, POST"),
    ("/authorize", "GET, POST"),
    ("/consent", "GET, POST"),
    ("/healthz", "GET, HEAD"),
    ("/introspect", "POST"),
    ("/jwks", "GET, HEAD, OPTIONS"),
    ("/login", "GET, HEAD, POST"),
    (CALLBACK, "GET"),
    (UPSTREAM, "POST"),
    ("/login/passkey", "POST"),
    ("/login/second-factor", "GET, POST"),
    ("/login/password", "GET, HEAD, POST"),
    ("/logout", "GET, POST"),
    (UPSTREAM_LOGOUT, "POST"),
    ("/metrics", "GET, HEAD"),
    ("/readyz", "GET, HEAD"),
    ("/revoke", "POST, OPTIONS"),
    ("/second-factor/done", "POST"),
    ("/second-factor/setup", "GET, POST"),
    ("/token", "POST, OPTIONS"),
    ("/userinfo", "GET, POST, OPTIONS"),
    ("/.well-known/oauth-authorization-server", "GET, HEAD, OPTIONS"),
    ("/.well-known/openid-configuration", "GET, HEAD, OPTIONS"),
];

/// The methods of a path, for a 405 (RFC 9110 §15.5.6).
pub fn allow(label: &str) -> Option<&'static str> {
    if label == "/assets" {
        return Some("GET, HEAD");
    }
    KNOWN.iter().find(|(known, _)| *known == label).map(|(_, methods)| *methods)
}

/// The label of a path: a known one, `/assets`, or `other`.
pub fn label(path: &str) -> &'static str {
    let below = |parent: &str| {
        path.strip_prefix(parent)
            .is_some_and(|rest| rest.strip_prefix('/').is_some_and(|name| !name.contains('/')))
    };
    if let Some(parent) = [CALLBACK, UPSTREAM, UPSTREAM_LOGOUT].into_iter().find(|parent| below(parent)) {
        parent
    } else if let Some((known, _)) = KNOWN.iter().find(|(known, _)| *known == path) {
        known
    } else if path.starts_with("/assets/") {
        "/assets"
    } else {
        "other"
    }
}

/// Whether people look at what a path answers: pages in place of errors, and everything that nobody knows.
pub fn is_page(label: &str) -> bool {
    matches!(label, "/" | "/authorize" | "/consent" | "/logout" | "other")
        || label.starts_with("/login")
        || label.starts_with("/account")
        || label.starts_with("/second-factor")
}

/// Whether pages of any origin may read what a path answers.
pub fn is_open(label: &str) -> bool {
    allow(label).is_some_and(|methods| methods.contains("OPTIONS"))
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
        assert_eq!(label("/login/callback/corp"), "/login/callback");
        assert_eq!(label("/login/upstream/a/b"), "other");
        assert_eq!(method_label("BREW"), "other");
    }
}
