//! What people allowed.

use super::value::{get, id, scopes, scopes_at, text, time};
use super::{PostgresStore, lease};
use crate::oauth::ids::{ClientId, UserId};
use crate::oauth::scope::Scopes;
use crate::store::records::ConsentRecord;
use crate::store::{Consents, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;

#[async_trait]
impl Consents for PostgresStore {
    async fn consent(&self, user: &UserId, client: &ClientId) -> StoreResult<Option<ConsentRecord>> {
        self.within(async {
            let sql = "SELECT scopes, given_at, updated_at FROM consents WHERE user_id = $1 AND client_id = $2";
            let Some(row) = self.lease().await?.query_opt(sql, &[&id(user), &id(client)]).await? else {
                return Ok(None);
            };
            Ok(Some(ConsentRecord {
                scopes: scopes_at(&row, 0)?,
                given_at: get(&row, 1)?,
                updated_at: get(&row, 2)?,
            }))
        })
        .await
    }

    async fn consents_of(&self, user: &UserId, most: u32) -> StoreResult<Vec<(ClientId, ConsentRecord)>> {
        self.within(async {
            let sql =
                "SELECT scopes, given_at, updated_at, client_id FROM consents WHERE user_id = $1 ORDER BY client_id COLLATE \"C\" LIMIT $2";
            let mut consents = Vec::new();
            for row in self.lease().await?.query(sql, &[&id(user), &i64::from(most)]).await? {
                let consent = ConsentRecord {
                    scopes: scopes_at(&row, 0)?,
                    given_at: get(&row, 1)?,
                    updated_at: get(&row, 2)?,
                };
                consents.push((ClientId::new(text(&row, 3)?), consent));
            }
            Ok(consents)
        })
        .await
    }

    async fn give_consent(&self, user: &UserId, client: &ClientId, given: &Scopes, now: Timestamp) -> StoreResult<()> {
        self.within(async {
            let sql = "INSERT INTO consents AS c (user_id, client_id, scopes, given_at, updated_at) VALUES ($1, $2, $3, $4, $4)
                ON CONFLICT (user_id, client_id) DO UPDATE SET updated_at = excluded.updated_at,
                    scopes = ARRAY(SELECT unnest(c.scopes) UNION SELECT unnest(excluded.scopes))";
            let mut lease = self.lease().await?;
            lease.execute(sql, &[&id(user), &id(client), &scopes(given), &time(now)]).await?;
            Ok(())
        })
        .await
    }

    async fn withdraw_consent(&self, user: &UserId, client: &ClientId, now: Timestamp) -> StoreResult<()> {
        self.within(async {
            let (user, client, now) = (id(user), id(client), time(now));
            let mut lease = self.lease().await?;
            let transaction = lease.begin().await?;
            let sql = "WITH consent AS (DELETE FROM consents WHERE user_id = $1 AND client_id = $2)
                DELETE FROM codes WHERE user_id = $1 AND client_id = $2 AND consumed_at IS NULL";
            lease::execute(&transaction, sql, &[&user, &client]).await?;
            // A statement of its own: it sees the grant of a code that was being redeemed while the one above waited for it.
            let sql = "UPDATE grants SET ended_at = $3 WHERE id IN
                (SELECT id FROM grants WHERE user_id = $1 AND client_id = $2 AND ended_at IS NULL ORDER BY id FOR UPDATE)";
            lease::execute(&transaction, sql, &[&user, &client, &now]).await?;
            // Who ends a session just now takes its row along, and must not be waited for: they may wait for the grants above.
            let sql = "WITH joined AS (
                    SELECT c.session_id, c.joined_at, s.expires_at FROM sessions s JOIN session_clients c ON c.session_id = s.id AND c.client_id = $2
                    WHERE s.user_id = $1 FOR UPDATE OF c SKIP LOCKED
                ), moved AS (
                    DELETE FROM session_clients c USING joined j WHERE c.session_id = j.session_id AND c.client_id = $2
                    RETURNING c.session_id, j.joined_at, j.expires_at
                )
                INSERT INTO logouts (id, session_id, user_id, client_id, joined_at, forget_at)
                SELECT gen_random_uuid()::text, session_id, $1, $2, joined_at, expires_at + interval '1 day' FROM moved";
            lease::execute(&transaction, sql, &[&user, &client]).await?;
            transaction.commit().await.map_err(|error| lease::fault(&error))?;
            lease.settled();
            Ok(())
        })
        .await
    }
}
