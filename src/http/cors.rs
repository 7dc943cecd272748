//! Cross-origin reads (Fetch Standard §3.2) for the endpoints that a client in a browser calls itself: token, revocation, userinfo, keys, discovery.
//!
//! Any origin may ask, and none with credentials: these endpoints know no cookie, so a foreign page gets nothing that it could not get
//! without the browser's help. Pages (login, consent, logout) do not have these headers.

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, Resource, web};

/// How long a browser may remember the answer to a preflight, in seconds.
const PREFLIGHT_MAX_AGE: &str = "3600";

const OPEN: [(header::HeaderName, &str); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "WWW-Authenticate, Retry-After, X-Trace-Id"),
];

/// A resource that any origin may read.
pub fn resource(
    path: &str,
) -> Resource<
    impl actix_web::dev::ServiceFactory<
        actix_web::dev::ServiceRequest,
        Config = (),
        Response = actix_web::dev::ServiceResponse,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    web::resource(path)
        .route(web::method(actix_web::http::Method::OPTIONS).to(preflight))
        .wrap(OPEN.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add))
}

/// The same headers for an answer that is given before the resource is reached.
pub fn open(headers: &mut header::HeaderMap) {
    for (name, value) in OPEN {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
}

/// What may be asked (Fetch Standard §3.2.2). The route decides what is answered.
async fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE))
        .finish()
}
