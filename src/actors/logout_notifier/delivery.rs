//! One try to tell one client that a session ended.

use crate::actors::key_keeper::KeyReader;
use crate::config::snapshot::Snapshot;
use crate::jose::TokenType;
use crate::oauth::logout_token::LogoutTokenClaims;
use crate::outbound;
use crate::store::records::LogoutRecord;
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use url::form_urlencoded::Serializer;

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The client has ended its session
    Delivered,
    /// The configuration in force has no address for it. Another server may know better, and this one in a moment
    Unwanted,
    /// It may work later; with the reason. 400 is no exception: it also says that the client could not log out just now (§2.8)
    Failed(String),
}

/// Sends a logout token (OpenID Connect Back-Channel Logout §2.5). Nothing of the answer but its status is looked at.
pub(super) async fn deliver(
    http: &reqwest::Client,
    snapshot: &Snapshot,
    keys: &KeyReader,
    logout: &LogoutRecord,
    now: Timestamp,
) -> Outcome {
    let uri = snapshot
        .client(logout.client.as_str())
        .and_then(|client| client.backchannel_logout_uri.as_deref());
    let Some(uri) = uri else {
        return Outcome::Unwanted;
    };
    let claims = LogoutTokenClaims::new(
        &snapshot.issuer,
        &logout.client,
        &logout.user,
        &logout.session,
        // Another one at each try: a client may refuse one that it has seen, and have failed when it saw it.
        &uuid::Uuid::now_v7().to_string(),
        now.as_second(),
    );
    let Some(algorithm) = snapshot.id_token_algorithm() else {
        return Outcome::Failed("the configuration names no signing algorithm".to_owned());
    };
    let token = match keys.current().sign(algorithm, TokenType::Logout, &claims, now) {
        Ok(token) => token,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let form = Serializer::new(String::new()).append_pair("logout_token", &token).finish();
    let request = http.post(uri).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
    match request.send().await {
        Ok(answer) => of_status(answer.status()),
        Err(error) => Outcome::Failed(outbound::cause(error)),
    }
}

fn of_status(status: StatusCode) -> Outcome {
    match status {
        status if status.is_success() => Outcome::Delivered,
        status if status.is_redirection() => Outcome::Failed(format!("it answers with status {status}; redirects are not followed")),
        status => Outcome::Failed(format!("it answers with status {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_success_is_success() {
        assert_eq!(of_status(StatusCode::OK), Outcome::Delivered);
        assert_eq!(of_status(StatusCode::NO_CONTENT), Outcome::Delivered);
        for status in [301, 307, 400, 401, 404, 429, 500, 503] {
            let outcome = of_status(StatusCode::from_u16(status).unwrap());
            assert!(matches!(outcome, Outcome::Failed(_)), "{status}");
        }
    }
}
