//! Passkeys and security keys on pages: what a browser is asked, as text for the page's script.

use super::pages::Look;
use super::problem::Problem;
use super::visit::Visit;
use crate::accounts::webauthn::{Refused, RelyingParty};
use crate::actors::second_factors::Enrolled;
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyAuthentication};

/// This server, as keys know it.
///
/// # Errors
/// [`Problem::Missing`] where no key can be used: the pages do not offer it there.
pub fn party(visit: &Visit, look: &Look) -> Result<RelyingParty, Problem> {
    RelyingParty::new(&visit.snapshot.issuer, &look.product()).map_err(|_| Problem::Missing)
}

/// Whether keys can be used here at all.
pub fn are_possible(visit: &Visit) -> bool {
    RelyingParty::new(&visit.snapshot.issuer, "-").is_ok()
}

/// The question to prove one of these keys; `None` if there is none that can be used here.
pub fn question(visit: &Visit, look: &Look, enrolled: &Enrolled) -> Option<(String, PasskeyAuthentication)> {
    let keys = visit.state.platform.second_factors.keys(enrolled);
    if keys.is_empty() {
        return None;
    }
    asked(party(visit, look).ok()?.begin_proof(&keys))
}

/// The question to log in by any key; `None` where there can be none.
pub fn login(visit: &Visit, look: &Look) -> Option<(String, DiscoverableAuthentication)> {
    asked(party(visit, look).ok()?.begin_login())
}

fn asked<T>(asked: Result<(serde_json::Value, T), Refused>) -> Option<(String, T)> {
    match asked {
        Ok((options, state)) => Some((options.to_string(), state)),
        Err(refused) => {
            tracing::warn!(%refused, "no key can be asked for");
            None
        }
    }
}
