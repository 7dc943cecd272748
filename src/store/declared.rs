//! How a store's users become the ones that manifests declare: the decision, without a database.

use super::records::{Keeper, UserProfile, UserRecord};
use super::{StoreError, StoreResult};
use crate::oauth::ids::{UserId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use jiff::Timestamp;
use std::collections::HashMap;

/// A row as it is now.
pub(super) struct KnownUser {
    pub record: UserRecord,
    /// A manifest declared this user until now
    pub declared: bool,
    /// Made by hand: not a manifest's to take
    pub own: bool,
}

/// What must be written.
#[derive(Default)]
pub(super) struct Plan {
    /// New rows, and rows with another profile; all of them are declared from now on
    pub write: Vec<UserRecord>,
    /// Rows that are no longer declared: to be disabled
    pub drop: Vec<UserId>,
    /// Whose sessions and grants end
    pub end: Vec<UserId>,
    /// The records in the order of the profiles, without those whose names are taken
    pub answer: Vec<UserRecord>,
}

/// Who keeps a user, by what their row says.
pub(super) const fn keeper(user: &UserRecord, declared: bool, own: bool) -> Keeper {
    match (&user.origin, declared, own) {
        (Some(_), ..) => Keeper::Directory,
        (None, true, _) => Keeper::Manifest,
        (None, false, true) => Keeper::Hand,
        (None, false, false) => Keeper::Nobody,
    }
}

/// What a username is found by: case does not matter, and a name of any length or content fits an index.
pub(super) fn name_digest(username: &str) -> TokenHash {
    TokenHash::of(&username.to_lowercase())
}

/// What a person of a directory is found by, among the names of its store. No name looks like this: names have no NUL.
pub(super) fn external_digest(external_id: &str) -> TokenHash {
    TokenHash::of(&format!("\0directory {external_id}"))
}

/// Compares. `known` must hold every declared row of the store and every row with one of the wanted names. If a name comes
/// twice, its first profile counts.
///
/// # Errors
/// Those of `new_id`.
pub(super) fn plan(
    store: &UserStoreId,
    known: Vec<KnownUser>,
    wanted: &[UserProfile],
    now: Timestamp,
    mut new_id: impl FnMut() -> StoreResult<UserId>,
) -> StoreResult<Plan> {
    let mut plan = Plan::default();
    let mut known: HashMap<TokenHash, KnownUser> = known
        .into_iter()
        .map(|user| (name_digest(&user.record.profile.username), user))
        .collect();
    let mut done: HashMap<TokenHash, UserRecord> = HashMap::new();
    for profile in wanted {
        let name = name_digest(&profile.username);
        if let Some(record) = done.get(&name) {
            plan.answer.push(record.clone());
            continue;
        }
        if known.get(&name).is_some_and(|user| user.own) {
            continue;
        }
        let record = match known.remove(&name) {
            Some(user) if user.declared && user.record.profile == *profile => user.record,
            Some(user) => {
                let changed = user.record.profile != *profile;
                if profile.disabled && !user.record.profile.disabled {
                    plan.end.push(user.record.id.clone());
                }
                let record = UserRecord {
                    profile: profile.clone(),
                    updated_at: if changed { now } else { user.record.updated_at },
                    ..user.record
                };
                plan.write.push(record.clone());
                record
            }
            None => {
                let record = UserRecord {
                    id: new_id()?,
                    store: store.clone(),
                    profile: profile.clone(),
                    updated_at: now,
                    origin: None,
                };
                plan.write.push(record.clone());
                record
            }
        };
        plan.answer.push(record.clone());
        done.insert(name, record);
    }
    for user in known.into_values().filter(|user| user.declared) {
        plan.drop.push(user.record.id.clone());
        plan.end.push(user.record.id);
    }
    plan.drop.sort();
    plan.end.sort();
    Ok(plan)
}

/// A fresh subject: 122 random bits, so that it tells nothing about the person (a time-ordered one would tell its age).
///
/// # Errors
/// [`StoreError::Unavailable`] if the system's generator fails.
pub(super) fn new_subject() -> StoreResult<UserId> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| StoreError::Unavailable("the system gives no random numbers".to_owned()))?;
    Ok(UserId::new(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str) -> UserProfile {
        UserProfile {
            username: name.to_owned(),
            ..UserProfile::default()
        }
    }

    fn known(id: &str, name: &str, declared: bool) -> KnownUser {
        KnownUser {
            record: UserRecord {
                id: UserId::new(id),
                store: UserStoreId::new("demo/people"),
                profile: profile(name),
                updated_at: Timestamp::UNIX_EPOCH,
                origin: None,
            },
            declared,
            own: false,
        }
    }

    fn decide(known: Vec<KnownUser>, wanted: &[UserProfile]) -> Plan {
        let mut ids = 0;
        plan(&UserStoreId::new("demo/people"), known, wanted, Timestamp::MAX, || {
            ids += 1;
            Ok(UserId::new(format!("new-{ids}")))
        })
        .unwrap()
    }

    #[test]
    fn writes_nothing_when_nothing_changed() {
        let plan = decide(vec![known("1", "Ann", true)], &[profile("Ann")]);
        assert!(plan.write.is_empty() && plan.drop.is_empty() && plan.end.is_empty());
        assert_eq!(plan.answer[0].updated_at, Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn keeps_the_id_of_a_name_in_another_case() {
        let plan = decide(vec![known("1", "ann", true)], &[profile("ANN")]);
        assert_eq!(plan.write[0].id, UserId::new("1"));
        assert_eq!(plan.write[0].profile.username, "ANN");
        assert_eq!(plan.write[0].updated_at, Timestamp::MAX);
    }

    #[test]
    fn gives_a_name_that_comes_twice_one_row_and_two_answers() {
        let plan = decide(vec![], &[profile("ann"), profile("Ann")]);
        assert_eq!(plan.write.len(), 1);
        assert_eq!(plan.answer[0], plan.answer[1]);
    }

    #[test]
    fn takes_nobody_over_who_was_made_by_hand() {
        let by_hand = KnownUser {
            own: true,
            ..known("1", "Ann", false)
        };
        let plan = decide(vec![by_hand], &[profile("ann"), profile("bob"), profile("ANN")]);
        let answered: Vec<_> = plan.answer.iter().map(|record| record.id.as_str()).collect();
        assert_eq!(answered, ["new-1"]);
        assert_eq!(plan.write.len(), 1);
        assert!(plan.drop.is_empty() && plan.end.is_empty());
    }

    #[test]
    fn drops_only_users_that_were_declared() {
        let plan = decide(vec![known("1", "ann", true), known("2", "bob", false)], &[]);
        assert_eq!(plan.drop, [UserId::new("1")]);
        assert_eq!(plan.end, [UserId::new("1")]);
    }

    #[test]
    fn ends_what_a_user_had_who_becomes_disabled() {
        let disabled = UserProfile {
            disabled: true,
            ..profile("ann")
        };
        let plan = decide(vec![known("1", "ann", true)], &[disabled]);
        assert_eq!(plan.end, [UserId::new("1")]);
        assert!(plan.drop.is_empty());
    }
}
