//! `login_hint`, `id_token_hint` and `ui_locales` are of a sane size (OpenID Connect Core §3.1.2.1). `claims` and `display` are not
//! supported, as discovery says, and are ignored.

use super::bounded;
use crate::oauth::error::OAuthError;
use crate::oauth::form::Params;

pub(super) struct Hints {
    pub(super) login_hint: Option<String>,
    pub(super) id_token_hint: Option<String>,
}

pub(super) fn check(params: &Params) -> Result<Hints, OAuthError> {
    bounded(params, "ui_locales", 256)?;
    Ok(Hints {
        login_hint: bounded(params, "login_hint", 320)?,
        id_token_hint: bounded(params, "id_token_hint", 8192)?,
    })
}
