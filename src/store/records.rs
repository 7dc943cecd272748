//! What the store keeps, as plain data.

use super::{StoreError, StoreResult};
use crate::oauth::attributes::Attributes;
use crate::oauth::ids::{ClientId, FactorId, GrantId, SessionId, UserId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::oauth::scope::Scopes;
use jiff::Timestamp;

/// A user's attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserProfile {
    /// As it was written; unique in lower case within its store
    pub username: String,
    /// `email`
    pub email: Option<String>,
    /// `email_verified`
    pub email_verified: bool,
    /// `name`
    pub display_name: Option<String>,
    /// `given_name`
    pub given_name: Option<String>,
    /// `family_name`
    pub family_name: Option<String>,
    /// What else is known of them
    pub attributes: Attributes,
    /// Group names, sorted
    pub groups: Vec<String>,
    /// May not log in
    pub disabled: bool,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// `sub`
    pub id: UserId,
    /// Where the user comes from
    pub store: UserStoreId,
    /// Attributes
    pub profile: UserProfile,
    /// When the attributes last changed (`updated_at`)
    pub updated_at: Timestamp,
    /// The directory that the attributes are copied from; `None`: they are our own
    pub origin: Option<Origin>,
}

/// Where a copy of a person comes from, and how old it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// What the directory knows them by for ever
    pub external_id: String,
    /// When it last said what the copy says
    pub checked_at: Timestamp,
}

/// Who says what a user is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// A manifest declares them
    Manifest,
    /// A directory has them
    Directory,
    /// They were made by hand
    Hand,
    /// A manifest declared them once, or they were left to one
    Nobody,
}

/// A user as lists of them show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The user
    pub user: UserRecord,
    /// Who keeps them
    pub keeper: Keeper,
    /// Whether they have to choose a new password at their next login
    pub must_change: bool,
}

/// A password, as argon2id PHC strings. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordRecord {
    /// What a login is checked against
    pub hash: String,
    /// Hash of the password that a manifest last declared, to see whether it changed; a later password of the person's own choice
    /// is not overwritten by an old manifest
    pub declared_hash: Option<String>,
    /// When it was set
    pub changed_at: Timestamp,
    /// Somebody else set it: a login leads to a new one before anything else
    pub must_change: bool,
}

impl PasswordRecord {
    /// Which password it is: another one, or the same one set anew, has another mark. Tells nothing of it.
    pub fn mark(&self) -> TokenHash {
        TokenHash::of(&format!("password {} {}", self.changed_at.as_microsecond(), self.hash))
    }
}

impl std::fmt::Debug for PasswordRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordRecord")
            .field("changed_at", &self.changed_at)
            .field("must_change", &self.must_change)
            .finish_non_exhaustive()
    }
}

/// A login session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// `sid`
    pub id: SessionId,
    /// Digest of the cookie's value
    pub token: TokenHash,
    /// Who
    pub user: UserId,
    /// When the person last proved themselves
    pub auth_time: Timestamp,
    /// How (RFC 8176)
    pub amr: Vec<String>,
    /// When the session began
    pub created_at: Timestamp,
    /// When it ends by itself
    pub expires_at: Timestamp,
}

/// The session at an upstream provider that a session of ours began with, in digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginRecord {
    /// Which provider
    pub provider: UserStoreId,
    /// Who they are there
    pub subject: TokenHash,
    /// Their session there, if it has an id
    pub sid: Option<TokenHash>,
    /// When the provider said so, by its own clock
    pub began_at: Timestamp,
}

/// What ended at an upstream provider, in digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedRecord {
    /// Which provider
    pub provider: UserStoreId,
    /// Whose session; `None`: of whoever has it
    pub subject: Option<TokenHash>,
    /// Which; `None`: all of theirs
    pub sid: Option<TokenHash>,
    /// When the provider said so, by its own clock: what began later goes on
    pub at: Timestamp,
}

