//! Issuers with a path: `https://example.org/auth` serves everything below `/auth`, and RFC 8414 §3.1's document beside it.

use super::pages;
use super::state::AppState;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::middleware::Next;
use actix_web::{Error, web};
use std::borrow::Cow;

const METADATA: &str = "/.well-known/oauth-authorization-server";

/// Takes the issuer's path off, so that routes know nothing of it. What Kubernetes and Prometheus ask stays at the root too.
pub async fn strip(
    state: web::Data<AppState>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let base = state
        .snapshot()
        .map(|snapshot| pages::base_path(&snapshot.issuer))
        .unwrap_or_default();
    if !base.is_empty() {
        let path = stripped(&base, request.path());
        let rest = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        // Both halves were parts of a valid address.
        if let Ok(uri) = format!("{path}{rest}").parse::<Uri>() {
            request.match_info_mut().get_mut().update(&uri);
            request.head_mut().uri = uri;
        }
    }
    next.call(request).await
}

/// The path as the routes know it: owned if the issuer has a path, which is taken off.
pub fn below<'a>(state: &AppState, path: &'a str) -> Cow<'a, str> {
    let base = state
        .snapshot()
        .map(|snapshot| pages::base_path(&snapshot.issuer))
        .unwrap_or_default();
    if base.is_empty() {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(stripped(&base, path))
    }
}

/// The path below the issuer; one that nobody knows for what is not below it.
fn stripped(base: &str, path: &str) -> String {
    let below = path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match below {
        Some("") => "/".to_owned(),
        Some(rest) => rest.to_owned(),
        None if path.strip_prefix(METADATA) == Some(base) => METADATA.to_owned(),
        None if matches!(path, "/healthz" | "/readyz" | "/metrics") => path.to_owned(),
        None => "/not-below-the-issuer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_below_the_path_and_nothing_beside_it() {
        for (path, expected) in [
            ("/auth/token", "/token"),
            ("/auth/", "/"),
            ("/auth", "/"),
            ("/auth/.well-known/openid-configuration", "/.well-known/openid-configuration"),
            ("/.well-known/oauth-authorization-server/auth", METADATA),
            ("/healthz", "/healthz"),
            ("/token", "/not-below-the-issuer"),
            ("/authtoken", "/not-below-the-issuer"),
            ("/.well-known/oauth-authorization-server", "/not-below-the-issuer"),
        ] {
            assert_eq!(stripped("/auth", path), expected, "{path}");
        }
    }
}
