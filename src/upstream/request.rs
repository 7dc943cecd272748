//! The authorization request that we send a browser with (OpenID Connect Core §3.1.2.1).

use super::metadata::Metadata;
use crate::config::snapshot::IdentityProviderConfig;
use crate::oauth::authorize::AuthorizationRequest;
use crate::oauth::pkce;
use std::time::Duration;
use url::Url;

/// Longest hint that is handed on; a longer one is left out.
const LONGEST_HINT: usize = 256;

/// What our own client asks for that only the provider can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The person proves themselves again
    pub login: bool,
    /// The person had better prove themselves again: asked for, and not insisted on, since not every provider says when that was
    pub again: bool,
    /// The person chooses an account
    pub select_account: bool,
    /// They proved themselves no longer ago than this
    pub max_age: Option<Duration>,
    /// Who they are, perhaps
    pub login_hint: Option<String>,
    /// Languages of pages
    pub ui_locales: Option<String>,
}

impl Wish {
    /// Of a client's request.
    pub fn of(request: &AuthorizationRequest, ui_locales: Option<&str>) -> Self {
        Self {
            login: request.prompts.login,
            again: false,
            select_account: request.prompts.select_account,
            max_age: [request.max_age, request.client.limits.max_session_age].into_iter().flatten().min(),
            login_hint: request.login_hint.clone().filter(|hint| hint.len() <= LONGEST_HINT),
            ui_locales: ui_locales.filter(|text| text.len() <= LONGEST_HINT).map(str::to_owned),
        }
    }
}

/// A request to a provider.
#[derive(Debug)]
pub struct Ask {
    /// Where its answer goes
    pub redirect_uri: String,
    /// What comes back with it
    pub state: String,
    /// What comes back in the ID token
    pub nonce: String,
    /// Whose digest the request shows
    pub verifier: secrecy::SecretString,
    /// What our client asks for
    pub wish: Wish,
}

/// Where the browser goes.
pub fn address(metadata: &Metadata, provider: &IdentityProviderConfig, ask: &Ask) -> Url {
    use secrecy::ExposeSecret;
    let mut url = metadata.authorization_endpoint.clone();
    let mut query = url.query_pairs_mut();
    query.extend_pairs([
        ("response_type", "code"),
        ("client_id", &provider.client_id),
        ("redirect_uri", &ask.redirect_uri),
        ("scope", &provider.scopes.join(" ")),
        ("state", &ask.state),
        ("nonce", &ask.nonce),
        ("code_challenge", &pkce::challenge(ask.verifier.expose_secret())),
        ("code_challenge_method", "S256"),
    ]);
    let Wish {
        login,
        again,
        select_account,
        max_age,
        login_hint,
        ui_locales,
    } = &ask.wish;
    let prompts: Vec<&str> = [(*login, "login"), (*select_account, "select_account")]
        .into_iter()
        .filter_map(|(wanted, prompt)| wanted.then_some(prompt))
        .collect();
    if !prompts.is_empty() {
        query.append_pair("prompt", &prompts.join(" "));
    }
    // With `prompt=login` too: it makes the provider say when that was (OpenID Connect Core §2, `auth_time`).
    if let Some(age) = if *login || *again { Some(Duration::ZERO) } else { *max_age } {
        query.append_pair("max_age", &age.as_secs().to_string());
    }
    for (name, value) in [("login_hint", login_hint), ("ui_locales", ui_locales)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    drop(query);
    url
}