/// What a user allowed a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRecord {
    /// The scopes
    pub scopes: Scopes,
    /// When it was first given
    pub given_at: Timestamp,
    /// When it was last widened
    pub updated_at: Timestamp,
}

/// What was agreed between a person, a client and us. A code carries it, the grant keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRecord {
    /// Its id
    pub id: GrantId,
    /// Which client
    pub client: ClientId,
    /// Who
    pub user: UserId,
    /// The login session that it came from
    pub session: SessionId,
    /// Survives the end of that session (`offline_access` was granted)
    pub offline: bool,
    /// What was granted
    pub scopes: Scopes,
    /// RFC 8707 `resource` values of the authorization request
    pub resources: Vec<String>,
    /// When the person had proved themselves
    pub auth_time: Timestamp,
    /// How
    pub amr: Vec<String>,
    /// When it began
    pub created_at: Timestamp,
    /// When its last token can expire; after this the row goes
    pub expires_at: Timestamp,
    /// Ended early
    pub ended_at: Option<Timestamp>,
}

/// An authorization code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRecord {
    /// Its digest
    pub hash: TokenHash,
    /// The grant that its redemption opens
    pub grant: GrantRecord,
    /// The `redirect_uri` of the request, to be repeated at the token endpoint
    pub redirect_uri: String,
    /// Whether the request named it (then the token request must, RFC 6749 §4.1.3)
    pub redirect_uri_was_sent: bool,
    /// `nonce`
    pub nonce: Option<String>,
    /// PKCE S256 challenge
    pub code_challenge: Option<String>,
    /// When it stops being accepted
    pub expires_at: Timestamp,
}

/// What became of a presented code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeRedemption {
    /// It was unused; it is used now, and its grant is open
    First(Box<CodeRecord>),
    /// It had been used; everything that came of it has ended
    Replayed(GrantId),
    /// Known and unused, but too old; or its user was disabled, or its session (unless `offline`) ended in the meantime
    Expired,
    /// Not a code of this client
    Unknown,
}

/// A refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshRecord {
    /// Its digest
    pub hash: TokenHash,
    /// Its family
    pub grant: GrantId,
    /// When it stops being accepted
    pub expires_at: Timestamp,
}

/// What became of a presented refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshRedemption {
    /// Fine: the grant that it stands for
    Accepted(Box<GrantRecord>),
    /// It had been used; the family has ended
    Reused(GrantId),
    /// Too old
    Expired,
    /// Its grant has ended
    Ended,
    /// Not a refresh token of this client
    Unknown,
}

/// What a key is for; keys rotate within a purpose.
pub type KeyPurpose = String;

/// A key of the server.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// `kid` (RFC 7517 §4.5); unique
    pub kid: String,
    /// A JWS algorithm (`ES256` …) for signing keys, `interaction` for the symmetric key of forms and tickets
    pub purpose: KeyPurpose,
    /// PKCS#8 DER of a private key, or the bytes of a symmetric one; sealed by a layer above if `sealed_with` says so
    pub material: Vec<u8>,
    /// The id of the key-encryption key that sealed `material`; `None`: it is in the clear
    pub sealed_with: Option<String>,
    /// When it was made
    pub created_at: Timestamp,
    /// Signs from here on (published before)
    pub active_from: Timestamp,
    /// Signs until here, once a successor is known
    pub retires_at: Option<Timestamp>,
    /// Is forgotten here
    pub expires_at: Option<Timestamp>,
}

impl std::fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRecord")
            .field("kid", &self.kid)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// Which configuration is kept for a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationStanding {
    /// NAMESPACE/NAME of the AuthServer
    pub server: String,
    /// Its position: the leader's term …
    pub fence: u64,
    /// … and the order within it
    pub sequence: u64,
    /// The digest of its content
    pub revision: String,
    /// The key-encryption key that sealed it
    pub key_id: String,
}

