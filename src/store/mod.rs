//! What outlives a process: one trait an aggregate, each method one atomic act, and their implementations.
//!
//! Times are kept to the microsecond. Any string is kept as it is, a NUL or 10 kB included. "Not there" is `None` or a variant of the outcome; an `Err` is always a fault of the store. Times are parameters. Single-use
//! things are consumed by one conditional statement, never by check-then-act. Imports `oauth` and `accounts`.

pub mod cache;
mod declared;
mod examination;
mod migrations;
mod notices;
mod open;
pub mod postgres;
mod reads;
pub mod records;
mod rotation;
pub mod sqlite;
mod sweep;

use crate::oauth::ids::{ClientId, FactorId, GrantId, SessionId, UserId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::oauth::scope::Scopes;
use async_trait::async_trait;
pub use examination::Examination;
use jiff::Timestamp;
pub use migrations::Migrated;
pub use notices::{Heard, Notices};
pub use open::{StoreSettings, examine, migrate, open};
pub use reads::{CacheTimes, Reads};
use records::{
    AuditEvent, CodeRecord, CodeRedemption, ConfigurationRecord, ConfigurationStanding, ConsentRecord, DeviceRecord, EndedRecord,
    FactorRecord, FailedLogins, GrantRecord, KeyRecord, LogoutRecord, OriginRecord, PasswordRecord, Person, RefreshRecord,
    RefreshRedemption, SessionRecord, Swept, UserProfile, UserRecord,
};
use std::time::Duration;
use tokio::sync::watch;

/// At most so many people with one address are looked at; two are too many already.
pub const ADDRESSEES: u32 = 8;
/// An act that was not answered by then is [`StoreError::Unavailable`], unless the settings say otherwise.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(3);
/// How long the audit trail is kept, unless the settings say otherwise.
pub const DEFAULT_AUDIT_RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How long a consumed code is remembered, so that its replay ends what was issued for it. (Later, it is merely unknown.)
pub const CODE_REPLAY_MEMORY: Duration = Duration::from_secs(60 * 60);
/// A count of failed logins goes no higher than this: it keeps a key's row small.
pub const FAILED_LOGINS_REMEMBERED: usize = 100;

/// A fault of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or did not answer within its deadline. Worth trying again later; a client gets 503.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// It answered something that this release does not understand.
    #[error("the database holds something unexpected: {0}")]
    Corrupt(String),
    /// It refused a statement.
    #[error("the database refused: {0}")]
    Refused(String),
}

/// The outcome of a store's act.
pub type StoreResult<T> = Result<T, StoreError>;

/// People and their passwords.
#[async_trait]
pub trait Users: Send + Sync {
    /// Makes the declared users of one store exactly these: new ones appear, known ones (by lower-cased username) keep their
    /// id and take the new profile, those that were declared before and are no longer here become disabled (their sessions
    /// and grants end). Users that no manifest declared are untouched. Returns the records in the given order; a profile with the name of
    /// somebody who was made by hand is left out of it, and that user is untouched.
    async fn put_declared_users(&self, store: &UserStoreId, users: &[UserProfile], now: Timestamp) -> StoreResult<Vec<UserRecord>>;
    /// What a directory says of a person whom it knows by `external_id` for ever: a new row at the first time (with a subject of its own),
    /// the same row with the new profile after that, however they are called by then. Who is disabled loses sessions, codes and grants in
    /// the same act. Their name is the directory's to find: [`user_by_name`](Self::user_by_name) does not know it.
    async fn put_directory_user(
        &self,
        store: &UserStoreId,
        external_id: &str,
        profile: &UserProfile,
        now: Timestamp,
    ) -> StoreResult<UserRecord>;
    /// By what their directory knows them by.
    async fn directory_user(&self, store: &UserStoreId, external_id: &str) -> StoreResult<Option<UserRecord>>;
    /// Those people of these stores who have this e-mail address, verified; ASCII letters match in any case. At most [`ADDRESSEES`], disabled ones too.
    async fn users_by_verified_email(&self, stores: &[UserStoreId], email: &str) -> StoreResult<Vec<UserRecord>>;
    /// Somebody whom a provider knows by `external_id` for ever is this user from now on, unless they are another one already: whose link it is.
    /// [`StoreError::Refused`] if there is no such user.
    async fn link_user(&self, provider: &UserStoreId, external_id: &str, user: &UserId, now: Timestamp) -> StoreResult<UserId>;
    /// The user who was linked.
    async fn linked_user(&self, provider: &UserStoreId, external_id: &str) -> StoreResult<Option<UserRecord>>;
    /// By subject.
    async fn user(&self, id: &UserId) -> StoreResult<Option<UserRecord>>;
    /// By name within a store; case does not matter.
    async fn user_by_name(&self, store: &UserStoreId, username: &str) -> StoreResult<Option<UserRecord>>;
    /// The password of a user.
    async fn password(&self, id: &UserId) -> StoreResult<Option<PasswordRecord>>;
    /// Puts a password in the place of `expected` (`None`: there is none), by hash and time; `false`, and nothing happens, if another one is
    /// there. With `ended_at`, the user's sessions, codes and grants end in the same act. [`StoreError::Refused`] if there is no such user.
    async fn replace_password(
        &self,
        id: &UserId,
        expected: Option<&PasswordRecord>,
        password: &PasswordRecord,
        ended_at: Option<Timestamp>,
    ) -> StoreResult<bool>;
}

