//! Authorization requests (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2): a list of small checks, one file each, and the decision what happens next.
//!
//! The order matters. Client and redirect URI come first: until both are verified an error is shown on a page, afterwards it goes to the
//! client. Only then come the checks whose errors the client's developer reads.

mod check_acr_values;
mod check_client;
mod check_duplicates;
mod check_grant;
mod check_hints;
mod check_max_age;
mod check_nonce;
mod check_pkce;
mod check_prompt;
mod check_redirect_uri;
mod check_resource;
mod check_response_mode;
mod check_response_type;
mod check_scope;
mod check_state;
mod check_unsupported;
pub mod decision;
pub mod prompt;
pub mod response;
#[cfg(test)]
mod tests;

use super::acr::Acr;
use super::client::Client;
use super::error::{ErrorCode, OAuthError};
use super::form::Params;
use super::scope::Scopes;
use prompt::Prompts;
use response::{ResponseMode, ResponseTarget};
use std::sync::Arc;
use std::time::Duration;

/// A request that passed every check.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    /// Who asks
    pub client: Arc<Client>,
    /// Where and how the answer goes
    pub target: ResponseTarget,
    /// Whether the request named its redirect URI (then the token request must, RFC 6749 §4.1.3)
    pub redirect_uri_was_sent: bool,
    /// Within what the client may have; never empty
    pub scopes: Scopes,
    /// PKCE S256 challenge (RFC 7636 §4.3)
    pub code_challenge: Option<String>,
    /// `nonce`
    pub nonce: Option<String>,
    /// `prompt`
    pub prompts: Prompts,
    /// `max_age`
    pub max_age: Option<Duration>,
    /// What to write into the name field
    pub login_hint: Option<String>,
    /// An ID token of ours; its signature is not verified here
    pub id_token_hint: Option<String>,
    /// RFC 8707
    pub resources: Vec<String>,
    /// Classes of `acr_values` that are known here, the most wanted first; one of them is enough
    pub acr_values: Vec<Acr>,
}

/// Why a request goes no further, and who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Client or redirect URI are not verified: a page tells the person; nothing is redirected (RFC 6749 §4.1.2.1)
    Page(OAuthError),
    /// The client is told
    Client(Box<ResponseTarget>, OAuthError),
}

/// Runs the checks. `find` looks a client up by its id.
///
/// # Errors
/// [`Refusal`], with who is to be told.
pub fn validate(params: &Params, find: impl FnOnce(&str) -> Option<Arc<Client>>) -> Result<AuthorizationRequest, Refusal> {
    let client = check_client::check(params, find).map_err(Refusal::Page)?;
    let redirect = check_redirect_uri::check(params, &client).map_err(Refusal::Page)?;
    let mut target = ResponseTarget {
        redirect_uri: redirect.uri,
        mode: ResponseMode::Query,
        state: None,
    };
    match answer_form(params, &mut target).and_then(|()| rest(params, &client)) {
        Ok(checked) => Ok(AuthorizationRequest {
            client,
            target,
            redirect_uri_was_sent: redirect.was_sent,
            scopes: checked.scopes,
            code_challenge: checked.code_challenge,
            nonce: checked.nonce,
            prompts: checked.prompts,
            max_age: checked.max_age,
            login_hint: checked.hints.login_hint,
            id_token_hint: checked.hints.id_token_hint,
            resources: checked.resources,
            acr_values: checked.acr_values,
        }),
        Err(error) => Err(Refusal::Client(Box::new(target), error)),
    }
}

/// `state` and `response_mode` shape error answers too, so both are read before anything else can fail.
fn answer_form(params: &Params, target: &mut ResponseTarget) -> Result<(), OAuthError> {
    let state = check_state::check(params).map(|state| target.state = state);
    let mode = check_response_mode::check(params).map(|mode| target.mode = mode);
    state.and(mode)
}

struct Checked {
    scopes: Scopes,
    code_challenge: Option<String>,
    nonce: Option<String>,
    prompts: Prompts,
    max_age: Option<Duration>,
    hints: check_hints::Hints,
    resources: Vec<String>,
    acr_values: Vec<Acr>,
}

fn rest(params: &Params, client: &Client) -> Result<Checked, OAuthError> {
    check_duplicates::check(params)?;
    check_unsupported::check(params)?;
    check_response_type::check(params, client)?;
    check_grant::check(client)?;
    Ok(Checked {
        scopes: check_scope::check(params, client)?,
        code_challenge: check_pkce::check(params, client)?,
        nonce: check_nonce::check(params)?,
        prompts: check_prompt::check(params)?,
        max_age: check_max_age::check(params)?,
        hints: check_hints::check(params)?,
        resources: check_resource::check(params, client)?,
        acr_values: check_acr_values::check(params)?,
    })
}

fn invalid(description: impl Into<String>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, description)
}

/// A value of at most `limit` bytes without control characters.
fn bounded(params: &Params, name: &'static str, limit: usize) -> Result<Option<String>, OAuthError> {
    match params.one(name)? {
        Some(value) if value.len() > limit => Err(invalid(format!("{name} is longer than {limit} bytes"))),
        Some(value) if value.chars().any(char::is_control) => Err(invalid(format!("{name} holds a control character"))),
        value => Ok(value.map(str::to_owned)),
    }
}
