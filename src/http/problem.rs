//! What a page says when there is no other answer: what happened, what to do, and a trace id.

use super::answer::retry_after;
use super::pages::{FormAction, Look, Values};
use super::trace::TraceId;
use super::visit::Visit;
use crate::actors::fault::Fault;
use crate::oauth::error::{ErrorCode, OAuthError};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use minijinja::value::Value;
use std::time::Duration;

/// Why there is a page instead of an answer.
#[derive(Debug)]
pub enum Problem {
    /// The application's request is wrong, and it cannot be told so by a redirect
    Request(OAuthError),
    /// A form is too old, forged, or another browser's
    Ticket,
    /// The browser sent no cookie with a form
    NoCookie,
    /// A form cannot be read; with the status that says why
    Form(StatusCode),
    /// There is no such page
    Missing,
    /// The address is over its rate limit
    TooMany(Duration),
    /// Something that the answer needs cannot be reached
    Unavailable(Duration),
    /// A fault of ours; the text goes to the log
    Internal(String),
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::OAuth(error) => Self::Request(error),
            Fault::TooMany { retry_after } => Self::TooMany(retry_after),
            Fault::Busy { retry_after } => Self::Unavailable(retry_after),
            Fault::Unavailable(reason) => {
                tracing::warn!(reason, "a page is not available");
                Self::Unavailable(Duration::from_secs(2))
            }
            Fault::Internal(reason) => Self::Internal(reason),
        }
    }
}

impl Problem {
    /// The page.
    pub fn page(&self, look: &Look, trace: &TraceId) -> HttpResponse {
        let (status, kind) = match self {
            Self::Request(error) => (request_status(error), "error-request"),
            Self::Ticket => (StatusCode::FORBIDDEN, "error-expired"),
            Self::NoCookie => (StatusCode::BAD_REQUEST, "error-cookies"),
            Self::Form(status) => (*status, "error-form"),
            Self::Missing => (StatusCode::NOT_FOUND, "error-missing"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "error-too-many"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "error-unavailable"),
            Self::Internal(reason) => {
                tracing::error!(reason, "a page failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "error-internal")
            }
        };
        let (code, description) = match self {
            Self::Request(error) => (error.code.as_str(), error.description.as_str()),
            _ => ("", ""),
        };
        let values = Values::from([
            ("kind", Value::from(kind)),
            ("code", Value::from(code)),
            ("description", Value::from(description)),
            ("trace", Value::from(trace.as_str())),
        ]);
        let mut response = look.page(status, "error.html", values, &FormAction::None);
        if let Self::Unavailable(after) | Self::TooMany(after) = self {
            response.headers_mut().insert(RETRY_AFTER, retry_after(*after));
        }
        response
    }
}

/// A browser is not an OAuth client: an unknown `client_id` is a bad request of whoever made the link, and 401 would ask for a header.
fn request_status(error: &OAuthError) -> StatusCode {
    match error.code {
        ErrorCode::InvalidClient => StatusCode::BAD_REQUEST,
        code => StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST),
    }
}

/// The outcome of a page's handler, as an answer. An answer that holds a ticket brings the cookie that the ticket is bound to.
pub fn answer(visit: &Visit, look: &Look, outcome: Result<HttpResponse, Problem>) -> HttpResponse {
    match outcome {
        Ok(response) => visit.remember_browser(response),
        Err(problem) => problem.page(look, &visit.trace),
    }
}