/// People whom nobody declares: made and kept by hand.
#[async_trait]
pub trait LocalPeople: Send + Sync {
    /// Makes a user. `None`, and nothing happens, if somebody in the store has the name.
    async fn add_user(
        &self,
        store: &UserStoreId,
        profile: &UserProfile,
        password: &PasswordRecord,
        now: Timestamp,
    ) -> StoreResult<Option<UserRecord>>;
    /// Disables a user (sessions, codes and grants end in the same act) or lets them in again; from then on they are kept by hand. `false`,
    /// and nothing happens, if a manifest or a directory keeps them, or they are not there.
    async fn set_disabled(&self, id: &UserId, disabled: bool, now: Timestamp) -> StoreResult<bool>;
    /// From now on a manifest that declares the name has the user, who stays as they are until then. `false` if they were not made by hand.
    async fn release_user(&self, id: &UserId) -> StoreResult<bool>;
    /// A user with who keeps them.
    async fn person(&self, id: &UserId) -> StoreResult<Option<Person>>;
    /// At most `limit` users by store and name: those of one store, or of all; the first, or those that come after a user.
    async fn people(&self, store: Option<&UserStoreId>, after: Option<&UserId>, limit: u32) -> StoreResult<Vec<Person>>;
    /// The stores whose users no directory has, as far as there are any: at most `limit`.
    async fn local_stores(&self, limit: u32) -> StoreResult<Vec<UserStoreId>>;
}

/// Login sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// A new session of somebody who may log in, by a password of ours if there is one. `false`, and nothing happens, if they are disabled or it is
    /// theirs no more: what ends with either does not begin after it.
    async fn open_session(&self, session: &SessionRecord, password: Option<&PasswordRecord>) -> StoreResult<bool>;
    /// The live session behind a cookie: `None` if it is unknown, ended or expired, or its user is disabled.
    async fn session_by_token(&self, token: &TokenHash, now: Timestamp) -> StoreResult<Option<SessionRecord>>;
    /// The live session with this `sid`.
    async fn session(&self, id: &SessionId, now: Timestamp) -> StoreResult<Option<SessionRecord>>;
    /// A person proved themselves again: new cookie value, new `auth_time`, `amr`, expiry. `false` if the session is no longer live.
    async fn renew_session(&self, session: &SessionRecord, now: Timestamp) -> StoreResult<bool>;
    /// Remembers what is known of a session's browser, in place of what was. A session that is gone has none.
    async fn note_device(&self, session: &SessionId, device: &DeviceRecord) -> StoreResult<()>;
    /// A person's live sessions with what is known of their browsers, the newest login first, at most `most`.
    async fn sessions_of(&self, user: &UserId, now: Timestamp, most: u32) -> StoreResult<Vec<(SessionRecord, DeviceRecord)>>;
    /// Ends the session and every grant that depends on it (not those with `offline`). Ending twice is fine.
    async fn end_session(&self, id: &SessionId, now: Timestamp) -> StoreResult<()>;
}

/// Sessions that began at upstream providers, and what ends there.
#[async_trait]
pub trait Origins: Send + Sync {
    /// Remembers where a session began, in place of what was. A session that is gone began nowhere.
    async fn note_origin(&self, session: &SessionId, origin: &OriginRecord) -> StoreResult<()>;
    /// Where a session began, if that is known.
    async fn origin(&self, session: &SessionId) -> StoreResult<Option<OriginRecord>>;
    /// The sessions, live or not and at most `most`, that began with what ended. If that is one session of one person, those of theirs too of which
    /// nobody knows which session they began with.
    async fn sessions_from(&self, ended: &EndedRecord, most: u32) -> StoreResult<Vec<(SessionId, UserId)>>;
    /// Remembers that something under these keys ended at this time, the later of two, until then.
    async fn note_departures(&self, keys: &[TokenHash], at: Timestamp, expires_at: Timestamp) -> StoreResult<()>;
    /// Whether something under one of these keys ended at this time or later, as far as that is still remembered.
    async fn departed_since(&self, keys: &[TokenHash], since: Timestamp, now: Timestamp) -> StoreResult<bool>;
}

