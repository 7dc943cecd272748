//! People and their passwords.

use super::value::{get, guarded, id, json, optional, optional_text, text, time};
use super::{LONG, PostgresStore, lease};
use crate::oauth::ids::{UserId, UserStoreId};
use crate::store::declared::{self, KnownUser, external_digest, name_digest};
use crate::store::records::{Origin, PasswordRecord, UserProfile, UserRecord};
use crate::store::{ADDRESSEES, StoreError, StoreResult, Users};
use async_trait::async_trait;
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// The columns that [`user`] reads; as many as [`COLUMNS`].
macro_rules! user_columns {
    () => {
        "id, store, username, email, email_verified, display_name, given_name, family_name, groups, disabled, updated_at, attributes, \
         (SELECT external_id FROM directory_people p WHERE p.user_id = users.id), \
         (SELECT checked_at FROM directory_people p WHERE p.user_id = users.id)"
    };
}

pub(super) use user_columns;

/// Where columns are that come after these.
pub(super) const COLUMNS: usize = 14;

const BY_NAME: &str = concat!("SELECT ", user_columns!(), " FROM users WHERE store = $1 AND name_digest = $2");

pub(super) fn user(row: &Row) -> StoreResult<UserRecord> {
    Ok(UserRecord {
        id: UserId::new(text(row, 0)?),
        store: UserStoreId::new(text(row, 1)?),
        profile: UserProfile {
            username: text(row, 2)?,
            email: optional_text(row, 3)?,
            email_verified: get(row, 4)?,
            display_name: optional_text(row, 5)?,
            given_name: optional_text(row, 6)?,
            family_name: optional_text(row, 7)?,
            attributes: json(row, 11)?,
            groups: json(row, 8)?,
            disabled: get(row, 9)?,
        },
        updated_at: get(row, 10)?,
        origin: match (optional_text(row, 12)?, get(row, 13)?) {
            (Some(external_id), Some(checked_at)) => Some(Origin { external_id, checked_at }),
            _ => None,
        },
    })
}

#[async_trait]
impl Users for PostgresStore {
    async fn put_declared_users(&self, store: &UserStoreId, users: &[UserProfile], now: Timestamp) -> StoreResult<Vec<UserRecord>> {
        // Many users take their time; that the server answers at all is found out within the usual deadline.
        let mut lease = self
            .within(async {
                let mut lease = self.lease().await?;
                lease.query("SELECT 1", &[]).await?;
                Ok(lease)
            })
            .await?;
        self.at_most(LONG, async move {
            let transaction = lease.begin().await?;
            let answer = put_declared(&transaction, store, users, time(now)).await?;
            transaction.commit().await.map_err(|error| lease::fault(&error))?;
            lease.settled();
            Ok(answer)
        })
        .await
    }

    async fn put_directory_user(
        &self,
        store: &UserStoreId,
        external_id: &str,
        profile: &UserProfile,
        now: Timestamp,
    ) -> StoreResult<UserRecord> {
        self.within(async {
            let mut lease = self.lease().await?;
            let transaction = lease.begin().await?;
            let answer = put_from_directory(&transaction, store, external_id, profile, time(now)).await?;
            transaction.commit().await.map_err(|error| lease::fault(&error))?;
            lease.settled();
            Ok(answer)
        })
        .await
    }

    async fn directory_user(&self, store: &UserStoreId, external_id: &str) -> StoreResult<Option<UserRecord>> {
        self.within(async {
            let digest = external_digest(external_id);
            let mut lease = self.lease().await?;
            let row = lease.query_opt(BY_NAME, &[&id(store), &digest.as_bytes().as_slice()]).await?;
            row.as_ref().map(user).transpose()
        })
        .await
    }

    async fn users_by_verified_email(&self, stores: &[UserStoreId], email: &str) -> StoreResult<Vec<UserRecord>> {
        self.within(async {
            let sql = concat!(
                "SELECT ",
                user_columns!(),
                " FROM users WHERE lower(left(email, 320) COLLATE \"C\") = $1 AND email_verified AND store = ANY($2) ORDER BY id LIMIT $3"
            );
            let stores: Vec<String> = stores.iter().map(id).collect();
            let email = email.to_ascii_lowercase();
            let mut lease = self.lease().await?;
            let rows = lease.query(sql, &[&guarded(&email), &stores, &i64::from(ADDRESSEES)]).await?;
            rows.iter().map(user).collect()
        })
        .await
    }

