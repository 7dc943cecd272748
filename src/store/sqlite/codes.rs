//! Authorization codes.

use super::SqliteStore;
use super::value::{Digest, GRANT, Json, Time, grant};
use crate::oauth::ids::{ClientId, GrantId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{CodeRecord, CodeRedemption};
use crate::store::{CODE_REPLAY_MEMORY, Codes, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

#[async_trait]
impl Codes for SqliteStore {
    async fn issue_code(&self, code: &CodeRecord) -> StoreResult<()> {
        let code = code.clone();
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO codes (hash, grant_id, client_id, user_id, session_id, offline, scopes, resources, auth_time, amr,
                        created_at, redirect_uri, redirect_uri_was_sent, nonce, code_challenge, expires_at, forget_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?16)",
                )?
                .execute(params![
                    Digest(code.hash),
                    code.grant.id.as_str(),
                    code.grant.client.as_str(),
                    code.grant.user.as_str(),
                    code.grant.session.as_str(),
                    code.grant.offline,
                    Json(&code.grant.scopes),
                    Json(&code.grant.resources),
                    Time(code.grant.auth_time),
                    Json(&code.grant.amr),
                    Time(code.grant.created_at),
                    code.redirect_uri,
                    code.redirect_uri_was_sent,
                    code.nonce,
                    code.code_challenge,
                    Time(code.expires_at),
                ])?;
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
        let (code, client) = (*code, client.clone());
        self.write(move |connection| match consume(connection, code, &client, now)? {
            true => open_grant(connection, code, grant_expires_at).map(|code| CodeRedemption::First(Box::new(code))),
            false => refuse(connection, code, &client, now),
        })
        .await
    }
}

/// The one conditional statement that decides who was first.
fn consume(connection: &Connection, code: TokenHash, client: &ClientId, now: Timestamp) -> StoreResult<bool> {
    let forget_at = now.saturating_add(CODE_REPLAY_MEMORY).unwrap_or(Timestamp::MAX);
    let consumed = connection
        .prepare_cached(
            "UPDATE codes SET consumed_at = ?1, forget_at = max(forget_at, ?4)
             WHERE hash = ?2 AND client_id = ?3 AND consumed_at IS NULL AND expires_at > ?1
                AND EXISTS (SELECT 1 FROM users u WHERE u.id = user_id AND u.disabled = 0)
                AND (offline = 1 OR EXISTS (SELECT 1 FROM sessions s WHERE s.id = session_id AND s.expires_at > ?1))",
        )?
        .execute(params![Time(now), Digest(code), client.as_str(), Time(forget_at)])?;
    Ok(consumed == 1)
}

fn open_grant(connection: &Connection, code: TokenHash, grant_expires_at: Timestamp) -> StoreResult<CodeRecord> {
    connection
        .prepare_cached(
            "INSERT INTO grants (id, client_id, user_id, session_id, offline, scopes, resources, auth_time, amr, created_at, expires_at)
             SELECT grant_id, client_id, user_id, session_id, offline, scopes, resources, auth_time, amr, created_at, ?2
             FROM codes WHERE hash = ?1",
        )?
        .execute(params![Digest(code), Time(grant_expires_at)])?;
    let sql = format!(
        "SELECT c.redirect_uri, c.redirect_uri_was_sent, c.nonce, c.code_challenge, c.expires_at, {GRANT}
         FROM codes c JOIN grants g ON g.id = c.grant_id WHERE c.hash = ?1"
    );
    let record = connection.prepare_cached(&sql)?.query_row([Digest(code)], |row| {
        Ok(CodeRecord {
            hash: code,
            grant: grant(row, 5)?,
            redirect_uri: row.get(0)?,
            redirect_uri_was_sent: row.get(1)?,
            nonce: row.get(2)?,
            code_challenge: row.get(3)?,
            expires_at: row.get::<_, Time>(4)?.0,
        })
    })?;
    Ok(record)
}

fn refuse(connection: &Connection, code: TokenHash, client: &ClientId, now: Timestamp) -> StoreResult<CodeRedemption> {
    let found: Option<(String, bool)> = connection
        .prepare_cached("SELECT grant_id, consumed_at IS NOT NULL FROM codes WHERE hash = ?1 AND client_id = ?2")?
        .query_row(params![Digest(code), client.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match found {
        None => CodeRedemption::Unknown,
        Some((_, false)) => CodeRedemption::Expired,
        Some((grant, true)) => {
            connection
                .prepare_cached("UPDATE grants SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL")?
                .execute(params![grant, Time(now)])?;
            CodeRedemption::Replayed(GrantId::new(grant))
        }
    })
}