/// Who is told that a session ended (OpenID Connect Back-Channel Logout 1.0). However a session ends before it expires, whoever joined it has to be
/// told from then on, at least once.
#[async_trait]
pub trait Logouts: Send + Sync {
    /// The client is about to have an ID token of this session, and wants to be told of its end. `false`, and nothing happens, if the session has
    /// ended: nobody would ever tell it.
    async fn join_session(&self, session: &SessionId, client: &ClientId, now: Timestamp) -> StoreResult<bool>;
    /// Takes what is due to be told, the longest due first, at most `most`, and nothing for the clients of `except`. Each is due again at `until`: of
    /// parallel calls none takes what another one has taken, and what a process that ends leaves behind comes back.
    async fn claim_logouts(&self, now: Timestamp, until: Timestamp, most: u32, except: &[ClientId]) -> StoreResult<Vec<LogoutRecord>>;
    /// It could not be told. Nothing happens if somebody has taken it again meanwhile.
    async fn postpone_logout(&self, logout: &LogoutRecord, due_at: Timestamp) -> StoreResult<()>;
    /// It was told, or never will be.
    async fn finish_logout(&self, logout: &LogoutRecord) -> StoreResult<()>;
}

/// What people allowed.
#[async_trait]
pub trait Consents: Send + Sync {
    /// The consent of a user to a client that is in force.
    async fn consent(&self, user: &UserId, client: &ClientId) -> StoreResult<Option<ConsentRecord>>;
    /// Everything that the user allowed, by client; at most `most`.
    async fn consents_of(&self, user: &UserId, most: u32) -> StoreResult<Vec<(ClientId, ConsentRecord)>>;
    /// Adds scopes to what the user allowed the client.
    async fn give_consent(&self, user: &UserId, client: &ClientId, scopes: &Scopes, now: Timestamp) -> StoreResult<()>;
    /// Takes the consent back and ends the grants under it. If the client joined sessions of theirs, it has to be told that these ended, for it.
    async fn withdraw_consent(&self, user: &UserId, client: &ClientId, now: Timestamp) -> StoreResult<()>;
}

/// Authorization codes.
#[async_trait]
pub trait Codes: Send + Sync {
    /// A new code.
    async fn issue_code(&self, code: &CodeRecord) -> StoreResult<()>;
    /// Consumes the code if this client presents it: of parallel calls exactly one gets [`CodeRedemption::First`], and the grant is
    /// opened in the same act (`grant_expires_at` becomes the grant's `expires_at`). Another client's code is `Unknown` and stays
    /// usable by its owner. A replay ends the grant in the same act (RFC 6749 §4.1.2).
    async fn redeem_code(
        &self,
        code: &TokenHash,
        client: &ClientId,
        now: Timestamp,
        grant_expires_at: Timestamp,
    ) -> StoreResult<CodeRedemption>;
}

/// Grants and their refresh families.
#[async_trait]
pub trait Grants: Send + Sync {
    /// The grant, live or not.
    async fn grant(&self, id: &GrantId) -> StoreResult<Option<GrantRecord>>;
    /// Ends a grant: its refresh family is dead, its access tokens are inactive. Ending twice is fine.
    async fn end_grant(&self, id: &GrantId, now: Timestamp) -> StoreResult<()>;
    /// A client was deleted at `until`: ends its grants, and takes back codes that were not redeemed, consents that people gave it, and what it was to be
    /// told of logouts, so that a client which gets the same id later inherits nothing. What is younger than `until` stays. At most `batch` rows of each
    /// kind; returns how many there were: call it until there are none.
    async fn end_grants_of_client(&self, client: &ClientId, until: Timestamp, batch: u32) -> StoreResult<u64>;
    /// Adds the first refresh token of a family.
    async fn add_refresh_token(&self, token: &RefreshRecord) -> StoreResult<()>;
    /// Looks without consuming: the token (used or not) and its grant, if this client owns it.
    async fn peek_refresh_token(&self, token: &TokenHash, client: &ClientId) -> StoreResult<Option<(RefreshRecord, GrantRecord)>>;
    /// Uses the token. Without `successor` it stays as it is (confidential clients). With one it is consumed and the successor takes its
    /// place (RFC 9700 §4.14.2). A consumed token that comes again within `grace` of its consumption, once, while its successor is still
    /// unused, is answered with the new successor, and the earlier successor is dead (presenting that one is reuse). Anything else
    /// is reuse, and ends the grant in the same act. A grant that ended or whose session is gone (unless `offline`) is `Ended`.
    async fn redeem_refresh_token(
        &self,
        token: &TokenHash,
        client: &ClientId,
        successor: Option<&RefreshRecord>,
        now: Timestamp,
        grace: Duration,
    ) -> StoreResult<RefreshRedemption>;
}

