//! What became of each request.

use crate::process::PATIENCE;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The requests of the mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    AuthorizePage,
    LoginForm,
    ConsentPage,
    ConsentForm,
    Code,
    CodeTwice,
    Refresh,
    Revoke,
    Logout,
    Introspect,
    ClientCredentials,
    Jwks,
    Discovery,
}

impl Act {
    /// What `architecture.md` says goes on without the database.
    pub const fn goes_on_without_rows(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::Jwks | Self::Discovery)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AuthorizePage => "login page",
            Self::LoginForm => "login form",
            Self::ConsentPage => "consent page",
            Self::ConsentForm => "consent form",
            Self::Code => "code for tokens",
            Self::CodeTwice => "one code, twice at once",
            Self::Refresh => "refresh",
            Self::Revoke => "revoke",
            Self::Logout => "logout",
            Self::Introspect => "introspect",
            Self::ClientCredentials => "client credentials",
            Self::Jwks => "JWKS",
            Self::Discovery => "discovery",
        })
    }
}

/// Why a request did not get what it asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// 503, `temporarily_unavailable`
    Unavailable,
    /// No answer
    Connection,
    /// `invalid_grant` for a refresh token after requests with it that had no answer
    LostInDoubt,
    /// Anything else
    Wrong(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => f.write_str("503"),
            Self::Connection => f.write_str("no answer"),
            Self::LostInDoubt => f.write_str("token lost in doubt"),
            Self::Wrong(what) => write!(f, "WRONG: {what}"),
        }
    }
}

/// One request.
#[derive(Clone, Debug)]
pub struct Record {
    pub act: Act,
    pub started: Instant,
    pub took: Duration,
    pub failure: Option<Failure>,
    pub earlier: Earlier,
}

/// Requests with the same token whose outcome nobody knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Earlier {
    /// When the first one began
    pub first: Option<Instant>,
    pub count: usize,
}

impl Record {
    pub fn ended(&self) -> Instant {
        self.started + self.took
    }
}

/// All of them.
#[derive(Clone, Default)]
pub struct Records {
    all: Arc<Mutex<Vec<Record>>>,
    /// How many that need the database got what they asked for
    succeeded: watch::Sender<usize>,
}

impl Records {
    pub fn add(&self, record: Record) {
        if record.failure.is_none() && !record.act.goes_on_without_rows() {
            self.succeeded.send_modify(|count| *count += 1);
        }
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    pub fn all(&self) -> Vec<Record> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Completes when so many more requests that need the database have got what they asked for.
    pub async fn succeed(&self, more: usize) {
        let mut succeeded = self.succeeded.subscribe();
        let enough = *succeeded.borrow() + more;
        let reached = succeeded.wait_for(|count| *count >= enough);
        tokio::time::timeout(PATIENCE, reached).await.expect("requests succeed").unwrap();
    }
}
