//! `prompt` holds values that this server knows, and `none` stands alone (OpenID Connect Core §3.1.2.1).

use super::invalid;
use super::prompt::Prompts;
use crate::oauth::error::OAuthError;
use crate::oauth::form::Params;

pub(super) fn check(params: &Params) -> Result<Prompts, OAuthError> {
    let mut prompts = Prompts::default();
    for value in params
        .one("prompt")?
        .unwrap_or_default()
        .split(' ')
        .filter(|value| !value.is_empty())
    {
        match value {
            "none" => prompts.none = true,
            "login" => prompts.login = true,
            "consent" => prompts.consent = true,
            "select_account" => prompts.select_account = true,
            _ => return Err(invalid("prompt may hold none, login, consent and select_account")),
        }
    }
    if prompts.none && (prompts.login || prompts.consent || prompts.select_account) {
        return Err(invalid("prompt=none cannot be combined with another prompt"));
    }
    Ok(prompts)
}
