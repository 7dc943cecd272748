//! The one table from faults to HTTP answers for programs (RFC 6749 §5.2, RFC 6750 §3, RFC 9110). Pages have their own words for the same statuses.

use super::form::FormFault;
use super::trace::TraceId;
use crate::actors::fault::Fault;
use crate::oauth::error::{ErrorCode, OAuthError};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use std::time::Duration;

/// Who a refused caller has to prove itself as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// A client (RFC 6749 §5.2)
    Client,
    /// A bearer of an access token (RFC 6750 §3)
    Bearer,
}

/// What came in place of an answer.
#[derive(Debug)]
pub enum Refusal {
    /// The body was no form
    Form(FormFault),
    /// The request had no result
    Fault(Fault),
    /// The request brought no token at all: a challenge without an error code (RFC 6750 §3.1)
    NoToken,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self::Fault(Fault::OAuth(error))
    }
}

impl From<FormFault> for Refusal {
    fn from(fault: FormFault) -> Self {
        Self::Form(fault)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: &'a str,
}

/// What a temporary fault asks its caller to wait.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// The status of a fault.
pub fn status(fault: &Fault) -> StatusCode {
    match fault {
        Fault::OAuth(error) => StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Fault::Busy { .. } | Fault::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Fault::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A JSON answer that no cache keeps (RFC 6749 §5.1).
pub fn json(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json(body)
}

/// The answer of a refusal. What is internal goes to the log with the trace id, and only that id to the caller.
pub fn refuse(refusal: &Refusal, challenge: Challenge, request: &HttpRequest) -> HttpResponse {
    match refusal {
        Refusal::NoToken => {
            let mut response = HttpResponse::Unauthorized().finish();
            demand(&mut response, "Bearer realm=\"nauthera\"");
            response
        }
        Refusal::Form(fault) => {
            // RFC 6749 §5.2 knows no status for a wrong media type but 400; too large, too slow are HTTP's own
            let status = match fault {
                FormFault::WrongType => StatusCode::BAD_REQUEST,
                other => other.status(),
            };
            error(status, &OAuthError::from(*fault), challenge)
        }
        Refusal::Fault(fault) => answer(fault, challenge, &TraceId::current(request)),
    }
}

/// The answer of a fault, in the words of a program.
pub fn answer(fault: &Fault, challenge: Challenge, trace: &TraceId) -> HttpResponse {
    let status = status(fault);
    match fault {
        Fault::OAuth(oauth) => error(status, oauth, challenge),
        Fault::Busy { retry_after } => {
            let oauth = OAuthError::new(ErrorCode::TemporarilyUnavailable, "the server is busy; try again shortly");
            later(error(status, &oauth, challenge), *retry_after)
        }
        Fault::TooMany { retry_after } => {
            // RFC 6749 has no code for this. Of those it has, this one alone says that the same request is right, only later.
            let oauth = OAuthError::new(
                ErrorCode::TemporarilyUnavailable,
                "too many requests; wait as long as Retry-After says",
            );
            later(error(status, &oauth, challenge), *retry_after)
        }
        Fault::Unavailable(reason) => {
            tracing::warn!(reason, "a request cannot be answered now");
            let description = "something that the answer needs cannot be reached now; try again shortly";
            let oauth = OAuthError::new(ErrorCode::TemporarilyUnavailable, description);
            later(error(status, &oauth, challenge), COME_BACK_AFTER)
        }
        Fault::Internal(reason) => {
            tracing::error!(reason, trace_id = %trace, "an internal fault");
            let description = format!("an internal fault; the trace id is {trace}");
            error(status, &OAuthError::new(ErrorCode::ServerError, description), challenge)
        }
    }
}

fn error(status: StatusCode, error: &OAuthError, challenge: Challenge) -> HttpResponse {
    let description = plain(&error.description);
    let code = error.code.as_str();
    let mut response = HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json(Body {
            error: code,
            error_description: &description,
        });
    match challenge {
        Challenge::Client if error.code == ErrorCode::InvalidClient => {
            demand(&mut response, "Basic realm=\"nauthera\", charset=\"UTF-8\"");
        }
        Challenge::Bearer if status.is_client_error() => {
            let mut text = format!("Bearer realm=\"nauthera\", error=\"{code}\", error_description=\"{description}\"");
            if error.code == ErrorCode::InsufficientScope {
                text.push_str(", scope=\"openid\"");
            }
            demand(&mut response, &text);
        }
        Challenge::Client | Challenge::Bearer => {}
    }
    response
}

fn later(mut response: HttpResponse, after: Duration) -> HttpResponse {
    response.headers_mut().insert(header::RETRY_AFTER, retry_after(after));
    response
}

/// The value of `Retry-After`.
pub fn retry_after(after: Duration) -> HeaderValue {
    HeaderValue::from(whole_seconds(after))
}

/// Whole seconds to wait, never too few.
pub fn whole_seconds(after: Duration) -> u64 {
    let part = u64::from(after.subsec_nanos() > 0);
    after.as_secs().saturating_add(part).max(1)
}

fn demand(response: &mut HttpResponse, challenge: &str) {
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
}

/// The characters that `error_description` may have (RFC 6749 §5.2); others become `?`.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            ' '..='!' | '#'..='[' | ']'..='~' => c,
            _ => '?',
        })
        .collect()
}

