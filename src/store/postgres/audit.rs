//! The audit trail.

use super::PostgresStore;
use super::value::{get, guarded, id, json, optional_text, text, time};
use crate::oauth::ids::{ClientId, UserId};
use crate::store::records::AuditEvent;
use crate::store::{Audit, StoreResult};
use async_trait::async_trait;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

fn event(row: &Row) -> StoreResult<AuditEvent> {
    Ok(AuditEvent {
        at: get(row, 0)?,
        kind: text(row, 1)?,
        user: optional_text(row, 2)?.map(UserId::new),
        client: optional_text(row, 3)?.map(ClientId::new),
        details: json(row, 4)?,
    })
}

#[async_trait]
impl Audit for PostgresStore {
    async fn append_audit(&self, events: &[AuditEvent]) -> StoreResult<()> {
        if events.is_empty() {
            return Ok(());
        }
        self.within(async {
            let sql = "INSERT INTO audit (at, kind, user_id, client_id, details)
                SELECT at, kind, user_id, client_id, details
                FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::json[])
                    WITH ORDINALITY AS e (at, kind, user_id, client_id, details, number)
                ORDER BY number";
            let mut lease = self.lease().await?;
            lease
                .execute(
                    sql,
                    &[
                        &events.iter().map(|event| time(event.at)).collect::<Vec<_>>(),
                        &events.iter().map(|event| guarded(&event.kind)).collect::<Vec<_>>(),
                        &events.iter().map(|event| event.user.as_ref().map(id)).collect::<Vec<_>>(),
                        &events.iter().map(|event| event.client.as_ref().map(id)).collect::<Vec<_>>(),
                        &events.iter().map(|event| Json(&event.details)).collect::<Vec<_>>(),
                    ],
                )
                .await?;
            Ok(())
        })
        .await
    }

    async fn audit_of(&self, user: &UserId, limit: u32) -> StoreResult<Vec<AuditEvent>> {
        self.within(async {
            let sql = "SELECT at, kind, user_id, client_id, details FROM audit WHERE user_id = $1 ORDER BY seq DESC LIMIT $2";
            let mut lease = self.lease().await?;
            let rows = lease.query(sql, &[&id(user), &i64::from(limit)]).await?;
            rows.iter().map(event).collect()
        })
        .await
    }

    async fn recent_audit(&self, limit: u32) -> StoreResult<Vec<AuditEvent>> {
        self.within(async {
            let sql = "SELECT at, kind, user_id, client_id, details FROM audit ORDER BY seq DESC LIMIT $1";
            self.lease()
                .await?
                .query(sql, &[&i64::from(limit)])
                .await?
                .iter()
                .map(event)
                .collect()
        })
        .await
    }
}
