//! Logout tokens: what a client is told when a session ended (OpenID Connect Back-Channel Logout 1.0 §2.4).

use super::ids::{ClientId, SessionId, UserId};
use serde::Serialize;
use serde_json::{Value, json};

/// The member of `events` that makes a token a logout token.
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How long a token counts, in seconds: §4 wants two minutes at most.
pub const LIFETIME: i64 = 120;

/// A logout token's claims. There never is a `nonce` (§2.4), so that none is taken for an ID token.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogoutTokenClaims {
    /// Issuer
    pub iss: String,
    /// Whose session it was
    pub sub: UserId,
    /// The client
    pub aud: ClientId,
    /// Issued at, seconds since the epoch
    pub iat: i64,
    /// End, seconds since the epoch
    pub exp: i64,
    /// Unique to this token; when the same is told again it is another one
    pub jti: String,
    /// The session that ended
    pub sid: SessionId,
    /// [`EVENT`], and nothing besides
    pub events: Value,
}

impl LogoutTokenClaims {
    /// Tells a client that a session ended.
    pub fn new(issuer: &str, client: &ClientId, user: &UserId, session: &SessionId, jti: &str, now: i64) -> Self {
        Self {
            iss: issuer.to_owned(),
            sub: user.clone(),
            aud: client.clone(),
            iat: now,
            exp: now.saturating_add(LIFETIME),
            jti: jti.to_owned(),
            sid: session.clone(),
            events: json!({ EVENT: {} }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_specification_wants_and_has_no_nonce() {
        let claims = LogoutTokenClaims::new(
            "https://login.example.org",
            &ClientId::new("shop"),
            &UserId::new("alice"),
            &SessionId::new("session"),
            "once",
            1_800_000_000,
        );
        assert_eq!(
            serde_json::to_value(claims).unwrap(),
            json!({
                "iss": "https://login.example.org",
                "sub": "alice",
                "aud": "shop",
                "iat": 1_800_000_000,
                "exp": 1_800_000_120,
                "jti": "once",
                "sid": "session",
                "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            })
        );
    }
}
