//! What the demo's page shows of a login: decoded tokens, with times that a person can read.

use super::relying_party::Login;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;

/// A token as the page shows it.
#[derive(Serialize)]
pub struct TokenView {
    header: String,
    rows: Vec<ClaimRow>,
    raw: String,
}

#[derive(Serialize)]
struct ClaimRow {
    name: String,
    value: String,
    meaning: Option<String>,
}

/// A login as the page shows it.
#[derive(Serialize)]
pub struct LoginView {
    greeting: String,
    id_token: TokenView,
    access_token: TokenView,
    user_info: Vec<ClaimRow>,
    scopes: Vec<String>,
    expires_in: Option<u64>,
    can_refresh: bool,
    refreshes: u32,
}

impl LoginView {
    /// Decodes for display. The ID token was verified before; the access token is the resource server's to check.
    pub fn of(login: &Login) -> Self {
        let name = ["given_name", "name", "preferred_username"]
            .into_iter()
            .find_map(|claim| login.user_info.get(claim).and_then(Value::as_str));
        Self {
            greeting: name.map_or_else(|| "Hello".to_owned(), |name| format!("Hello, {name}")),
            id_token: TokenView::of(&login.id_token.to_string()),
            access_token: TokenView::of(login.access_token.secret()),
            user_info: rows(&login.user_info),
            scopes: login.scopes.clone(),
            expires_in: login.expires_in,
            can_refresh: login.refresh_token.is_some(),
            refreshes: login.refreshes,
        }
    }
}

impl TokenView {
    fn of(token: &str) -> Self {
        let mut parts = token.split('.').map(decoded);
        let (header, payload) = (parts.next().flatten(), parts.next().flatten());
        Self {
            header: header.map_or_else(|| "opaque: only the server can read it".to_owned(), |header| header.to_string()),
            rows: payload.as_ref().map(rows).unwrap_or_default(),
            raw: token.to_owned(),
        }
    }
}

fn decoded(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn rows(claims: &Value) -> Vec<ClaimRow> {
    let Value::Object(claims) = claims else { return Vec::new() };
    claims
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| ClaimRow {
            name: name.clone(),
            value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            meaning: meaning(name, value),
        })
        .collect()
}

fn meaning(name: &str, value: &Value) -> Option<String> {
    let time = |what: &str| {
        Some(format!(
            "{what} {}",
            jiff::Timestamp::from_second(value.as_i64()?).ok()?.strftime("%H:%M:%S UTC")
        ))
    };
    let text = match name {
        "iss" => "who issued it",
        "sub" => "the person, as this client knows them",
        "aud" => "whom it is for",
        "exp" => return time("expires"),
        "iat" => return time("issued"),
        "nbf" => return time("valid from"),
        "auth_time" => return time("logged in"),
        "nonce" => "ties it to this login attempt",
        "at_hash" => "ties it to the access token",
        "sid" => "the session at the server",
        "amr" => "how the person proved themselves",
        "azp" | "client_id" => "the client that asked",
        "jti" => "this token's own name",
        "scope" => "what it allows",
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_a_token_and_explains_its_times() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let token = format!(
            "{}.{}.c2ln",
            part(r#"{"alg":"ES256"}"#),
            part(r#"{"exp":60,"scope":"openid","x":["a"]}"#)
        );
        let view = TokenView::of(&token);
        let seen: Vec<_> = view
            .rows
            .iter()
            .map(|row| (row.name.as_str(), row.value.as_str(), row.meaning.as_deref()))
            .collect();
        assert_eq!(view.header, r#"{"alg":"ES256"}"#);
        assert_eq!(
            seen,
            [
                ("exp", "60", Some("expires 00:01:00 UTC")),
                ("scope", "openid", Some("what it allows")),
                ("x", r#"["a"]"#, None)
            ]
        );
    }

    #[test]
    fn an_opaque_token_is_shown_as_such() {
        let view = TokenView::of("abc");
        assert!(view.rows.is_empty() && view.header.starts_with("opaque"));
    }
}
