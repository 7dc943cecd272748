//! The audit trail.

use super::SqliteStore;
use super::value::{Json, Time};
use crate::oauth::ids::{ClientId, UserId};
use crate::store::records::AuditEvent;
use crate::store::{Audit, StoreResult};
use async_trait::async_trait;
use rusqlite::{Row, params};

fn event(row: &Row<'_>) -> rusqlite::Result<AuditEvent> {
    Ok(AuditEvent {
        at: row.get::<_, Time>(0)?.0,
        kind: row.get(1)?,
        user: row.get::<_, Option<String>>(2)?.map(UserId::new),
        client: row.get::<_, Option<String>>(3)?.map(ClientId::new),
        details: row.get::<_, Json<_>>(4)?.0,
    })
}

#[async_trait]
impl Audit for SqliteStore {
    async fn append_audit(&self, events: &[AuditEvent]) -> StoreResult<()> {
        let events = events.to_vec();
        self.write(move |connection| {
            let mut statement =
                connection.prepare_cached("INSERT INTO audit (at, kind, user_id, client_id, details) VALUES (?1, ?2, ?3, ?4, ?5)")?;
            for event in &events {
                statement.execute(params![
                    Time(event.at),
                    event.kind,
                    event.user.as_ref().map(UserId::as_str),
                    event.client.as_ref().map(ClientId::as_str),
                    Json(&event.details),
                ])?;
            }
            Ok(())
        })
        .await
    }

    async fn audit_of(&self, user: &UserId, limit: u32) -> StoreResult<Vec<AuditEvent>> {
        let user = user.clone();
        self.read(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT at, kind, user_id, client_id, details FROM audit WHERE user_id = ?1 ORDER BY seq DESC LIMIT ?2")?;
            let events = statement.query_map(params![user.as_str(), limit], event)?;
            Ok(events.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn recent_audit(&self, limit: u32) -> StoreResult<Vec<AuditEvent>> {
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT at, kind, user_id, client_id, details FROM audit ORDER BY seq DESC LIMIT ?1")?;
            let events = statement.query_map([limit], event)?;
            Ok(events.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}