    async fn link_user(&self, provider: &UserStoreId, external_id: &str, user: &UserId, now: Timestamp) -> StoreResult<UserId> {
        self.within(async {
            let sql = "INSERT INTO identity_links (provider, digest, external_id, user_id, linked_at) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (provider, digest) DO UPDATE SET external_id = excluded.external_id RETURNING user_id";
            let digest = external_digest(external_id);
            let mut lease = self.lease().await?;
            let row = lease
                .query_opt(
                    sql,
                    &[
                        &id(provider),
                        &digest.as_bytes().as_slice(),
                        &guarded(external_id),
                        &id(user),
                        &time(now),
                    ],
                )
                .await?;
            let row = row.ok_or_else(|| StoreError::Corrupt("a link that was just written is not there".to_owned()))?;
            Ok(UserId::new(text(&row, 0)?))
        })
        .await
    }

    async fn linked_user(&self, provider: &UserStoreId, external_id: &str) -> StoreResult<Option<UserRecord>> {
        self.within(async {
            let sql = concat!(
                "SELECT ",
                user_columns!(),
                " FROM users WHERE id = (SELECT user_id FROM identity_links WHERE provider = $1 AND digest = $2)"
            );
            let digest = external_digest(external_id);
            let mut lease = self.lease().await?;
            let row = lease.query_opt(sql, &[&id(provider), &digest.as_bytes().as_slice()]).await?;
            row.as_ref().map(user).transpose()
        })
        .await
    }

    async fn user(&self, user_id: &UserId) -> StoreResult<Option<UserRecord>> {
        self.within(async {
            let sql = concat!("SELECT ", user_columns!(), " FROM users WHERE id = $1");
            self.lease()
                .await?
                .query_opt(sql, &[&id(user_id)])
                .await?
                .as_ref()
                .map(user)
                .transpose()
        })
        .await
    }

    async fn user_by_name(&self, store: &UserStoreId, username: &str) -> StoreResult<Option<UserRecord>> {
        self.within(async {
            let name = name_digest(username);
            let row = self
                .lease()
                .await?
                .query_opt(BY_NAME, &[&id(store), &name.as_bytes().as_slice()])
                .await?;
            row.as_ref().map(user).transpose()
        })
        .await
    }

    async fn password(&self, user_id: &UserId) -> StoreResult<Option<PasswordRecord>> {
        self.within(async {
            let sql = "SELECT hash, declared_hash, changed_at, must_change FROM passwords WHERE user_id = $1";
            let Some(row) = self.lease().await?.query_opt(sql, &[&id(user_id)]).await? else {
                return Ok(None);
            };
            Ok(Some(PasswordRecord {
                hash: text(&row, 0)?,
                declared_hash: optional_text(&row, 1)?,
                changed_at: get(&row, 2)?,
                must_change: get(&row, 3)?,
            }))
        })
        .await
    }

    async fn replace_password(
        &self,
        user_id: &UserId,
        expected: Option<&PasswordRecord>,
        password: &PasswordRecord,
        ended_at: Option<Timestamp>,
    ) -> StoreResult<bool> {
        self.within(async {
            let mut lease = self.lease().await?;
            let transaction = lease.begin().await?;
            let replaced = match expected {
                None => add_password(&transaction, user_id, password).await?,
                Some(expected) => {
                    let sql = "UPDATE passwords SET hash = $2, declared_hash = $3, changed_at = $4, must_change = $5
                        WHERE user_id = $1 AND hash = $6 AND changed_at = $7";
                    let (hash, declared) = (guarded(&password.hash), optional(password.declared_hash.as_ref()));
                    let changed = lease::execute(
                        &transaction,
                        sql,
                        &[
                            &id(user_id),
                            &hash,
                            &declared,
                            &time(password.changed_at),
                            &password.must_change,
                            &guarded(&expected.hash),
                            &time(expected.changed_at),
                        ],
                    )
                    .await?;
                    changed == 1
                }
            };
            if let Some(now) = ended_at.filter(|_| replaced) {
                end(&transaction, vec![id(user_id)], time(now)).await?;
            }
            transaction.commit().await.map_err(|error| lease::fault(&error))?;
            lease.settled();
            Ok(replaced)
        })
        .await
    }
}

