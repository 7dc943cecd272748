//! Reads form bodies: bounded in size and time, strict in type and text. Handlers decide how a fault is answered.

use super::limits::{MAX_BODY_BYTES, MAX_DISCARDED_BYTES, Times};
use super::state::AppState;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::{FormError, Params};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use futures::future::LocalBoxFuture;
use futures::{FutureExt, StreamExt};
use std::convert::Infallible;

/// A form body, or why there is none. Extraction itself never fails.
#[derive(Debug)]
pub struct FormBody(pub Result<Params, FormFault>);

/// Why a body is not a form that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    /// `Content-Type` is something else or missing
    #[error("the request body must be application/x-www-form-urlencoded")]
    WrongType,
    /// More than [`MAX_BODY_BYTES`]
    #[error("the request body is larger than 64 KiB")]
    TooLarge,
    /// It did not arrive within [`Times::body`]
    #[error("the request body did not arrive in time")]
    TooSlow,
    /// The connection broke within the body
    #[error("the request body is incomplete")]
    Incomplete,
    /// It does not decode
    #[error(transparent)]
    Malformed(#[from] FormError),
}

impl FormFault {
    /// The status that tells it.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Incomplete | Self::Malformed(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<FormFault> for OAuthError {
    fn from(fault: FormFault) -> Self {
        Self::new(ErrorCode::InvalidRequest, fault.to_string())
    }
}

impl FromRequest for FormBody {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_form = is_form(request);
        let times = request
            .app_data::<web::Data<AppState>>()
            .map_or_else(Times::default, |state| state.times);
        let payload = payload.take();
        async move {
            let read = match tokio::time::timeout(times.body, read(payload)).await {
                Err(_) => Err(FormFault::TooSlow),
                Ok(read) => read,
            };
            // The body is read before its type is judged: an answer to a half-sent request would not be seen.
            Ok(Self(read.and_then(|bytes| {
                if is_form {
                    Params::parse(&bytes).map_err(FormFault::from)
                } else {
                    Err(FormFault::WrongType)
                }
            })))
        }
        .boxed_local()
    }
}

async fn read(mut payload: Payload) -> Result<Vec<u8>, FormFault> {
    let mut bytes = Vec::new();
    let mut discarded = 0;
    let mut too_large = false;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| FormFault::Incomplete)?;
        too_large = too_large || bytes.len() + chunk.len() > MAX_BODY_BYTES;
        if too_large {
            bytes = Vec::new();
            discarded += chunk.len();
            if discarded > MAX_DISCARDED_BYTES {
                break;
            }
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    if too_large { Err(FormFault::TooLarge) } else { Ok(bytes) }
}

/// Exactly one `Content-Type`, and it is a form's (parameters such as a charset are ignored).
fn is_form(request: &HttpRequest) -> bool {
    let mut types = request.headers().get_all(CONTENT_TYPE);
    let only = types.next();
    types.next().is_none()
        && only
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}
