//! Authorization codes.

use super::PostgresStore;
use super::value::{get, grant, grant_columns, guarded, id, optional, optional_text, scopes, text, time};
use crate::oauth::ids::{ClientId, GrantId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{CodeRecord, CodeRedemption};
use crate::store::{CODE_REPLAY_MEMORY, Codes, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::types::Json;

/// Decides who is first, and opens the grant. A parallel call waits for the row, sees `consumed_at`, and gets no row.
const REDEEM: &str = concat!(
    "WITH used AS (
        UPDATE codes c SET consumed_at = $1, forget_at = greatest(forget_at, $4)
        WHERE hash = $2 AND client_id = $3 AND consumed_at IS NULL AND expires_at > $1
            AND EXISTS (SELECT 1 FROM users u WHERE u.id = c.user_id AND NOT u.disabled)
            AND (offline OR EXISTS (SELECT 1 FROM sessions s WHERE s.id = c.session_id AND s.expires_at > $1))
        RETURNING *
    ), g AS (
        INSERT INTO grants (id, client_id, user_id, session_id, offline, scopes, resources, auth_time, amr, created_at, expires_at)
        SELECT grant_id, client_id, user_id, session_id, offline, scopes, resources, auth_time, amr, created_at, $5 FROM used
        RETURNING *
    )
    SELECT used.redirect_uri, used.redirect_uri_was_sent, used.nonce, used.code_challenge, used.expires_at, ",
    grant_columns!(),
    " FROM used, g"
);

/// Why it was not first; a replay ends the grant.
const REFUSE: &str = "WITH found AS (
        SELECT grant_id, consumed_at IS NOT NULL AS consumed FROM codes WHERE hash = $2 AND client_id = $3
    ), ended AS (
        UPDATE grants g SET ended_at = $1 FROM found WHERE g.id = found.grant_id AND found.consumed AND g.ended_at IS NULL
    )
    SELECT grant_id, consumed FROM found";

#[async_trait]
impl Codes for PostgresStore {
    async fn issue_code(&self, code: &CodeRecord) -> StoreResult<()> {
        self.within(async {
            let sql = "INSERT INTO codes (hash, grant_id, client_id, user_id, session_id, offline, scopes, resources, auth_time, amr,
                    created_at, redirect_uri, redirect_uri_was_sent, nonce, code_challenge, expires_at, forget_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)";
            let mut lease = self.lease().await?;
            lease
                .execute(
                    sql,
                    &[
                        &code.hash.as_bytes().as_slice(),
                        &id(&code.grant.id),
                        &id(&code.grant.client),
                        &id(&code.grant.user),
                        &id(&code.grant.session),
                        &code.grant.offline,
                        &scopes(&code.grant.scopes),
                        &Json(&code.grant.resources),
                        &time(code.grant.auth_time),
                        &Json(&code.grant.amr),
                        &time(code.grant.created_at),
                        &guarded(&code.redirect_uri),
                        &code.redirect_uri_was_sent,
                        &optional(code.nonce.as_ref()),
                        &optional(code.code_challenge.as_ref()),
                        &time(code.expires_at),
                    ],
                )
                .await?;
            Ok(())
        })
        .await
    }

    async fn redeem_code(
        &self,
        code: &TokenHash,
        client: &ClientId,
        now: Timestamp,
        grant_expires_at: Timestamp,
    ) -> StoreResult<CodeRedemption> {
        self.within(async {
            let (hash, client, now) = (code.as_bytes().as_slice(), id(client), time(now));
            let forget_at = time(now.saturating_add(CODE_REPLAY_MEMORY).unwrap_or(Timestamp::MAX));
            let mut lease = self.lease().await?;
            let first = lease
                .query_opt(REDEEM, &[&now, &hash, &client, &forget_at, &time(grant_expires_at)])
                .await?;
            if let Some(row) = first {
                return Ok(CodeRedemption::First(Box::new(CodeRecord {
                    hash: *code,
                    grant: grant(&row, 5)?,
                    redirect_uri: text(&row, 0)?,
                    redirect_uri_was_sent: get(&row, 1)?,
                    nonce: optional_text(&row, 2)?,
                    code_challenge: optional_text(&row, 3)?,
                    expires_at: get(&row, 4)?,
                })));
            }
            let Some(row) = lease.query_opt(REFUSE, &[&now, &hash, &client]).await? else {
                return Ok(CodeRedemption::Unknown);
            };
            if get(&row, 1)? {
                Ok(CodeRedemption::Replayed(GrantId::new(text(&row, 0)?)))
            } else {
                Ok(CodeRedemption::Expired)
            }
        })
        .await
    }
}
