//! Redeems a refresh token: public clients rotate theirs, confidential ones keep it (RFC 9700 §2.2.2).

use super::exchange::{Decided, Request};
use super::issue::Refresh;
use super::{Services, fresh_token, person};
use crate::actors::fault::Fault;
use crate::actors::key_keeper::after;
use crate::oauth::client::ClientType;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::grants::refresh_token::Request as RefreshRequest;
use crate::oauth::opaque::TokenHash;
use crate::oauth::target;
use crate::store::records::{GrantRecord, RefreshRecord, RefreshRedemption};
use std::time::Duration;

/// How long after its use a public client may present a token once more, because the answer was lost on its way: longer than a database that
/// hangs for ten seconds and a client's way back (decision 0007).
pub const RETRY_GRACE: Duration = Duration::from_secs(30);

fn invalid_grant(description: &str) -> Fault {
    Fault::OAuth(OAuthError::new(ErrorCode::InvalidGrant, description))
}

impl Services {
    pub(super) async fn refresh_token(&self, request: &Request<'_>) -> Result<Decided, Fault> {
        let (client, now) = (request.client, request.now);
        let asked = RefreshRequest::parse(request.params)?;
        let hash = TokenHash::of(&asked.refresh_token);
        let rotates = client.client_type == ClientType::Public;
        // A request that cannot be granted must not use the token up, and a rotated one needs to know its family
        let peeked = if rotates || asked.narrows() {
            self.store.peek_refresh_token(&hash, &client.id).await?
        } else {
            None
        };
        if let Some((_, grant)) = &peeked {
            asked.scopes_within(&grant.scopes)?;
            target::select(client, &request.snapshot.issuer, asked.targets.clone(), &grant.resources)?;
        }
        let successor = match &peeked {
            Some((_, grant)) if rotates => {
                let token = fresh_token()?;
                let record = RefreshRecord {
                    hash: token.hash(),
                    grant: grant.id.clone(),
                    expires_at: after(now, client.limits.refresh_token_ttl).min(grant.expires_at),
                };
                Some((token, record))
            }
            None if rotates => return Err(invalid_grant("this is not a refresh token of this client")),
            _ => None,
        };
        let record = successor.as_ref().map(|(_, record)| record);
        let grant = match self.store.redeem_refresh_token(&hash, &client.id, record, now, RETRY_GRACE).await? {
            RefreshRedemption::Accepted(grant) => grant,
            RefreshRedemption::Reused(grant) => {
                tracing::warn!(client = %client.id, %grant, "a refresh token came again after it was used; its family has ended");
                let details = serde_json::json!({"grant": grant, "reason": "refresh token reused"});
                self.audit(now, "grant.ended", &client.id, None, details);
                return Err(invalid_grant("this refresh token was used before; log in again"));
            }
            RefreshRedemption::Expired => return Err(invalid_grant("this refresh token has expired; log in again")),
            RefreshRedemption::Ended => return Err(invalid_grant("what this refresh token stood for has ended; log in again")),
            RefreshRedemption::Unknown => return Err(invalid_grant("this is not a refresh token of this client")),
        };
        refuse_old_login(request, &grant)?;
        let person = self.person(&grant.user, client).await?;
        let scopes = asked.scopes_within(&grant.scopes)?;
        let audience = target::select(client, &request.snapshot.issuer, asked.targets, &grant.resources)?;
        let mut granted = person::granted(&grant, &person, scopes, audience, None, grant.expires_at, request.snapshot);
        // Offline access outlives the session; an ID token of that would say that it goes on (OpenID Connect Core §12.2: there need not be one).
        granted.with_id_token &= self.joins(request, &granted).await?;
        Ok(Decided {
            granted,
            refresh: match successor {
                Some((token, _)) => Refresh::Token(token),
                None => Refresh::Kept(asked.refresh_token),
            },
            issued_token_type: None,
            is_audited: true,
        })
    }
}

/// `maxSessionAge`: a login that is too old does not count, unless the person allowed offline access.
fn refuse_old_login(request: &Request<'_>, grant: &GrantRecord) -> Result<(), Fault> {
    match request.client.limits.max_session_age {
        Some(age) if !grant.offline && after(grant.auth_time, age) <= request.now => Err(invalid_grant(
            "the login is older than a policy of this client allows; log in again",
        )),
        _ => Ok(()),
    }
}
