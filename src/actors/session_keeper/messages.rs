//! What the SessionKeeper is asked.

use crate::actors::fault::Fault;
use crate::oauth::ids::{ClientId, SessionId, UserId};
use crate::oauth::opaque::{OpaqueToken, TokenHash};
use crate::oauth::scope::Scopes;
use crate::store::records::PasswordRecord;
use actix::Message;
use jiff::Timestamp;

/// A person logged in: a new session with a new cookie value. `None` if it is by a password that is theirs no more, or they are disabled.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<Option<Opened>, Fault>")]
pub struct Open {
    /// Who
    pub user: UserId,
    /// When they proved it: by their first factor, where there were two
    pub auth_time: Timestamp,
    /// How they proved it (RFC 8176)
    pub amr: Vec<String>,
    /// The password of ours that they proved, by its [`mark`](PasswordRecord::mark)
    pub password: Option<TokenHash>,
    /// The session that the browser had; it ends
    pub instead_of: Option<SessionId>,
}

/// The same person proved themselves again: the session goes on with a new cookie value, `auth_time` and expiry. `None` if it is no
/// longer live or is another person's; then open a new one.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<Option<Opened>, Fault>")]
pub struct StepUp {
    /// Their session
    pub session: SessionId,
    /// Who proved themselves
    pub user: UserId,
    /// When: by their first factor, where there were two
    pub auth_time: Timestamp,
    /// How
    pub amr: Vec<String>,
}

/// Whose session is this cookie?
#[derive(Clone, Message)]
#[rtype(result = "Result<Option<SessionView>, Fault>")]
pub struct Resume {
    /// The cookie's value
    pub token: String,
}

impl std::fmt::Debug for Resume {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resume")
    }
}

/// The session ends, and what depends on it. Ending twice is fine.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<(), Fault>")]
pub struct End {
    /// Which
    pub session: SessionId,
    /// Whose, for the audit trail
    pub user: UserId,
}

/// A person chose another password: it takes the place of the one before if that still is theirs, and everything that they had by that one ends:
/// sessions, codes and grants. `false`, and nothing happens, if it is not.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<bool, Fault>")]
pub struct ChangePassword {
    /// Who
    pub user: UserId,
    /// The password before
    pub before: PasswordRecord,
    /// The new one
    pub after: PasswordRecord,
}

/// What has this person allowed this client? Nothing is the empty set.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<Scopes, Fault>")]
pub struct Allowed {
    /// Who
    pub user: UserId,
    /// Which client
    pub client: ClientId,
}

/// The person allows the client these scopes, beside what they allowed before.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<(), Fault>")]
pub struct Allow {
    /// Who
    pub user: UserId,
    /// Which client
    pub client: ClientId,
    /// What
    pub scopes: Scopes,
}

/// The person takes back what they allowed the client: its tokens end.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<(), Fault>")]
pub struct Withdraw {
    /// Who
    pub user: UserId,
    /// Which client
    pub client: ClientId,
}

/// A session that was opened or renewed.
#[derive(Clone, Debug)]
pub struct Opened {
    /// `sid`
    pub id: SessionId,
    /// The new value of the cookie
    pub token: OpaqueToken,
}

/// A live session and its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// `sid`
    pub id: SessionId,
    /// Who
    pub user: UserId,
    /// Their name at login
    pub username: String,
    /// What they are called
    pub display_name: Option<String>,
    /// Their groups
    pub groups: Vec<String>,
    /// When they last proved themselves
    pub auth_time: Timestamp,
    /// How
    pub amr: Vec<String>,
    /// When the session ends by itself
    pub expires_at: Timestamp,
}