/// Single access tokens that were revoked before they expired.
#[async_trait]
pub trait Revocations: Send + Sync {
    /// Remembers the `jti` until the token would have expired anyway.
    async fn revoke_token(&self, jti: &str, expires_at: Timestamp) -> StoreResult<()>;
    /// Whether a token may still be used: its `jti` is not revoked and its grant, if it has one, is live (not ended, not expired,
    /// its user not disabled, and its session live unless `offline`).
    async fn token_is_live(&self, jti: &str, grant: Option<&GrantId>, now: Timestamp) -> StoreResult<bool>;
    /// Keeps an opaque access token's claims (JSON) until it expires.
    async fn put_reference_token(&self, token: &TokenHash, claims: &serde_json::Value, expires_at: Timestamp) -> StoreResult<()>;
    /// The claims behind an opaque access token.
    async fn reference_token(&self, token: &TokenHash, now: Timestamp) -> StoreResult<Option<serde_json::Value>>;
}

/// Signing keys and the server's own symmetric keys.
#[async_trait]
pub trait Keys: Send + Sync {
    /// All keys that have not expired, the oldest of a purpose first.
    async fn keys(&self, now: Timestamp) -> StoreResult<Vec<KeyRecord>>;
    /// Adds a key, if `expected_newest` is still the newest of its `purpose` that has not expired at `created_at` (compare and insert, so that of several replicas one
    /// rotates); `false` if another replica was first.
    async fn add_key(&self, key: &KeyRecord, expected_newest: Option<&str>) -> StoreResult<bool>;
    /// Writes a key's `material` and `sealed_with` anew, if it is sealed with `expected` still; `false` if it is not. Nothing else changes.
    async fn reseal_key(&self, key: &KeyRecord, expected: Option<&str>) -> StoreResult<bool>;
    /// Sets when a key stops signing and when it is forgotten.
    async fn retire_key(&self, kid: &str, retires_at: Timestamp, expires_at: Timestamp) -> StoreResult<()>;
}

/// The configuration that was in force last, for a process that starts while nobody sends it one.
#[async_trait]
pub trait Configurations: Send + Sync {
    /// What is kept for a server.
    async fn configuration(&self, server: &str) -> StoreResult<Option<ConfigurationRecord>>;
    /// What is kept for a server, without the configuration itself: a cheap way to see that there is nothing to do.
    async fn configuration_standing(&self, server: &str) -> StoreResult<Option<ConfigurationStanding>>;
    /// Keeps a configuration instead of the one before. `false`, and nothing happens, if one with a later position is there already.
    async fn put_configuration(&self, record: &ConfigurationRecord) -> StoreResult<bool>;
}