/// Whether there was none before.
pub(super) async fn add_password(transaction: &Transaction<'_>, user_id: &UserId, password: &PasswordRecord) -> StoreResult<bool> {
    let sql = "INSERT INTO passwords (user_id, hash, declared_hash, changed_at, must_change) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (user_id) DO NOTHING";
    let (hash, declared) = (guarded(&password.hash), optional(password.declared_hash.as_ref()));
    let added = lease::execute(
        transaction,
        sql,
        &[&id(user_id), &hash, &declared, &time(password.changed_at), &password.must_change],
    )
    .await?;
    Ok(added == 1)
}

/// One replica at a time does this to a store; the others then find nothing to change.
async fn put_declared(
    transaction: &Transaction<'_>,
    store: &UserStoreId,
    users: &[UserProfile],
    now: Timestamp,
) -> StoreResult<Vec<UserRecord>> {
    let limit = format!("SET LOCAL statement_timeout = {}", LONG.as_millis());
    transaction.batch_execute(&limit).await.map_err(|error| lease::fault(&error))?;
    lease::query(transaction, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[&id(store)]).await?;
    let names: Vec<Vec<u8>> = users
        .iter()
        .map(|profile| name_digest(&profile.username).as_bytes().to_vec())
        .collect();
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        ", declared, own FROM users WHERE store = $1 AND (declared OR name_digest = ANY($2))"
    );
    let mut known = Vec::new();
    for row in lease::query(transaction, sql, &[&id(store), &names]).await? {
        known.push(KnownUser {
            record: user(&row)?,
            declared: get(&row, COLUMNS)?,
            own: get(&row, COLUMNS + 1)?,
        });
    }
    let plan = declared::plan(store, known, users, now, declared::new_subject)?;
    if !plan.write.is_empty() {
        write(transaction, &plan.write).await?;
    }
    if !plan.drop.is_empty() {
        let dropped: Vec<String> = plan.drop.iter().map(id).collect();
        let sql = "UPDATE users SET disabled = true, declared = false, updated_at = $2 WHERE id = ANY($1)";
        lease::execute(transaction, sql, &[&dropped, &now]).await?;
    }
    if !plan.end.is_empty() {
        end(transaction, plan.end.iter().map(id).collect(), now).await?;
    }
    Ok(plan.answer)
}

/// Ends what users had.
pub(super) async fn end(transaction: &Transaction<'_>, users: Vec<String>, now: Timestamp) -> StoreResult<()> {
    lease::execute(transaction, "DELETE FROM sessions WHERE user_id = ANY($1)", &[&users]).await?;
    // Whoever is out, or whose password is another, is asked for everything again.
    lease::execute(transaction, "DELETE FROM remembered_devices WHERE user_id = ANY($1)", &[&users]).await?;
    lease::execute(
        transaction,
        "DELETE FROM codes WHERE user_id = ANY($1) AND consumed_at IS NULL",
        &[&users],
    )
    .await?;
    // A statement of its own: it sees the grant of a code that was being redeemed while the line above waited for it.
    let sql = "UPDATE grants SET ended_at = $2 WHERE id IN
        (SELECT id FROM grants WHERE user_id = ANY($1) AND ended_at IS NULL ORDER BY id FOR UPDATE)";
    lease::execute(transaction, sql, &[&users, &now]).await?;
    Ok(())
}