/// The value of the only `Authorization` header.
///
/// # Errors
/// `invalid_request` if there is more than one.
pub fn authorization(request: &HttpRequest) -> Result<Option<Vec<u8>>, OAuthError> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let first = values.next();
    if values.next().is_some() {
        return Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            "there is more than one Authorization header; send one",
        ));
    }
    Ok(first.map(|value| value.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::MessageBody;
    use actix_web::test::TestRequest;

    fn refused(refusal: Refusal, challenge: Challenge) -> (u16, Option<String>, Option<String>, serde_json::Value) {
        let request = TestRequest::default().to_http_request();
        let response = refuse(&refusal, challenge, &request);
        let header = |name: header::HeaderName| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (challenge, retry) = (header(header::WWW_AUTHENTICATE), header(header::RETRY_AFTER));
        let status = response.status().as_u16();
        let body = response.into_body().try_into_bytes().unwrap();
        (
            status,
            challenge,
            retry,
            serde_json::from_slice(&body).unwrap_or(serde_json::Value::Null),
        )
    }

    #[test]
    fn every_code_is_answered_with_its_status_and_nothing_secret() {
        for code in ErrorCode::ALL {
            let (status, _, _, body) = refused(OAuthError::new(*code, "why").into(), Challenge::Client);
            assert_eq!(status, code.status());
            assert_eq!(body, serde_json::json!({"error": code.as_str(), "error_description": "why"}));
        }
    }

    #[test]
    fn a_client_that_failed_to_prove_itself_is_told_how() {
        let (status, challenge, _, _) = refused(OAuthError::new(ErrorCode::InvalidClient, "why").into(), Challenge::Client);
        assert_eq!((status, challenge.unwrap().starts_with("Basic ")), (401, true));
    }

    #[test]
    fn a_bearer_is_told_what_is_wrong_but_not_when_it_brought_nothing() {
        let (status, challenge, _, _) = refused(OAuthError::new(ErrorCode::InvalidToken, "why").into(), Challenge::Bearer);
        assert_eq!(status, 401);
        assert_eq!(
            challenge.unwrap(),
            r#"Bearer realm="nauthera", error="invalid_token", error_description="why""#
        );
        let (status, challenge, _, body) = refused(Refusal::NoToken, Challenge::Bearer);
        assert_eq!((status, challenge.as_deref()), (401, Some(r#"Bearer realm="nauthera""#)));
        assert!(body.is_null());
    }

    #[test]
    fn what_is_temporary_says_when_to_come_back() {
        let busy = Fault::Busy {
            retry_after: Duration::from_secs(3),
        };
        let (status, _, retry, body) = refused(busy.into(), Challenge::Client);
        assert_eq!((status, retry.as_deref()), (503, Some("3")));
        assert_eq!(body["error"], "temporarily_unavailable");
        let too_many = Fault::TooMany {
            retry_after: Duration::from_millis(2001),
        };
        let (status, challenge, retry, body) = refused(too_many.into(), Challenge::Client);
        assert_eq!((status, challenge, retry.as_deref()), (429, None, Some("3")));
        assert_eq!(body["error"], "temporarily_unavailable");
        let (status, _, retry, body) = refused(Fault::Unavailable("host db-1 is down".to_owned()).into(), Challenge::Client);
        assert_eq!((status, retry.as_deref()), (503, Some("1")));
        assert!(!body.to_string().contains("db-1"), "what is inside stays inside");
    }

    #[test]
    fn an_internal_fault_shows_a_trace_id_and_no_more() {
        let (status, _, _, body) = refused(Fault::Internal("secret stack".to_owned()).into(), Challenge::Client);
        assert_eq!((status, &body["error"]), (500, &"server_error".into()));
        assert!(body["error_description"].as_str().unwrap().contains("trace id"));
        assert!(!body.to_string().contains("secret"));
    }

    #[test]
    fn forms_that_cannot_be_read_have_their_statuses() {
        for (fault, expected) in [
            (FormFault::WrongType, 400),
            (FormFault::TooLarge, 413),
            (FormFault::TooSlow, 408),
            (FormFault::Incomplete, 400),
        ] {
            let (status, _, _, body) = refused(fault.into(), Challenge::Client);
            assert_eq!((status, &body["error"]), (expected, &"invalid_request".into()));
        }
    }

    #[test]
    fn a_description_has_only_the_characters_that_the_specification_allows() {
        assert_eq!(plain("a \"b\" \\ \u{a7} \r\n"), "a ?b? ? ? ??");
    }
}
