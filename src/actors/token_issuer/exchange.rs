//! The token endpoint's dispatcher: the phases that every grant passes.
//!
//! No parameter comes twice; the client proves itself; it may use the grant; the grant decides; scopes, audience and lifetimes are bounded
//! by the client's; the tokens are made; the outcome is counted and, where a grant is concerned, written down.

use super::Services;
use super::issue::Refresh;
use super::messages::Exchange;
use crate::actors::fault::Fault;
use crate::config::snapshot::Snapshot;
use crate::oauth::client::Client;
use crate::oauth::form::Params;
use crate::oauth::grant_type::GrantType;
use crate::oauth::grants::{self, Granted, TokenResponse, client_credentials};
use crate::oauth::ids::UserId;
use jiff::Timestamp;

/// One token request on its way.
pub(super) struct Request<'a> {
    pub snapshot: &'a Snapshot,
    pub client: &'a Client,
    pub params: &'a Params,
    pub now: Timestamp,
}

/// What a grant came to.
pub(super) struct Decided {
    pub granted: Granted,
    pub refresh: Refresh,
    pub issued_token_type: Option<&'static str>,
    /// Whether the audit trail gets a line. Client credentials write nothing.
    pub is_audited: bool,
}

impl Services {
    pub(super) async fn exchange(&self, message: Exchange) -> Result<TokenResponse, Fault> {
        let grant_type = grants::grant_type(&message.params);
        let label = grant_type.as_ref().map_or("unknown", |grant_type| grant_type.as_str());
        let result = self.answer(&message, grant_type.map_err(Fault::from)).await;
        self.metrics.token(label, outcome(&result));
        result
    }

    async fn answer(&self, message: &Exchange, grant_type: Result<GrantType, Fault>) -> Result<TokenResponse, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot()?;
        let client = self.caller(&snapshot, &message.params, message.authorization.as_deref(), now)?;
        let grant_type = grant_type?;
        grants::allowed(client, grant_type)?;
        let request = Request {
            snapshot: &snapshot,
            client,
            params: &message.params,
            now,
        };
        let decided = match grant_type {
            GrantType::ClientCredentials => Decided {
                granted: client_credentials::decide(client, &snapshot.issuer, &message.params)?,
                refresh: Refresh::None,
                issued_token_type: None,
                is_audited: false,
            },
            GrantType::AuthorizationCode => self.authorization_code(&request).await?,
            GrantType::RefreshToken => self.refresh_token(&request).await?,
            GrantType::TokenExchange => self.token_exchange(&request).await?,
            // `grants::SUPPORTED` holds none of these, so they do not get here
            GrantType::Implicit | GrantType::Hybrid | GrantType::DeviceCode | GrantType::JwtBearer | GrantType::Ciba => {
                return Err(Fault::Internal(format!("the grant {grant_type} has no dispatcher")));
            }
        };
        let response = self.issue(&request, &decided).await?;
        if decided.is_audited {
            let user = decided.granted.login.as_ref().map(|_| UserId::new(decided.granted.sub.as_str()));
            let details = serde_json::json!({
                "grant_type": grant_type.as_str(),
                "grant": decided.granted.grant,
                "scope": response.scope,
                "audience": decided.granted.audience,
                "act": decided.granted.act,
            });
            self.audit(now, "token.issued", &client.id, user.as_ref(), details);
        }
        Ok(response)
    }
}

/// The metric's name for an outcome.
fn outcome<T>(result: &Result<T, Fault>) -> &'static str {
    match result {
        Ok(_) => "issued",
        Err(Fault::OAuth(error)) => error.code.as_str(),
        Err(Fault::Busy { .. } | Fault::Unavailable(_)) => "temporarily_unavailable",
        Err(Fault::TooMany { .. }) => "rate_limited",
        Err(Fault::Internal(_)) => "server_error",
    }
}
