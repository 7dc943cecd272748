//! Makes authorization codes (RFC 6749 §4.1.2).

use super::messages::IssueCode;
use super::{Services, fresh_token};
use crate::actors::fault::Fault;
use crate::actors::key_keeper::after;
use crate::oauth::ids::GrantId;
use crate::oauth::opaque::OpaqueToken;
use crate::store::records::{CodeRecord, GrantRecord};
use std::time::Duration;

/// A code is redeemed by the next request of the browser's journey; RFC 6749 §4.1.2 allows ten minutes at most.
pub const CODE_LIFETIME: Duration = Duration::from_secs(60);

impl Services {
    pub(super) async fn issue_code(&self, message: IssueCode) -> Result<OpaqueToken, Fault> {
        let now = self.clock.now();
        let code = fresh_token()?;
        let expires_at = after(now, CODE_LIFETIME);
        let record = CodeRecord {
            hash: code.hash(),
            grant: GrantRecord {
                id: GrantId::new(uuid::Uuid::now_v7().to_string()),
                client: message.client,
                user: message.user,
                session: message.session,
                offline: message.scopes.contains("offline_access"),
                scopes: message.scopes,
                resources: message.resources,
                auth_time: message.auth_time,
                amr: message.amr,
                created_at: now,
                expires_at,
                ended_at: None,
            },
            redirect_uri: message.redirect_uri,
            redirect_uri_was_sent: message.redirect_uri_was_sent,
            nonce: message.nonce,
            code_challenge: message.code_challenge,
            expires_at,
        };
        self.store.issue_code(&record).await?;
        Ok(code)
    }
}
