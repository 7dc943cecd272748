//! `acr_values` (OpenID Connect Core §3.1.2.1): how well the person has to prove who they are. Names that this server does not know say nothing.

use super::bounded;
use crate::oauth::acr::Acr;
use crate::oauth::error::OAuthError;
use crate::oauth::form::Params;

pub(super) fn check(params: &Params) -> Result<Vec<Acr>, OAuthError> {
    Ok(bounded(params, "acr_values", 512)?.map_or_else(Vec::new, |values| Acr::wanted(&values)))
}
