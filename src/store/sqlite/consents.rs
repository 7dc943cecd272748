//! What people allowed.

use super::SqliteStore;
use super::value::{Json, Time};
use crate::oauth::ids::{ClientId, UserId};
use crate::oauth::scope::Scopes;
use crate::store::records::ConsentRecord;
use crate::store::{Consents, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

fn find(connection: &Connection, user: &UserId, client: &ClientId) -> StoreResult<Option<ConsentRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT scopes, given_at, updated_at FROM consents WHERE user_id = ?1 AND client_id = ?2")?;
    let consent = statement.query_row([user.as_str(), client.as_str()], consent);
    Ok(consent.optional()?)
}

fn consent(row: &Row<'_>) -> rusqlite::Result<ConsentRecord> {
    Ok(ConsentRecord {
        scopes: row.get::<_, Json<Scopes>>(0)?.0,
        given_at: row.get::<_, Time>(1)?.0,
        updated_at: row.get::<_, Time>(2)?.0,
    })
}

#[async_trait]
impl Consents for SqliteStore {
    async fn consent(&self, user: &UserId, client: &ClientId) -> StoreResult<Option<ConsentRecord>> {
        let (user, client) = (user.clone(), client.clone());
        self.read(move |connection| find(connection, &user, &client)).await
    }

    async fn consents_of(&self, user: &UserId, most: u32) -> StoreResult<Vec<(ClientId, ConsentRecord)>> {
        let user = user.clone();
        self.read(move |connection| {
            let sql = "SELECT scopes, given_at, updated_at, client_id FROM consents WHERE user_id = ?1 ORDER BY client_id LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![user.as_str(), most], |row| {
                Ok((ClientId::new(row.get::<_, String>(3)?), consent(row)?))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn give_consent(&self, user: &UserId, client: &ClientId, scopes: &Scopes, now: Timestamp) -> StoreResult<()> {
        let (user, client, scopes) = (user.clone(), client.clone(), scopes.clone());
        self.write(move |connection| {
            // The writer is alone: nobody widens the consent between this look and the change.
            let earlier = find(connection, &user, &client)?;
            let all = earlier.map_or_else(|| scopes.clone(), |consent| consent.scopes.union(&scopes));
            connection
                .prepare_cached(
                    "INSERT INTO consents (user_id, client_id, scopes, given_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
                     ON CONFLICT (user_id, client_id) DO UPDATE SET scopes = excluded.scopes, updated_at = excluded.updated_at",
                )?
                .execute(params![user.as_str(), client.as_str(), Json(&all), Time(now)])?;
            Ok(())
        })
        .await
    }

    async fn withdraw_consent(&self, user: &UserId, client: &ClientId, now: Timestamp) -> StoreResult<()> {
        let (user, client) = (user.clone(), client.clone());
        self.write(move |connection| {
            let both = [user.as_str(), client.as_str()];
            connection
                .prepare_cached("DELETE FROM consents WHERE user_id = ?1 AND client_id = ?2")?
                .execute(both)?;
            connection
                .prepare_cached("DELETE FROM codes WHERE user_id = ?1 AND client_id = ?2 AND consumed_at IS NULL")?
                .execute(both)?;
            connection
                .prepare_cached("UPDATE grants SET ended_at = ?3 WHERE user_id = ?1 AND client_id = ?2 AND ended_at IS NULL")?
                .execute(params![user.as_str(), client.as_str(), Time(now)])?;
            connection
                .prepare_cached(
                    "INSERT INTO logouts (id, session_id, user_id, client_id, joined_at, forget_at)
                     SELECT lower(hex(randomblob(16))), s.id, ?1, c.client_id, c.joined_at, s.expires_at + 86400000000
                     FROM sessions s JOIN session_clients c ON c.session_id = s.id AND c.client_id = ?2 WHERE s.user_id = ?1",
                )?
                .execute(both)?;
            connection
                .prepare_cached(
                    "DELETE FROM session_clients WHERE client_id = ?2 AND session_id IN (SELECT id FROM sessions WHERE user_id = ?1)",
                )?
                .execute(both)?;
            Ok(())
        })
        .await
    }
}
