//! What lies in a cache, before it is sealed.

use crate::oauth::attributes::Attributes;
use crate::oauth::ids::{SessionId, UserId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{Origin, SessionRecord, UserProfile, UserRecord};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A value, and when the store said it.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct Entry<T> {
    /// Before the store was asked
    asked_at: Timestamp,
    value: T,
}

impl<T: Serialize + DeserializeOwned> Entry<T> {
    pub(in crate::store) fn write(asked_at: Timestamp, value: T) -> Option<Vec<u8>> {
        serde_json::to_vec(&Self { asked_at, value }).ok()
    }

    /// The value, if it is of this release's form and the store said it less than `ttl` ago.
    pub(in crate::store) fn read(bytes: &[u8], ttl: SignedDuration, now: Timestamp) -> Option<T> {
        let entry: Self = serde_json::from_slice(bytes).ok()?;
        // Other servers' clocks may be a little ahead of ours.
        let age = now.duration_since(entry.asked_at).abs();
        (age < ttl).then_some(entry.value)
    }
}

/// A [`SessionRecord`] but for its cookie's digest, by which it was found.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct CachedSession {
    id: SessionId,
    user: UserId,
    auth_time: Timestamp,
    amr: Vec<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl From<&SessionRecord> for CachedSession {
    fn from(session: &SessionRecord) -> Self {
        let session = session.clone();
        Self {
            id: session.id,
            user: session.user,
            auth_time: session.auth_time,
            amr: session.amr,
            created_at: session.created_at,
            expires_at: session.expires_at,
        }
    }
}

impl CachedSession {
    pub(in crate::store) fn record(self, token: &TokenHash) -> SessionRecord {
        SessionRecord {
            id: self.id,
            token: *token,
            user: self.user,
            auth_time: self.auth_time,
            amr: self.amr,
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}

/// A [`UserRecord`] but for its id, by which it was found.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct CachedUser {
    store: UserStoreId,
    username: String,
    email: Option<String>,
    email_verified: bool,
    display_name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    attributes: Attributes,
    groups: Vec<String>,
    disabled: bool,
    updated_at: Timestamp,
    origin: Option<CachedOrigin>,
}

/// An [`Origin`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CachedOrigin {
    external_id: String,
    checked_at: Timestamp,
}

impl From<&UserRecord> for CachedUser {
    fn from(user: &UserRecord) -> Self {
        let UserRecord {
            store,
            profile,
            updated_at,
            origin,
            id: _,
        } = user.clone();
        Self {
            store,
            username: profile.username,
            email: profile.email,
            email_verified: profile.email_verified,
            display_name: profile.display_name,
            given_name: profile.given_name,
            family_name: profile.family_name,
            attributes: profile.attributes,
            groups: profile.groups,
            disabled: profile.disabled,
            updated_at,
            origin: origin.map(|origin| CachedOrigin {
                external_id: origin.external_id,
                checked_at: origin.checked_at,
            }),
        }
    }
}

impl CachedUser {
    pub(in crate::store) fn record(self, id: &UserId) -> UserRecord {
        UserRecord {
            id: id.clone(),
            store: self.store,
            profile: UserProfile {
                username: self.username,
                email: self.email,
                email_verified: self.email_verified,
                display_name: self.display_name,
                given_name: self.given_name,
                family_name: self.family_name,
                attributes: self.attributes,
                groups: self.groups,
                disabled: self.disabled,
            },
            updated_at: self.updated_at,
            origin: self.origin.map(|origin| Origin {
                external_id: origin.external_id,
                checked_at: origin.checked_at,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: SignedDuration = SignedDuration::from_secs(30);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_value_is_read_back_until_it_is_too_old_and_not_from_far_in_the_future() {
        let bytes = Entry::write(at(0), "value".to_owned()).unwrap();
        let read = |now| Entry::<String>::read(&bytes, TTL, now);
        assert_eq!(read(at(0)).as_deref(), Some("value"));
        assert_eq!(read(at(29)).as_deref(), Some("value"));
        assert_eq!(read(at(30)), None);
        assert_eq!(read(at(-29)).as_deref(), Some("value"), "a clock that is a little behind");
        assert_eq!(read(at(-30)), None);
    }

    #[test]
    fn records_come_back_as_they_were() {
        let session = SessionRecord {
            id: SessionId::new("sid"),
            token: TokenHash::of("cookie"),
            user: UserId::new("sub"),
            auth_time: at(1),
            amr: vec!["pwd".to_owned()],
            created_at: at(0),
            expires_at: at(9),
        };
        let bytes = Entry::write(at(0), CachedSession::from(&session)).unwrap();
        let read = Entry::<CachedSession>::read(&bytes, TTL, at(1)).unwrap();
        assert_eq!(read.record(&session.token), session);

        let user = UserRecord {
            id: UserId::new("sub"),
            store: UserStoreId::new("identity/staff"),
            profile: UserProfile {
                username: "Åsa".to_owned(),
                email: Some("asa@example.org".to_owned()),
                email_verified: true,
                groups: vec!["staff".to_owned()],
                disabled: true,
                ..UserProfile::default()
            },
            updated_at: at(3),
            origin: Some(Origin {
                external_id: "entryUUID:1".to_owned(),
                checked_at: at(2),
            }),
        };
        let bytes = Entry::write(at(0), CachedUser::from(&user)).unwrap();
        let read = Entry::<CachedUser>::read(&bytes, TTL, at(1)).unwrap();
        assert_eq!(read.record(&user.id), user);
    }

    #[test]
    fn what_another_release_wrote_is_as_if_it_were_not_there() {
        for bytes in [
            b"".as_slice(),
            b"{}",
            br#"{"asked_at":"2027-01-15T08:00:00Z","value":{"id":"x","new":1}}"#,
        ] {
            assert!(Entry::<CachedUser>::read(bytes, TTL, at(0)).is_none());
            assert!(Entry::<CachedSession>::read(bytes, TTL, at(0)).is_none());
        }
    }
}
