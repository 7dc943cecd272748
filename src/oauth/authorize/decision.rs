//! What happens next with a valid request: a login, a consent, a code, or an error (OpenID Connect Core §3.1.2.3, §3.1.2.4, §3.1.2.6).

use super::AuthorizationRequest;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::ids::{SessionId, UserId};
use crate::oauth::scope::Scopes;
use jiff::Timestamp;
use std::time::Duration;

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
