//! `max_age`: whole seconds that may have passed since the person proved themselves (OpenID Connect Core §3.1.2.1).

use super::invalid;
use crate::oauth::error::OAuthError;
use crate::oauth::form::Params;
use std::time::Duration;

pub(super) fn check(params: &Params) -> Result<Option<Duration>, OAuthError> {
    params
        .one("max_age")?
        .map(|text| {
            let seconds = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
            seconds
                .map(|seconds| Duration::from_secs(seconds.into()))
                .ok_or_else(|| invalid("max_age must be a whole number of seconds, zero or more"))
        })
        .transpose()
}