/// A profile that is the same leaves the row alone: other servers are not told of nothing.
async fn put_from_directory(
    transaction: &Transaction<'_>,
    store: &UserStoreId,
    external_id: &str,
    profile: &UserProfile,
    now: Timestamp,
) -> StoreResult<UserRecord> {
    let digest = external_digest(external_id);
    let sql = "INSERT INTO users (id, store, name_digest, username, email, email_verified, display_name, given_name, family_name,
            groups, disabled, updated_at, attributes, declared)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, false)
        ON CONFLICT (store, name_digest) DO UPDATE SET username = excluded.username, email = excluded.email,
            email_verified = excluded.email_verified, display_name = excluded.display_name, given_name = excluded.given_name,
            family_name = excluded.family_name, groups = excluded.groups, disabled = excluded.disabled, updated_at = excluded.updated_at,
            attributes = excluded.attributes
        WHERE (users.username, users.email, users.email_verified, users.display_name, users.given_name, users.family_name,
                users.groups::text, users.disabled, users.attributes::text)
            IS DISTINCT FROM (excluded.username, excluded.email, excluded.email_verified, excluded.display_name,
                excluded.given_name, excluded.family_name, excluded.groups::text, excluded.disabled,
                excluded.attributes::text)";
    lease::execute(
        transaction,
        sql,
        &[
            &id(&declared::new_subject()?),
            &id(store),
            &digest.as_bytes().as_slice(),
            &guarded(&profile.username),
            &optional(profile.email.as_ref()),
            &profile.email_verified,
            &optional(profile.display_name.as_ref()),
            &optional(profile.given_name.as_ref()),
            &optional(profile.family_name.as_ref()),
            &Json(&profile.groups),
            &profile.disabled,
            &now,
            &Json(&profile.attributes),
        ],
    )
    .await?;
    let sql = "INSERT INTO directory_people (user_id, external_id, checked_at)
        SELECT id, $3, $4 FROM users WHERE store = $1 AND name_digest = $2
        ON CONFLICT (user_id) DO UPDATE SET checked_at = greatest(directory_people.checked_at, excluded.checked_at)";
    let key: &[u8] = digest.as_bytes();
    lease::execute(transaction, sql, &[&id(store), &key, &guarded(external_id), &now]).await?;
    let rows = lease::query(transaction, BY_NAME, &[&id(store), &key]).await?;
    let row = rows
        .first()
        .ok_or_else(|| StoreError::Corrupt("a row that was just written is not there".to_owned()))?;
    let record = user(row)?;
    if record.profile.disabled {
        end(transaction, vec![id(&record.id)], now).await?;
    }
    Ok(record)
}

/// All rows in one statement: thousands of users must not mean thousands of round trips.
async fn write(transaction: &Transaction<'_>, records: &[UserRecord]) -> StoreResult<()> {
    let sql = "INSERT INTO users (id, store, name_digest, username, email, email_verified, display_name, given_name, family_name,
            groups, disabled, updated_at, attributes, declared)
        SELECT *, true FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::text[],
            $9::text[], $10::json[], $11::boolean[], $12::timestamptz[], $13::json[])
        ON CONFLICT (id) DO UPDATE SET username = excluded.username, email = excluded.email,
            email_verified = excluded.email_verified, display_name = excluded.display_name, given_name = excluded.given_name,
            family_name = excluded.family_name, groups = excluded.groups, disabled = excluded.disabled, declared = true,
            updated_at = excluded.updated_at, attributes = excluded.attributes";
    let names: Vec<Vec<u8>> = records
        .iter()
        .map(|record| name_digest(&record.profile.username).as_bytes().to_vec())
        .collect();
    let all = |column: fn(&UserProfile) -> Option<&String>| -> Vec<_> {
        records.iter().map(|record| optional(column(&record.profile))).collect()
    };
    let flags = |column: fn(&UserProfile) -> bool| -> Vec<bool> { records.iter().map(|record| column(&record.profile)).collect() };
    lease::execute(
        transaction,
        sql,
        &[
            &records.iter().map(|record| id(&record.id)).collect::<Vec<_>>(),
            &records.iter().map(|record| id(&record.store)).collect::<Vec<_>>(),
            &names,
            &all(|profile| Some(&profile.username)),
            &all(|profile| profile.email.as_ref()),
            &flags(|profile| profile.email_verified),
            &all(|profile| profile.display_name.as_ref()),
            &all(|profile| profile.given_name.as_ref()),
            &all(|profile| profile.family_name.as_ref()),
            &records.iter().map(|record| Json(&record.profile.groups)).collect::<Vec<_>>(),
            &flags(|profile| profile.disabled),
            &records.iter().map(|record| time(record.updated_at)).collect::<Vec<_>>(),
            &records.iter().map(|record| Json(&record.profile.attributes)).collect::<Vec<_>>(),
        ],
    )
    .await?;
    Ok(())
}
