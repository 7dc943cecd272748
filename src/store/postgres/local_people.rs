//! People whom nobody declares.

use super::users::{COLUMNS, add_password, end, user, user_columns};
use super::value::{get, guarded, id, optional, text, time};
use super::{PostgresStore, lease};
use crate::oauth::ids::{UserId, UserStoreId};
use crate::store::declared::{self, keeper, name_digest};
use crate::store::records::{PasswordRecord, Person, UserProfile, UserRecord};
use crate::store::{LocalPeople, StoreResult};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

macro_rules! people {
    () => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", declared, own, coalesce((SELECT must_change FROM passwords p WHERE p.user_id = users.id), false) FROM users"
        )
    };
}

fn person(row: &Row) -> StoreResult<Person> {
    let user = user(row)?;
    Ok(Person {
        keeper: keeper(&user, get(row, COLUMNS)?, get(row, COLUMNS + 1)?),
        user,
        must_change: get(row, COLUMNS + 2)?,
    })
}

#[async_trait]
impl LocalPeople for PostgresStore {
    async fn add_user(
        &self,
        store: &UserStoreId,
        profile: &UserProfile,
        password: &PasswordRecord,
        now: Timestamp,
    ) -> StoreResult<Option<UserRecord>> {
        self.within(async {
            let record = UserRecord {
                id: declared::new_subject()?,
                store: store.clone(),
                profile: profile.clone(),
                updated_at: time(now),
                origin: None,
            };
            let name = name_digest(&profile.username);
            let sql = "INSERT INTO users (id, store, name_digest, username, email, email_verified, display_name, given_name, family_name,
                    groups, disabled, updated_at, attributes, declared, own)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, false, true)
                ON CONFLICT (store, name_digest) DO NOTHING";
            let mut lease = self.lease().await?;
            let transaction = lease.begin().await?;
            let added = lease::execute(
                &transaction,
                sql,
                &[
                    &id(&record.id),
                    &id(store),
                    &name.as_bytes().as_slice(),
                    &guarded(&profile.username),
                    &optional(profile.email.as_ref()),
                    &profile.email_verified,
                    &optional(profile.display_name.as_ref()),
                    &optional(profile.given_name.as_ref()),
                    &optional(profile.family_name.as_ref()),
                    &Json(&profile.groups),
                    &profile.disabled,
                    &record.updated_at,
                    &Json(&profile.attributes),
                ],
            )
            .await?
                == 1;
            if added {
                add_password(&transaction, &record.id, password).await?;
            }
            transaction.commit().await.map_err(|error| lease::fault(&error))?;
            lease.settled();
            Ok(added.then_some(record))
        })
        .await
    }

    async fn set_disabled(&self, user_id: &UserId, disabled: bool, now: Timestamp) -> StoreResult<bool> {
        self.within(async {
            let sql = "UPDATE users SET disabled = $2, own = true, updated_at = $3 WHERE id = $1 AND NOT declared
                AND NOT EXISTS (SELECT 1 FROM directory_people p WHERE p.user_id = users.id)";
            let mut lease = self.lease().await?;
            let transaction = lease.begin().await?;
            let changed = lease::execute(&transaction, sql, &[&id(user_id), &disabled, &time(now)]).await? == 1;
            if changed && disabled {
                end(&transaction, vec![id(user_id)], time(now)).await?;
            }
            transaction.commit().await.map_err(|error| lease::fault(&error))?;
            lease.settled();
            Ok(changed)
        })
        .await
    }

    async fn release_user(&self, user_id: &UserId) -> StoreResult<bool> {
        self.within(async {
            let sql = "UPDATE users SET own = false WHERE id = $1 AND own";
            Ok(self.lease().await?.execute(sql, &[&id(user_id)]).await? == 1)
        })
        .await
    }

    async fn person(&self, user_id: &UserId) -> StoreResult<Option<Person>> {
        self.within(async {
            let sql = concat!(people!(), " WHERE id = $1");
            let row = self.lease().await?.query_opt(sql, &[&id(user_id)]).await?;
            row.as_ref().map(person).transpose()
        })
        .await
    }

    async fn people(&self, store: Option<&UserStoreId>, after: Option<&UserId>, limit: u32) -> StoreResult<Vec<Person>> {
        self.within(async {
            // An index serves each form, and none that leaves a condition open.
            let within = if store.is_some() { "store = $1" } else { "$1::text IS NULL" };
            let beyond = if after.is_some() {
                "(store, left(username, 64) COLLATE \"C\", id) >
                    (SELECT u.store, left(u.username, 64) COLLATE \"C\", u.id FROM users u WHERE u.id = $2)"
            } else {
                "$2::text IS NULL"
            };
            let sql = [
                people!(),
                " WHERE ",
                within,
                " AND ",
                beyond,
                " ORDER BY store, left(username, 64) COLLATE \"C\", id LIMIT $3",
            ]
            .concat();
            let (store, after) = (store.map(id), after.map(id));
            let rows = self.lease().await?.query(&sql, &[&store, &after, &i64::from(limit)]).await?;
            rows.iter().map(person).collect()
        })
        .await
    }

    async fn local_stores(&self, limit: u32) -> StoreResult<Vec<UserStoreId>> {
        self.within(async {
            let sql = "SELECT DISTINCT store FROM users
                WHERE NOT EXISTS (SELECT 1 FROM directory_people p WHERE p.user_id = users.id) ORDER BY store LIMIT $1";
            let rows = self.lease().await?.query(sql, &[&i64::from(limit)]).await?;
            rows.iter().map(|row| Ok(UserStoreId::new(text(row, 0)?))).collect()
        })
        .await
    }
}