impl ConfigurationStanding {
    /// A part of a position, as databases count: up to 2⁶³ − 1.
    pub(super) fn count(number: u64) -> StoreResult<i64> {
        i64::try_from(number).map_err(|_| StoreError::Refused(format!("a configuration's position cannot be {number}")))
    }

    /// A part of a position that was read.
    pub(super) fn counted(number: i64) -> StoreResult<u64> {
        u64::try_from(number).map_err(|_| StoreError::Corrupt("a configuration's position is negative".to_owned()))
    }
}

/// A configuration that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationRecord {
    /// Which
    pub standing: ConfigurationStanding,
    /// The configuration, sealed by a layer above
    pub sealed: Vec<u8>,
    /// When it was in force
    pub saved_at: Timestamp,
}

/// What is known of the browser of a session. Its owner is shown it, and nobody else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceRecord {
    /// What it calls itself (`User-Agent`); empty: nothing
    pub agent: String,
    /// From where it logged in; empty: not known
    pub address: String,
}

/// What a second factor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactorKind {
    /// An authenticator app (RFC 6238)
    Totp,
    /// A passkey or a security key (WebAuthn)
    Passkey,
}

impl FactorKind {
    /// As it is written down.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
        }
    }

    /// As it was written down.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Totp, Self::Passkey].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A second factor. `Debug` does not show its material.
#[derive(Clone, PartialEq, Eq)]
pub struct FactorRecord {
    /// Its id
    pub id: FactorId,
    /// Whose it is
    pub user: UserId,
    /// What it is
    pub kind: FactorKind,
    /// What its owner calls it
    pub name: String,
    /// A seed, or a public key; sealed by a layer above
    pub material: Vec<u8>,
    /// The key-encryption key that sealed it; `None`: it is in the clear
    pub sealed_with: Option<String>,
    /// What a passkey's credential is found by
    pub credential: Option<TokenHash>,
    /// How far it was used: the last step of an app, the counter of a key
    pub position: i64,
    /// When it was added
    pub created_at: Timestamp,
    /// When it last proved something
    pub used_at: Option<Timestamp>,
}

impl std::fmt::Debug for FactorRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FactorRecord")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("sealed_with", &self.sealed_with)
            .finish_non_exhaustive()
    }
}

/// A client that has yet to be told that a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRecord {
    /// The same at each try
    pub id: String,
    /// `sid` of the session
    pub session: SessionId,
    /// Whose it was
    pub user: UserId,
    /// Who is told
    pub client: ClientId,
    /// How often that was tried, this time included
    pub attempts: u32,
}

/// Failures under one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailedLogins {
    /// How many within the window
    pub count: u32,
    /// The last one
    pub last: Option<Timestamp>,
}

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When
    pub at: Timestamp,
    /// What, a stable name such as `login.succeeded`, `token.issued`, `grant.ended`
    pub kind: String,
    /// Who, if a person was known
    pub user: Option<UserId>,
    /// Which client
    pub client: Option<ClientId>,
    /// Further facts, never a secret
    pub details: serde_json::Value,
}

/// How many rows a sweep deleted, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept(pub Vec<(&'static str, u64)>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_password_hash_and_no_key() {
        let password = PasswordRecord {
            hash: "SECRET".to_owned(),
            declared_hash: Some("SECRET".to_owned()),
            changed_at: Timestamp::UNIX_EPOCH,
            must_change: true,
        };
        let key = KeyRecord {
            kid: "visible".to_owned(),
            purpose: "ES256".to_owned(),
            material: vec![83, 69],
            sealed_with: None,
            created_at: Timestamp::UNIX_EPOCH,
            active_from: Timestamp::UNIX_EPOCH,
            retires_at: None,
            expires_at: None,
        };
        let shown = format!("{password:?} {key:?}");
        assert!(
            shown.contains("visible") && !shown.contains("SECRET") && !shown.contains("83"),
            "{shown}"
        );
    }
}
