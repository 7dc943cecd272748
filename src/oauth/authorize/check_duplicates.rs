//! No parameter comes twice (RFC 6749 §3.1), but `resource` may (RFC 8707 §2). Parameters that nobody here reads are held to it too:
//! a proxy in between may read the other one.

use super::invalid;
use crate::oauth::error::OAuthError;
use crate::oauth::form::Params;
use std::collections::HashSet;

pub(super) fn check(params: &Params) -> Result<(), OAuthError> {
    let mut seen = HashSet::new();
    for (name, _) in params.pairs() {
        if name != "resource" && !seen.insert(name) {
            return Err(invalid(
                "a parameter is present more than once; send each once (only resource may be repeated)",
            ));
        }
    }
    Ok(())
}
