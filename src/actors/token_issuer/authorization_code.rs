//! Redeems an authorization code. The store consumes it before anything is compared: one of parallel requests wins, and whoever presents a
//! code with a wrong verifier has used it up.

use super::exchange::{Decided, Request};
use super::issue::Refresh;
use super::{Services, fresh_token, person};
use crate::actors::fault::Fault;
use crate::actors::key_keeper::after;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::grant_type::GrantType;
use crate::oauth::grants::authorization_code::{Remembered, Request as CodeRequest};
use crate::oauth::opaque::TokenHash;
use crate::oauth::target;
use crate::store::records::{CodeRecord, CodeRedemption, RefreshRecord};
use jiff::Timestamp;

fn invalid_grant(description: &str) -> Fault {
    Fault::OAuth(OAuthError::new(ErrorCode::InvalidGrant, description))
}

impl Services {
    pub(super) async fn authorization_code(&self, request: &Request<'_>) -> Result<Decided, Fault> {
        let (client, now) = (request.client, request.now);
        let code_request = CodeRequest::parse(request.params)?;
        let may_refresh = client.grant_types.contains(&GrantType::RefreshToken);
        let limits = &client.limits;
        let lifetime = if may_refresh {
            limits.refresh_token_ttl.max(limits.access_token_ttl)
        } else {
            limits.access_token_ttl
        };
        let grant_ends = after(now, lifetime);
        let hash = TokenHash::of(&code_request.code);
        let code = match self.store.redeem_code(&hash, &client.id, now, grant_ends).await? {
            CodeRedemption::First(code) => code,
            CodeRedemption::Replayed(grant) => {
                tracing::warn!(client = %client.id, %grant, "an authorization code came twice; everything that came of it has ended");
                let details = serde_json::json!({"grant": grant, "reason": "code replayed"});
                self.audit(now, "grant.ended", &client.id, None, details);
                return Err(invalid_grant("this code was used before; log in again"));
            }
            CodeRedemption::Expired => return Err(invalid_grant("this code has expired; log in again")),
            CodeRedemption::Unknown => return Err(invalid_grant("this is not a code of this client")),
        };
        match self.decide(request, code_request, &code, grant_ends, may_refresh).await {
            Ok(decided) => Ok(decided),
            Err(fault) => {
                // The code is used up, so nothing can come of its grant any more
                self.store.end_grant(&code.grant.id, now).await?;
                let details = serde_json::json!({"grant": code.grant.id, "reason": fault.to_string()});
                self.audit(now, "grant.ended", &client.id, Some(&code.grant.user), details);
                Err(fault)
            }
        }
    }

    async fn decide(
        &self,
        request: &Request<'_>,
        code_request: CodeRequest,
        code: &CodeRecord,
        grant_ends: Timestamp,
        may_refresh: bool,
    ) -> Result<Decided, Fault> {
        let client = request.client;
        let remembered = Remembered {
            redirect_uri: &code.redirect_uri,
            redirect_uri_was_sent: code.redirect_uri_was_sent,
            code_challenge: code.code_challenge.as_deref(),
        };
        code_request.check(remembered, client)?;
        let grant = &code.grant;
        let audience = target::select(client, &request.snapshot.issuer, code_request.targets, &grant.resources)?;
        let person = self.person(&grant.user, client).await?;
        let refresh = if may_refresh {
            let token = fresh_token()?;
            let record = RefreshRecord {
                hash: token.hash(),
                grant: grant.id.clone(),
                expires_at: grant_ends,
            };
            self.store.add_refresh_token(&record).await?;
            Refresh::Token(token)
        } else {
            Refresh::None
        };
        let granted = person::granted(
            grant,
            &person,
            grant.scopes.clone(),
            audience,
            code.nonce.clone(),
            grant_ends,
            request.snapshot,
        );
        if !self.joins(request, &granted).await? {
            return Err(invalid_grant("the person has signed out since; log in again"));
        }
        Ok(Decided {
            granted,
            refresh,
            issued_token_type: None,
            is_audited: true,
        })
    }
}
