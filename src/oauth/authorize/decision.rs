//! What happens next with a valid request: a login, a consent, a code, or an error (OpenID Connect Core §3.1.2.3, §3.1.2.4, §3.1.2.6).

use super::AuthorizationRequest;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::ids::{SessionId, UserId};
use crate::oauth::scope::Scopes;
use crate::oauth::two_factor::{self, FactorMethod, Missing, Standing};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// So old may a login be that counts as fresh.
const RECENT: SignedDuration = SignedDuration::from_mins(5);

/// The person behind the browser, as their session and their record tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// `sub`
    pub user: UserId,
    /// `sid`
    pub session: SessionId,
    /// When they last proved themselves
    pub auth_time: Timestamp,
    /// Their groups
    pub groups: Vec<String>,
    /// What they have allowed this client
    pub consented: Scopes,
    /// How they proved themselves; what they could prove besides is filled in only where it matters (see [`two_factor::lacks`])
    pub standing: Standing,
}

/// What the person did for this very request, proven by its ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// They logged in after the request began
    pub login: bool,
    /// They allowed what it asks for
    pub consent: bool,
}

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Show the login page
    Login,
    /// Ask for a second factor, by one of these
    Prove(BTreeSet<FactorMethod>),
    /// Let the person set one of these up
    Enrol(BTreeSet<FactorMethod>),
    /// Show the consent page
    Consent,
    /// Issue a code
    Issue,
    /// Tell the client
    Refuse(OAuthError),
}

/// Decides. `hinted` is the subject of a verified `id_token_hint`.
pub fn decide(request: &AuthorizationRequest, person: Option<&Person>, hinted: Option<&UserId>, done: Done, now: Timestamp) -> Decision {
    let Some(person) = person else {
        return login(request);
    };
    if let Some(hinted) = hinted
        && *hinted != person.user
    {
        // A login that has just happened and is still someone else's will not get better by asking again.
        return if done.login {
            refuse(ErrorCode::LoginRequired, "another person than the one in id_token_hint logged in")
        } else {
            login(request)
        };
    }
    if !done.login && needs_fresh_login(request, person, now) {
        return login(request);
    }
    match two_factor::missing(&request.client.limits.two_factor, &request.acr_values, &person.standing) {
        Missing::Nothing => {}
        Missing::Unattainable => {
            return refuse(
                ErrorCode::UnmetAuthenticationRequirements,
                "no second factor that the policies of this client let count amounts to what acr_values asks for",
            );
        }
        Missing::Proof(_) | Missing::Enrolment(_) if request.prompts.none => return login(request),
        Missing::Proof(methods) => return Decision::Prove(methods),
        // Whoever has got hold of a session must not add a factor to it.
        Missing::Enrolment(_) if !done.login && !is_recent(person, now) => return login(request),
        Missing::Enrolment(methods) => return Decision::Enrol(methods),
    }
    if let Some(allowed) = &request.client.allowed_groups
        && !person.groups.iter().any(|group| allowed.contains(group))
    {
        return refuse(
            ErrorCode::AccessDenied,
            "this person is in none of the groups that may use this client",
        );
    }
    if !done.consent && needs_consent(request, person) {
        return if request.prompts.none {
            refuse(
                ErrorCode::ConsentRequired,
                "the person has not allowed this yet, and prompt=none forbids to ask",
            )
        } else {
            Decision::Consent
        };
    }
    Decision::Issue
}

fn needs_fresh_login(request: &AuthorizationRequest, person: &Person, now: Timestamp) -> bool {
    let oldest = [request.max_age, request.client.limits.max_session_age].into_iter().flatten().min();
    let age = Duration::try_from(now.duration_since(person.auth_time)).unwrap_or_default();
    request.prompts.login || request.prompts.select_account || oldest.is_some_and(|oldest| oldest.is_zero() || age > oldest)
}

/// Whether the login is so young that what guards the account may be changed without another one.
pub fn is_recent_login(auth_time: Timestamp, now: Timestamp) -> bool {
    now.duration_since(auth_time) < RECENT
}

fn is_recent(person: &Person, now: Timestamp) -> bool {
    is_recent_login(person.auth_time, now)
}

fn needs_consent(request: &AuthorizationRequest, person: &Person) -> bool {
    request.prompts.consent || (request.client.require_consent && !request.scopes.is_subset(&person.consented))
}

fn login(request: &AuthorizationRequest) -> Decision {
    if request.prompts.none {
        refuse(ErrorCode::LoginRequired, "the person has to log in, and prompt=none forbids to ask")
    } else {
        Decision::Login
    }
}

fn refuse(code: ErrorCode, why: &str) -> Decision {
    Decision::Refuse(OAuthError::new(code, why))
}