/// Second factors, what stands in for them, and what was used once.
#[async_trait]
pub trait Factors: Send + Sync {
    /// A person's factors, the oldest first.
    async fn factors(&self, user: &UserId) -> StoreResult<Vec<FactorRecord>>;
    /// Adds a factor. `false`, and nothing happens, if the person has `most` already, or somebody has this credential. (Of parallel calls for
    /// one person some may both find room.)
    async fn add_factor(&self, factor: &FactorRecord, most: u32) -> StoreResult<bool>;
    /// The factor proved something at this position. `false`, and nothing happens, if it was there or further already, or is gone: then somebody
    /// uses what was used before. Position 0 is that of a key which does not count, and may come again. With `factor`, its material and
    /// `sealed_with` are kept too.
    async fn advance_factor(&self, factor: &FactorRecord, position: i64, now: Timestamp) -> StoreResult<bool>;
    /// Takes a factor away, and with it the devices that were remembered; with the last factor, the recovery codes too. `false` if this person has
    /// no such factor.
    async fn remove_factor(&self, user: &UserId, id: &FactorId) -> StoreResult<bool>;
    /// Takes everything away: factors, recovery codes, remembered devices. Returns how many factors there were.
    async fn remove_all_factors(&self, user: &UserId) -> StoreResult<u64>;
    /// Factors that this key-encryption key did not seal, at most `batch`, by id and after `after`.
    async fn factors_sealed_otherwise(&self, key: &str, after: &FactorId, batch: u32) -> StoreResult<Vec<FactorRecord>>;
    /// Writes a factor's `material` and `sealed_with` anew, if it still has those of `expected`; `false` if it has not.
    async fn reseal_factor(&self, factor: &FactorRecord, expected: &FactorRecord) -> StoreResult<bool>;
    /// Puts these recovery codes in place of all earlier ones.
    async fn put_recovery_codes(&self, user: &UserId, codes: &[TokenHash]) -> StoreResult<()>;
    /// Uses a code up: of parallel calls exactly one gets `true`.
    async fn use_recovery_code(&self, user: &UserId, code: &TokenHash) -> StoreResult<bool>;
    /// How many codes are left.
    async fn recovery_codes_left(&self, user: &UserId) -> StoreResult<u32>;
    /// A browser of this person is not asked for a second factor until then.
    async fn remember_device(&self, device: &TokenHash, user: &UserId, now: Timestamp, expires_at: Timestamp) -> StoreResult<()>;
    /// When this browser was remembered, if it still is and for this person.
    async fn device_remembered_at(&self, device: &TokenHash, user: &UserId, now: Timestamp) -> StoreResult<Option<Timestamp>>;
    /// Forgets all of a person's remembered browsers.
    async fn forget_devices(&self, user: &UserId) -> StoreResult<()>;
    /// Whether something that counts once comes for the first time: of parallel calls exactly one gets `true`. Remembered until `expires_at`.
    async fn use_once(&self, key: &TokenHash, expires_at: Timestamp) -> StoreResult<bool>;
    /// Whether that was said of this key, and is still remembered.
    async fn was_used(&self, key: &TokenHash, now: Timestamp) -> StoreResult<bool>;
}

/// Failed logins, counted per account and per address, across replicas.
#[async_trait]
pub trait FailedLoginCounts: Send + Sync {
    /// Counts a failure under a key (a digest: neither names nor addresses are kept) and returns the count within `window`,
    /// which goes up to [`FAILED_LOGINS_REMEMBERED`].
    async fn count_failed_login(&self, key: &TokenHash, now: Timestamp, window: Duration) -> StoreResult<FailedLogins>;
    /// The count within `window`.
    async fn failed_logins(&self, key: &TokenHash, now: Timestamp, window: Duration) -> StoreResult<FailedLogins>;
    /// Forgets the failures of a key.
    async fn clear_failed_logins(&self, key: &TokenHash) -> StoreResult<()>;
}

/// The audit trail.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Appends events in order.
    async fn append_audit(&self, events: &[AuditEvent]) -> StoreResult<()>;
    /// The newest events of one person first.
    async fn audit_of(&self, user: &UserId, limit: u32) -> StoreResult<Vec<AuditEvent>>;
    /// The newest events first, for tests.
    async fn recent_audit(&self, limit: u32) -> StoreResult<Vec<AuditEvent>>;
}

/// Upkeep.
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// Answers if the store does.
    async fn ping(&self) -> StoreResult<()>;
    /// What other processes change, from now on. A store that has one process only tells nothing.
    fn notices(&self) -> watch::Receiver<Notices>;
    /// Which sessions and people other processes changed lately.
    fn heard(&self) -> Heard;
    /// Takes or renews a named lease; `true` if `holder` has it until `now + ttl`.
    async fn hold_lease(&self, name: &str, holder: &str, ttl: Duration, now: Timestamp) -> StoreResult<bool>;
    /// Deletes up to `batch` expired rows of each table.
    async fn sweep(&self, now: Timestamp, batch: u32) -> StoreResult<Swept>;
}

/// Everything that the server keeps.
pub trait Store:
    Users
    + LocalPeople
    + Sessions
    + Origins
    + Logouts
    + Consents
    + Codes
    + Grants
    + Revocations
    + Keys
    + Configurations
    + Factors
    + FailedLoginCounts
    + Audit
    + Housekeeping
{
}

impl<T> Store for T where
    T: Users
        + LocalPeople
        + Sessions
        + Origins
        + Logouts
        + Consents
        + Codes
        + Grants
        + Revocations
        + Keys
        + Configurations
        + Factors
        + FailedLoginCounts
        + Audit
        + Housekeeping
{
}
